"""Conditional batch normalisation: each class, or each vector, has a scale and shift of its own."""

import keras
from keras import layers, ops

from ganzoo.layers.batch_norm import BatchNormalization


@keras.saving.register_keras_serializable("ganzoo")
class ConditionalBatchNormalization(layers.Layer):
    """Batch normalisation whose scale and shift depend on a condition.

    Inputs: a map (N, H, W, C), and either classes, integer (N,), or vectors (N, D). Scales start at
    one and shifts at zero for every class; of vectors they are a linear function, started small.

    Args:
        num_classes: Number of classes; None if the condition is a vector.

    Reference: Dumoulin et al., 2017, arXiv:1610.07629; de Vries et al., 2017, arXiv:1707.00683.
    """

    def __init__(self, num_classes: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def build(self, input_shape):
        """Makes the normalisation, and what gives scale and shift."""
        shape, condition = input_shape
        channels, policy = shape[-1], self.dtype_policy
        self.normalize = BatchNormalization(center=False, scale=False, dtype=policy)
        self.normalize.build(shape)
        if self.num_classes is None:
            start = keras.initializers.RandomNormal(stddev=0.02)
            self.affine = layers.Dense(
                2 * channels, use_bias=False, kernel_initializer=start, dtype=policy
            )
        else:
            self.affine = layers.Embedding(
                self.num_classes, 2 * channels, embeddings_initializer="zeros", dtype=policy
            )
        self.affine.build(condition)

    def call(self, inputs, training: bool = False):
        """Normalises, scales and shifts."""
        x, condition = inputs
        scale, shift = ops.split(self.affine(condition)[:, None, None, :], 2, axis=-1)
        return self.normalize(x, training=training) * (1.0 + scale) + shift

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"num_classes": self.num_classes}
