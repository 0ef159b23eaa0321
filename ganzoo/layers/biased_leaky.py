"""BiasedLeakyReLU: a bias of each channel before the activation, as a layer of its own."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class BiasedLeakyReLU(layers.Layer):
    """leaky(x + b) with slope 0.2 and a bias b of each channel, which starts at zero.

    Input and output: (N, H, W, C).

    Reference: Huang et al., 2024, arXiv:2501.05441, section 4.
    """

    def build(self, input_shape):
        """Creates the bias."""
        self.bias = self.add_weight((input_shape[-1],), "zeros", name="Bias")

    def call(self, x):
        """Returns the activations."""
        return ops.leaky_relu(x + self.bias, 0.2)

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape
