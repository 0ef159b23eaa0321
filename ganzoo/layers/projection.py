"""Projection: a discriminator's score of an image for its class."""

import keras
from keras import layers, ops

from ganzoo.layers.spectral import SpectralDense, SpectralEmbedding


@keras.saving.register_keras_serializable("ganzoo")
class Projection(layers.Layer):
    """psi(h) + <e(y), h>: a linear score of features h, plus their product with the class's vector.

    Inputs: features (N, D) and classes, integer (N,). Output: float32 (N, 1). Both weights are
    spectrally normalised.

    Args:
        num_classes: Number of classes.

    Reference: Miyato & Koyama, 2018, arXiv:1802.05637.
    """

    def __init__(self, num_classes: int, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        """Makes the two weights."""
        features, label = input_shape
        self.linear = SpectralDense(1, dtype=self.dtype_policy)
        self.linear.build(features)
        self.classes = SpectralEmbedding(
            self.num_classes, features[-1], "glorot_uniform", dtype=self.dtype_policy
        )
        self.classes.build(label)

    def call(self, inputs, training: bool = False):
        """Scores."""
        features, label = inputs
        own = self.classes(label, training=training) * features
        return self.linear(features, training=training) + ops.sum(own, axis=-1, keepdims=True)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"num_classes": self.num_classes}
