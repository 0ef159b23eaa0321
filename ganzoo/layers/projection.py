"""Projection: the output layer of a projection discriminator."""

import keras
from keras import layers, ops

from ganzoo.layers.spectral import SpectralDense, SpectralEmbedding


@keras.saving.register_keras_serializable("ganzoo")
class Projection(layers.Layer):
    """psi(h) + <e(y), h>: a linear score of features h, plus their product with a class embedding.

    Inputs: features (N, D) and integer classes (N,). Output: float32 (N, 1). Both weights are
    spectrally normalized.

    Args:
        num_classes: Number of classes.

    Reference: Miyato & Koyama, 2018, arXiv:1802.05637.
    """

    def __init__(self, num_classes: int, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        """Creates the dense layer and the embedding."""
        features, label = input_shape
        self.linear = SpectralDense(1, dtype=self.dtype_policy)
        self.linear.build(features)
        self.classes = SpectralEmbedding(
            self.num_classes, features[-1], "glorot_uniform", dtype=self.dtype_policy
        )
        self.classes.build(label)

    def call(self, inputs, training: bool = False):
        """Returns the scores."""
        features, label = inputs
        product = self.classes(label, training=training) * features
        return self.linear(features, training=training) + ops.sum(product, axis=-1, keepdims=True)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"num_classes": self.num_classes}
