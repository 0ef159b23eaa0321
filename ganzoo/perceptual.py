"""A distance between images: of their pixels, and of what a trained network sees in them."""

import math

import keras
from keras import ops

from ganzoo.engine import parts
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError, unknown
from ganzoo.metrics import domain


class Perceptual(keras.layers.Layer):
    """Images as rows whose squared distance is that of the pixels and of a network's maps.

        d(x, y) = mean |x - y|^2 + sum_k mean_p |f_k(x, p) - f_k(y, p)|^2,  |f_k(x, p)| = 1

    The means are over the pixels and over the places p of the k-th map, whose channels are divided
    by their length. What is near in pixels alone is smooth: a shift of a pixel is far.

    Args:
        network: A built network from images (N, H, W, C) to one or several maps (N, h, w, c), which
            is not trained further. Or the data set of one of the zoo's classifiers, `mnist` or
            `fashion_mnist`: its maps are those that it takes maxima of, but for the first, which
            sees little more than pixels. These classifiers have learned from labels.

    Raises:
        InputError: If the name is unknown, or the classifier cannot be had.

    Reference: Zhang et al., 2018, arXiv:1801.03924. Departures: the maps are those of whatever
    network is given, all their channels weigh the same, and pixels count, too.
    """

    def __init__(self, network, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.name_of_network = network if isinstance(network, str) else None
        self.network = _maps(network) if isinstance(network, str) else network
        self.network.trainable = False
        self.built = True

    def attach(self, gan: keras.Model) -> None:
        """Refuses images of another shape than those that the network sees."""
        seen = tuple(self.network.input_shape[1:])
        if gan.image_shape != seen:
            raise InputError(
                f"perceptual: expected images of shape {seen}, as of its network, got "
                f"{gan.image_shape}: give a network for these, or images of that size."
            )

    def call(self, images):
        """Returns the rows, float32 (N, D)."""
        maps = self.network(images, training=False)
        rows = [rows_of(images)]
        for seen in maps if isinstance(maps, (list, tuple)) else [maps]:
            seen = ops.cast(seen, "float32")
            length = ops.sqrt(ops.sum(ops.square(seen), axis=-1, keepdims=True) + 1e-6)
            rows.append(rows_of(seen / length) * seen.shape[-1] ** 0.5)
        return ops.concatenate(rows, axis=1)

    def get_config(self) -> dict:
        """Returns the arguments; a network without a name travels as its own config."""
        network = self.name_of_network or keras.saving.serialize_keras_object(self.network)
        return super().get_config() | {"network": network}

    @classmethod
    def from_config(cls, config: dict):
        """Returns the layer that `get_config` described."""
        network = config["network"]
        if not isinstance(network, str):
            network = keras.saving.deserialize_keras_object(network)
        return cls(**(config | {"network": network}))


def rows_of(values):
    """Returns values (N, ...) as rows (N, D) whose squared length is their mean square."""
    size = math.prod(values.shape[1:])
    return ops.reshape(values, (-1, size)) / size**0.5


CLASSES = parts.table(Perceptual)


def get(identifier) -> Perceptual | None:
    """Returns the distance that a name, a network, a config or a `Perceptual` stands for."""
    if isinstance(identifier, (str, keras.Model)):
        return Perceptual(identifier)
    return parts.get("perceptual distance", identifier, CLASSES)


def _maps(name: str) -> keras.Model:
    if name not in domain.ENTRIES:
        raise unknown("perceptual network", name, domain.ENTRIES)
    copy = clone(domain.Domain(name).network)
    pooled = [x.input for x in copy.layers if isinstance(x, keras.layers.MaxPooling2D)]
    return keras.Model(copy.inputs, pooled[1:], name="maps")
