"""Conditional batch normalization: scale and shift depend on a class or on a vector."""

import keras
from keras import layers, ops

from ganzoo.layers.batch_norm import BatchNormalization


@keras.saving.register_keras_serializable("ganzoo")
class ConditionalBatchNormalization(layers.Layer):
    """Batch normalization whose scale and shift depend on a condition.

    Inputs: a map (N, H, W, C), and either integer classes (N,) or vectors (N, D). For classes, the
    initial scale is 1 and the initial shift 0. For vectors, both are linear functions of the vector
    with small initial weights.

    Args:
        num_classes: Number of classes; None if the condition is a vector.

    Reference: Dumoulin et al., 2017, arXiv:1610.07629; de Vries et al., 2017, arXiv:1707.00683.
    """

    def __init__(self, num_classes: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        """Creates the normalization, and the layer that computes scale and shift."""
        shape, condition = input_shape
        channels, policy = shape[-1], self.dtype_policy
        self.normalize = BatchNormalization(center=False, scale=False, dtype=policy)
        self.normalize.build(shape)
        if self.num_classes is None:
            initializer = keras.initializers.RandomNormal(stddev=0.02)
            self.affine = layers.Dense(
                2 * channels, use_bias=False, kernel_initializer=initializer, dtype=policy
            )
        else:
            self.affine = layers.Embedding(
                self.num_classes, 2 * channels, embeddings_initializer="zeros", dtype=policy
            )
        self.affine.build(condition)

    def call(self, inputs, training: bool = False):
        """Returns the map normalized, scaled and shifted."""
        x, condition = inputs
        scale, shift = ops.split(self.affine(condition)[:, None, None, :], 2, axis=-1)
        return self.normalize(x, training=training) * (1.0 + scale) + shift

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"num_classes": self.num_classes}
