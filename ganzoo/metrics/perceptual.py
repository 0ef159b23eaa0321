"""A perceptual distance between images: of their pixels and of a trained network's features."""

import math

import keras
from keras import ops

from ganzoo.engine import parts
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError, unknown
from ganzoo.metrics import domain
from ganzoo.metrics.learned_perceptual import LPIPS, NETWORKS


class Perceptual(keras.layers.Layer):
    """Maps images to rows whose squared distance is the perceptual distance of the images.

        d(x, y) = mean |x - y|^2 + sum_k mean_p |f_k(x, p) - f_k(y, p)|^2,  |f_k(x, p)| = 1

    The means are over the pixels, and over the positions p of the k-th feature map, whose channel
    vectors are normalized to length 1. With pixels alone, images that differ by a shift of one
    pixel would be far apart.

    Args:
        network: A built network from images (N, H, W, C) to one or more feature maps (N, h, w, c),
            which is not trained further. Or the data set of one of the zoo's classifiers, `mnist`
            or `fashion_mnist`: the feature maps are then the inputs of its max pooling layers,
            except the first one, which is close to pixels. These classifiers are trained on labels.
            Or `vgg16` or `alexnet`: the second term is then LPIPS; see `metrics.LPIPS`.

    Raises:
        InputError: If the name is unknown, or the classifier is not available.

    Reference: Zhang et al., 2018, arXiv:1801.03924. Departures: any network can provide the feature
    maps, all channels have the same weight, and the distance includes pixels.
    """

    def __init__(self, network, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.name_of_network = network if isinstance(network, str) else None
        if network in NETWORKS:
            self.features = LPIPS(network)
        else:
            self.features = Features(_maps(network) if isinstance(network, str) else network)
        self.network = self.features.network
        self.network.trainable = False
        self.built = True

    def attach(self, gan: keras.Model) -> None:
        """Checks that the images have a shape that the network takes.

        Raises:
            InputError: If they have another shape.
        """
        self.features.check(gan.image_shape)

    def call(self, images):
        """Returns the rows, float32 (N, D)."""
        return ops.concatenate([rows_of(images), self.features.rows(images)], axis=1)

    def get_config(self) -> dict:
        """Returns the constructor arguments; a network is serialized unless it is a name."""
        network = self.name_of_network or keras.saving.serialize_keras_object(self.network)
        return super().get_config() | {"network": network}

    @classmethod
    def from_config(cls, config: dict):
        """Returns the layer for a config of `get_config`."""
        network = config["network"]
        if not isinstance(network, str):
            network = keras.saving.deserialize_keras_object(network)
        return cls(**(config | {"network": network}))


class Features:
    """The feature maps of any network as rows; all of its channels have the same weight.

    Args:
        network: A built network from images (N, H, W, C) to one or more maps (N, h, w, c).
    """

    def __init__(self, network: keras.Model):
        self.network = network

    def check(self, image_shape: tuple) -> None:
        """Raises InputError if the network takes images of another shape."""
        expected = tuple(self.network.input_shape[1:])
        if image_shape != expected:
            raise InputError(
                f"perceptual: expected images of shape {expected}, as its network does, got "
                f"{image_shape}: use a network for this shape, or images of that size."
            )

    def rows(self, images):
        """Maps images to rows (N, D), whose squared distance is the distance of their features."""
        maps, rows = self.network(images, training=False), []
        for features in maps if isinstance(maps, (list, tuple)) else [maps]:
            features = ops.cast(features, "float32")
            length = ops.sqrt(ops.sum(ops.square(features), axis=-1, keepdims=True) + 1e-6)
            rows.append(rows_of(features / length) * features.shape[-1] ** 0.5)
        return ops.concatenate(rows, axis=1)


def rows_of(values):
    """Returns values (N, ...) as rows (N, D), scaled to have their mean square as squared norm."""
    size = math.prod(values.shape[1:])
    return ops.reshape(values, (-1, size)) / size**0.5


CLASSES = parts.table(Perceptual, package="ganzoo.perceptual")


def get(identifier) -> Perceptual | None:
    """Returns the distance for a name, a network, a config or a `Perceptual`."""
    if isinstance(identifier, (str, keras.Model)):
        return Perceptual(identifier)
    return parts.get("perceptual distance", identifier, CLASSES)


def _maps(name: str) -> keras.Model:
    if name not in domain.ENTRIES:
        raise unknown("perceptual network", name, [*domain.ENTRIES, *NETWORKS])
    copy = clone(domain.Domain(name).network)
    pooled = [x.input for x in copy.layers if isinstance(x, keras.layers.MaxPooling2D)]
    return keras.Model(copy.inputs, pooled[1:], name="maps")
