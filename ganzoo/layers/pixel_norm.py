"""PixelNorm: normalizes feature vectors to unit mean square."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class PixelNorm(layers.Layer):
    """x / sqrt(mean x^2 + 1e-8), with the mean over the last axis, so each pixel by itself.

    Input and output: (..., C).

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.2.
    """

    def call(self, x):
        """Returns the normalized vectors; the norm is computed in float32."""
        y = ops.cast(x, "float32")
        return ops.cast(y * ops.rsqrt(ops.mean(ops.square(y), -1, keepdims=True) + 1e-8), x.dtype)
