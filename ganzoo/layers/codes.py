"""Codes: categorical, uniform and Gaussian codes computed from Gaussian latents."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Codes(layers.Layer):
    """Maps the first Gaussian latents to a one-hot class and uniform codes, and keeps the rest.

    Of the D latents, the first `categorical` become the one-hot vector of their argmax, so that all
    classes are equally likely; the next `uniform` become uniform in [-1, 1], by the cumulative
    distribution function of the normal; the next `gaussian` and all others are not changed. A
    generator that starts with this layer can be sampled like any other.

    Input and output: (N, D).

    Args:
        categorical: Number of classes of the categorical code; 0 for none.
        uniform: Number of uniform codes.
        gaussian: Number of Gaussian codes.
    """

    def __init__(self, categorical: int = 10, uniform: int = 2, gaussian: int = 0, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.categorical, self.uniform, self.gaussian = categorical, uniform, gaussian

    @property
    def size(self) -> int:
        """The number of latents that the codes take."""
        return self.categorical + self.uniform + self.gaussian

    def call(self, latents):
        """Returns the codes and the remaining latents, in the shape of the latents."""
        classes, uniform, rest = self.parts(latents)
        return ops.concatenate([classes, uniform, rest], axis=-1)

    def parts(self, latents) -> tuple:
        """Returns one-hot classes, uniform codes, and the rest, with the Gaussian codes first."""
        k, u = self.categorical, self.uniform
        if k:
            # As ONNX (no argmax of Keras, which casts bits) and TensorFlow.js as WebAssembly (wrong
            # one_hot) can compute it.
            largest = ops.top_k(latents[:, :k], 1)[1]
            classes = ops.cast(ops.equal(largest, ops.arange(k, dtype="int32")), latents.dtype)
        else:
            classes = latents[:, :0]
        uniform = ops.erf(latents[:, k : k + u] / math.sqrt(2.0))
        return classes, uniform, latents[:, k + u :]

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "categorical": self.categorical,
            "uniform": self.uniform,
            "gaussian": self.gaussian,
        }
