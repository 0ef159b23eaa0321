"""PixelNorm: vectors of one length."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class PixelNorm(layers.Layer):
    """x / sqrt(mean x^2 + 1e-8), the mean over the last axis: each vector, or pixel, by itself.

    Input and output: (..., C).

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.2.
    """

    def call(self, x):
        """Normalises, in float32."""
        y = ops.cast(x, "float32")
        return ops.cast(y * ops.rsqrt(ops.mean(ops.square(y), -1, keepdims=True) + 1e-8), x.dtype)
