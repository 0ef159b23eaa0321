"""Equalised learning rate: all weights are learned at one speed, whatever their layer's width."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedDense(layers.Layer):
    """x W c + b: weights are stored as drawn from N(0, 1), and scaled by c = 1 / sqrt(fan in).

    Adam moves every weight by about its learning rate at a step; scaled when it is used, not when
    it is drawn, every layer's weights move by the same share of their size.

    Input: (N, D). Output: (N, units).

    Args:
        units: Outputs.
        rate: Factor of the learning rate: weights are stored larger, and used smaller, by it.
        bias: Value that the biases start at.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.1; the factor, Karras et al., 2019,
    arXiv:1812.04948, appendix C.
    """

    def __init__(self, units: int, rate: float = 1.0, bias: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate, self.bias = units, rate, bias

    def build(self, input_shape):
        """Makes the weights."""
        start = keras.initializers.RandomNormal(stddev=1.0 / self.rate)
        self.kernel = self.add_weight((input_shape[-1], self.units), start, name="kernel")
        offset = keras.initializers.Constant(self.bias / self.rate)
        self.offset = self.add_weight((self.units,), offset, name="bias")
        self.scale = self.rate / math.sqrt(input_shape[-1])

    def call(self, x):
        """Multiplies and adds."""
        return ops.matmul(x, self.kernel * self.scale) + self.offset * self.rate

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"units": self.units, "rate": self.rate, "bias": self.bias}


@keras.saving.register_keras_serializable("ganzoo")
class EqualizedConv2D(layers.Layer):
    """A convolution of equalised learning rate; see `EqualizedDense`.

    Input: (N, H, W, C). Output: (N, H / strides, W / strides, filters), rounded up.

    Args:
        filters: Channels of the output.
        kernel_size: Side of the kernel.
        strides: Step, or (rows, columns) of it.
        use_bias: Add a bias for each filter, from zero.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.1.
    """

    def __init__(self, filters: int, kernel_size: int = 3, strides=1, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.use_bias = filters, kernel_size, use_bias
        self.strides = tuple(strides) if isinstance(strides, (list, tuple)) else (strides, strides)

    def build(self, input_shape):
        """Makes the weights."""
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape, start, name="kernel")
        if self.use_bias:
            self.offset = self.add_weight((self.filters,), "zeros", name="bias")
        self.scale = 1.0 / math.sqrt(math.prod(shape[:3]))

    def call(self, x):
        """Convolves."""
        kernel = self.kernel * self.scale
        x = ops.conv(x, kernel, self.strides, "same", data_format="channels_last")
        return x + self.offset if self.use_bias else x

    def compute_output_shape(self, input_shape):
        """Returns the shape after the convolution."""
        places = [
            side and -(-side // stride)
            for side, stride in zip(input_shape[1:3], self.strides, strict=True)
        ]
        return (input_shape[0], *places, self.filters)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "use_bias": self.use_bias,
        }
