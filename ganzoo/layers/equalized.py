"""Equalized learning rate: weights of all layers are learned at the same relative speed."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedDense(layers.Layer):
    """A dense layer x W c + b, with W initialized from N(0, 1) and scaled by c = 1 / sqrt(fan in).

    Adam changes every weight by about the learning rate per step. As the weights are scaled at each
    call rather than at initialization, the relative change is the same in layers of any width.

    Input: (N, D). Output: (N, units).

    Args:
        units: Number of outputs.
        rate: Learning rate multiplier: the stored weights are divided by it, and multiplied at each
            call.
        bias: Initial value of the biases.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.1; for the multiplier Karras et al.,
    2019, arXiv:1812.04948, appendix C.
    """

    def __init__(self, units: int, rate: float = 1.0, bias: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate, self.bias = units, rate, bias

    def build(self, input_shape):
        """Creates the weights."""
        normal = keras.initializers.RandomNormal(stddev=1.0 / self.rate)
        self.kernel = self.add_weight((input_shape[-1], self.units), normal, name="kernel")
        constant = keras.initializers.Constant(self.bias / self.rate)
        self.offset = self.add_weight((self.units,), constant, name="bias")
        self.scale = self.rate / math.sqrt(input_shape[-1])

    def call(self, x):
        """Returns the linear map of the inputs."""
        return ops.matmul(x, self.kernel * self.scale) + self.offset * self.rate

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"units": self.units, "rate": self.rate, "bias": self.bias}


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedConv2D(layers.Layer):
    """A convolution with an equalized learning rate; see `EqualizedDense`.

    Input: (N, H, W, C). Output: (N, ceil(H / strides), ceil(W / strides), filters), smaller
    without padding.

    Args:
        filters: Number of output channels.
        kernel_size: Side of the kernel.
        strides: Stride, or (rows, columns).
        use_bias: Whether to add a bias for each filter, initialized to zero.
        padding: "same" or "valid".

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.1.
    """

    def __init__(
        self, filters: int, kernel_size: int = 3, strides=1, use_bias=True, padding="same", **kwargs
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.use_bias = filters, kernel_size, use_bias
        self.padding = padding
        self.strides = tuple(strides) if isinstance(strides, (list, tuple)) else (strides, strides)

    def build(self, input_shape):
        """Creates the weights."""
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape, normal, name="kernel")
        if self.use_bias:
            self.offset = self.add_weight((self.filters,), "zeros", name="bias")
        self.scale = 1.0 / math.sqrt(math.prod(shape[:3]))

    def call(self, x):
        """Returns the convolved map."""
        kernel = self.kernel * self.scale
        x = ops.conv(x, kernel, self.strides, self.padding, data_format="channels_last")
        return x + self.offset if self.use_bias else x

    def compute_output_shape(self, input_shape):
        """Returns the shape after the convolution."""
        less = self.kernel_size - 1 if self.padding == "valid" else 0
        sides = [
            side and -(-(side - less) // stride)
            for side, stride in zip(input_shape[1:3], self.strides, strict=True)
        ]
        return (input_shape[0], *sides, self.filters)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return (
            super().get_config()
            | {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "use_bias": self.use_bias,
            }
            | ({} if self.padding == "same" else {"padding": self.padding})
        )
