"""StyledConv2D: a layer of StyleGAN2's synthesis, as its authors released it."""

import math

import keras
from keras import layers, ops

from ganzoo import random
from ganzoo.layers.equalized import EqualizedDense
from ganzoo.layers.noise import NOISES, chosen, map_of
from ganzoo.layers.resample import binomial, fir


class Styled(layers.Layer):
    """Base class of the convolutions of published generators, which vectors w modulate.

    A subclass has `kernel_size` and `filters`.
    """

    def add_kernel(self, channels: int, style: tuple) -> None:
        """Creates the affine map of w, the kernel and the bias, and its scale, 1 / sqrt(fan in).

        Args:
            channels: Number of input channels.
            style: Shape of w, (N, D).
        """
        policy = self.dtype_policy
        self.affine = EqualizedDense(channels, bias=1.0, dtype=policy, name=f"{self.name}.affine")
        self.affine.build(style)
        shape = (self.kernel_size, self.kernel_size, channels, self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape, normal, name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")
        self.scale = 1.0 / math.sqrt(math.prod(shape[:3]))


@keras.saving.register_keras_serializable("ganzoo")
class StyledConv2D(Styled):
    """Modulated convolution, noise, bias and activation; see `ModulatedConv2D` for the equations.

    It differs from `ModulatedConv2D` in what published weights depend on: with `up=2` it is a
    transposed convolution followed by the filter [1, 3, 3, 1]; noise is added before the bias; and
    demodulated kernels are not scaled, since demodulation removes any scale.

    Inputs: a map (N, H, W, C) and vectors w (N, D). Output: (N, up H, up W, filters).

    Args:
        filters: Number of output channels.
        kernel_size: Side of the kernel.
        up: 1, or 2 to double the size.
        image: Whether it renders an image: no demodulation, noise or activation.
        noise: "const", the map that is stored with the weights; "random", new at each call; "none".
            The context `layers.noise.noise` overrules it.
        clamp: Largest absolute value of the outputs, if any.

    Reference: Karras et al., 2020, arXiv:1912.04958, section 2.2; arXiv:2006.06676, appendix D.
    """

    def __init__(
        self, filters: int, kernel_size: int = 3, up: int = 1, image: bool = False,
        noise: str = "const", clamp: float | None = None, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.up, self.image = filters, kernel_size, up, image
        self.noise, self.clamp = noise, clamp
        if noise not in NOISES:
            raise ValueError(f"expected noise to be one of {', '.join(NOISES)}, got {noise!r}")

    def build(self, input_shape):
        """Creates the affine map of w, the kernel, the bias and the noise."""
        (_, rows, columns, channels), style = input_shape
        self.add_kernel(channels, style)
        if not self.image:
            self.strength = self.add_weight((), "zeros", name="noise_strength")
            shape = (rows * self.up, columns * self.up)
            normal = keras.initializers.RandomNormal(stddev=1.0)
            self.map = self.add_weight(shape, normal, name="noise_const", trainable=False)

    def call(self, inputs):
        """Returns the convolved map.

        Factors and summands are joined before they meet the map, which is large.
        """
        x, w = inputs
        style = self.affine(w)
        if self.image:
            x = self._convolved(x, style * self.scale)
            return self._clamped(x + self.bias, 1.0)
        x = self._convolved(x, style)
        style, kernel = ops.cast(style, "float32"), ops.cast(self.kernel, "float32")
        power = ops.matmul(ops.square(style), ops.sum(ops.square(kernel), axis=(0, 1)))
        gain = math.sqrt(2.0)  # keeps the mean square of the activation
        x = x * ops.cast(gain * ops.rsqrt(power + 1e-8), x.dtype)[:, None, None, :]
        added = gain * self.bias
        if chosen(self.noise) != "none":
            added = added + gain * self._drawn(ops.shape(x)[0], x.dtype)
        return self._clamped(ops.leaky_relu(x + added, 0.2), gain)

    def _convolved(self, x, style):
        if self.up == 1:
            x = x * style[:, None, None, :]
            return ops.conv(x, self.kernel, padding="same", data_format="channels_last")
        x = x * (self.up**2 * style)[:, None, None, :]
        kernel = ops.transpose(self.kernel, (0, 1, 3, 2))
        x = ops.conv_transpose(x, kernel, 2, "valid", data_format="channels_last")
        return fir(x, binomial((1, 3, 3, 1)), padding=(1, 1))

    @property
    def noise_map(self):
        """The fixed map, (H, W, 1); None if no noise is added."""
        return None if self.image or self.noise == "none" else self.map[:, :, None]

    def _drawn(self, size, dtype):
        noise = map_of(self)
        if chosen(self.noise) == "random":
            shape = (size, *self.map.shape, 1)
            noise = keras.random.normal(shape, dtype="float32", seed=random.seed("noise"))
        return ops.cast(self.strength, dtype) * ops.cast(noise, dtype)

    def _clamped(self, x, gain: float):
        return x if self.clamp is None else ops.clip(x, -gain * self.clamp, gain * self.clamp)

    def compute_output_shape(self, input_shape):
        """Returns the shape after the convolution."""
        size, rows, columns, _ = input_shape[0]
        return (size, rows * self.up, columns * self.up, self.filters)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "up": self.up,
            "image": self.image,
            "noise": self.noise,
            "clamp": self.clamp,
        }
