"""LabelMap: adds a class label to an image as an extra channel."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class LabelMap(layers.Layer):
    """Concatenates to a map a channel computed from the embedding of its class.

    The embedding has few dimensions, and a dense layer maps it to the size of the map, so that the
    label does not outweigh the image.

    Inputs: a map (N, H, W, C) and classes (N,). Output: (N, H, W, C + 1).

    Args:
        num_classes: Number of classes.
        dim: Dimensions of the embedding.

    Reference: Denton et al., 2015, arXiv:1506.05751, whose discriminator is conditioned like this.
    """

    def __init__(self, num_classes: int, dim: int = 50, **kwargs):
        super().__init__(**kwargs)
        self.num_classes, self.dim = num_classes, dim

    def build(self, input_shape):
        """Creates the embedding and the dense layer."""
        self.places = tuple(input_shape[0][1:3])
        self.embedding = layers.Embedding(self.num_classes, self.dim, dtype=self.dtype_policy)
        self.embedding.build(input_shape[1])
        self.spread = layers.Dense(math.prod(self.places), dtype=self.dtype_policy)
        self.spread.build((None, self.dim))

    def call(self, inputs):
        """Returns the map with the label channel."""
        x, label = inputs
        channel = ops.reshape(self.spread(self.embedding(label)), (-1, *self.places, 1))
        return ops.concatenate([ops.cast(x, self.compute_dtype), channel], axis=-1)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"num_classes": self.num_classes, "dim": self.dim}
