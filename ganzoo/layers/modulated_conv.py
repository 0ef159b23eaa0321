"""Modulated convolution: each image's style scales the kernel that it is convolved with."""

import math

import keras
from keras import layers, ops

from ganzoo.layers.equalized import EqualizedDense


@keras.saving.register_keras_serializable("ganzoo")
class ModulatedConv2D(layers.Layer):
    """A convolution whose kernel's input channels are scaled by a style s, an affine map of w.

        k'_ijco = s_c k_ijco,   k''_ijco = k'_ijco / sqrt(sum_ijc k'_ijco^2 + 1e-8)

    The second step, demodulation, removes the scale of the style again: outputs have unit variance
    if inputs have. No per-image kernels are needed: the input channels are scaled by s, the batch
    is convolved with k, and the outputs are divided by the root. The sum under the root is
    s^2 (sum_ij k_ijco^2), a matrix product, which is computed in float32. The learning rate is
    equalized.

    Inputs: a map (N, H, W, C) and vectors w (N, D). Output: (N, H, W, filters).

    Args:
        filters: Number of output channels.
        kernel_size: Side of the kernel.
        demodulate: Whether to demodulate; False for the layers that render an image.

    Reference: Karras et al., 2020, arXiv:1912.04958, section 2.2, equations 1 and 3.
    """

    def __init__(self, filters: int, kernel_size: int = 3, demodulate: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.demodulate = filters, kernel_size, demodulate

    def build(self, input_shape):
        """Creates the affine map, whose initial styles are around one, and the kernel."""
        channels = input_shape[0][-1]
        self.affine = EqualizedDense(channels, bias=1.0, dtype=self.dtype_policy, name="affine")
        self.affine.build(input_shape[1])
        shape = (self.kernel_size, self.kernel_size, channels, self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape, normal, name="kernel")
        self.offset = self.add_weight((self.filters,), "zeros", name="bias")
        self.scale = 1.0 / math.sqrt(math.prod(shape[:3]))

    def call(self, inputs):
        """Returns the modulated convolution of the map."""
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
        """Returns the constructor arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "demodulate": self.demodulate,
        }
