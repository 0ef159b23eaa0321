"""Gated linear unit: one half of the channels opens and closes the other."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class GatedLinearUnit(layers.Layer):
    """a * sigmoid(b), where a and b are the halves of the channels.

    Input: (..., 2 C). Output: (..., C).

    Reference: Dauphin et al., 2017, arXiv:1612.08083, section 2.
    """

    def call(self, x):
        """Returns the gated half."""
        value, gate = ops.split(x, 2, axis=-1)
        return value * ops.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        """Returns the shape with half the channels."""
        return (*input_shape[:-1], input_shape[-1] // 2)
