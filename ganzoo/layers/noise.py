"""NoiseInjection: per-pixel noise for stochastic detail, which latents then need not encode."""

import contextlib
import contextvars
from collections.abc import Mapping

import keras
from keras import layers, ops

from ganzoo import random

NOISES = ("const", "random", "none")
_chosen: contextvars.ContextVar[str | Mapping | None] = contextvars.ContextVar(
    "noise", default=None
)


@contextlib.contextmanager
def noise(kind: str | Mapping | None):
    """Context in which layers with noise add this kind at inference; None leaves it to them.

    Args:
        kind: "const", the map that is stored with the weights; "random", new at each call; "none";
            or maps (N, H, W, 1) by the names of the layers, the others having their own.
    """
    token = _chosen.set(kind)
    try:
        yield
    finally:
        _chosen.reset(token)


def chosen(usual: str) -> str:
    """Returns the kind of noise of the context, or the usual one; "const" if it gives maps."""
    kind = _chosen.get() or usual
    return kind if isinstance(kind, str) else "const"


def map_of(layer: keras.layers.Layer):
    """Returns the map that a layer adds at inference: that of the context, or its own (H, W, 1)."""
    kind = _chosen.get()
    given = kind.get(layer.name) if isinstance(kind, Mapping) else None
    return layer.noise_map if given is None else given


def maps(network: keras.Model) -> dict:
    """Returns the noise maps (H, W, 1) of a network by the names of the layers that add them."""
    found = {layer.name: getattr(layer, "noise_map", None) for layer in network._flatten_layers()}
    return {name: value for name, value in found.items() if value is not None}


@keras.saving.register_keras_serializable("ganzoo")
class NoiseInjection(layers.Layer):
    """Adds Gaussian noise, one value for each pixel, with a learned strength that starts at zero.

    In training, new noise is drawn for every image. At inference, the noise is a fixed map, drawn
    when the layer is built and saved with the weights, so that an image depends only on its
    latents; or what the context `noise` says.

    Input and output: (N, H, W, C), with known H and W.

    Reference: Karras et al., 2019, arXiv:1812.04948, section 2; the single strength for all
    channels, Karras et al., 2020, arXiv:1912.04958, appendix B.
    """

    def build(self, input_shape):
        """Creates the strength and the noise map for inference."""
        self.strength = self.add_weight((), "zeros", name="strength")
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.noise = self.add_weight((*input_shape[1:3], 1), normal, name="noise", trainable=False)

    @property
    def noise_map(self):
        """The fixed map, (H, W, 1)."""
        return self.noise

    def call(self, x, training: bool = False):
        """Returns the map with noise added."""
        kind = "random" if training else chosen("const")
        if kind == "none":
            return x
        noise = map_of(self)
        if kind == "random":
            shape = (ops.shape(x)[0], *self.noise.shape)
            noise = keras.random.normal(shape, dtype="float32", seed=random.seed("noise"))
        return x + ops.cast(self.strength, x.dtype) * ops.cast(noise, x.dtype)
