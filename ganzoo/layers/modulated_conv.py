"""Modulated convolution: each image's style scales the kernel that the image is convolved with."""

import math

import keras
from keras import layers, ops

from ganzoo.layers.equalized import EqualizedDense


@keras.saving.register_keras_serializable("ganzoo")
class ModulatedConv2D(layers.Layer):
    """A convolution whose kernel's input channels are scaled by a style s, an affine of w.

        k'_ijco = s_c k_ijco,   k''_ijco = k'_ijco / sqrt(sum_ijc k'_ijco^2 + 1e-8)

    The second, demodulation, takes the style's scale out again: outputs have unit variance if
    inputs have. As s belongs to an image and k does not, no image needs a kernel of its own: its
    channels are scaled by s, the batch is convolved with k, and the outputs are divided by the
    root, the square of which is s^2 (sum_ij k_ijco^2), a product of two matrices, in float32.

    Inputs: a map (N, H, W, C) and vectors w (N, D). Output: (N, H, W, filters). The learning rate
    is equalised.

    Args:
        filters: Channels of the output.
        kernel_size: Side of the kernel.
        demodulate: Divide by the root; not where an image is rendered.

    Reference: Karras et al., 2020, arXiv:1912.04958, section 2.2, equations 1 and 3.
    """

    def __init__(self, filters: int, kernel_size: int = 3, demodulate: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.demodulate = filters, kernel_size, demodulate

    def build(self, input_shape):
        """Makes the affine, whose styles start around one, and the kernel."""
        channels = input_shape[0][-1]
        self.affine = EqualizedDense(channels, bias=1.0, dtype=self.dtype_policy, name="affine")
        self.affine.build(input_shape[1])
        shape = (self.kernel_size, self.kernel_size, channels, self.filters)
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape, start, name="kernel")
        self.offset = self.add_weight((self.filters,), "zeros", name="bias")
        self.scale = 1.0 / math.sqrt(math.prod(shape[:3]))

    def call(self, inputs):
        """Scales, convolves and scales back."""
        x, w = inputs
        style, kernel = self.affine(w), self.kernel * self.scale
        x = x * style[:, None, None, :]
        x = ops.conv(x, kernel, padding="same", data_format="channels_last")
        if self.demodulate:
            style, kernel = ops.cast(style, "float32"), ops.cast(kernel, "float32")
            power = ops.matmul(ops.square(style), ops.sum(ops.square(kernel), axis=(0, 1)))
            x = x * ops.cast(ops.rsqrt(power + 1e-8), x.dtype)[:, None, None, :]
        return x + self.offset

    def compute_output_shape(self, input_shape):
        """Returns the shape after the convolution."""
        return (*input_shape[0][:-1], self.filters)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "demodulate": self.demodulate,
        }
