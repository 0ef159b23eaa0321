"""AliasFreeConv2D: a layer of StyleGAN3's synthesis, whose activation is taken at a higher rate."""

import math

import keras
from keras import ops

from ganzoo.layers.lowpass import lowpass
from ganzoo.layers.resample import fir
from ganzoo.layers.styled_conv import Styled

TAPS = 6  # of a filter, for each pixel of the smaller side


@keras.saving.register_keras_serializable("ganzoo")
class AliasFreeConv2D(Styled):
    """Modulated convolution, then the activation between upsampling and downsampling.

    The activation makes frequencies that the map cannot hold; at the higher rate they are filtered
    out, so that the output follows the input when that is shifted (and rotated, with `radial`).

    Inputs: a map (N, H, H, C) and vectors w (N, D). Output: (N, size, size, filters).

    Args:
        filters: Number of output channels.
        kernel_size: Side of the kernel.
        size: Side of the output.
        rates: Sampling rates of the input and of the output.
        cutoffs: Cutoff frequencies of the input and of the output.
        widths: Half the widths of the transition bands of the input and of the output.
        image: Whether it renders an image: no demodulation, activation or filter.
        radial: Whether the filter after the activation is the same in all directions.
        clamp: Largest absolute value of the activations, if any.

    Reference: Karras et al., 2021, arXiv:2106.12423, section 3.2.
    """

    def __init__(
        self, filters, kernel_size, size, rates, cutoffs, widths, image=False, radial=False,
        clamp=256.0, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.size, self.image = filters, kernel_size, size, image
        self.rates, self.cutoffs, self.widths = tuple(rates), tuple(cutoffs), tuple(widths)
        self.radial, self.clamp = radial, clamp
        rate = max(rates) * (1 if image else 2)  # at which the activation is computed
        self.up, self.down = round(rate / rates[0]), round(rate / rates[1])
        counts = [1 if factor == 1 or image else TAPS * factor for factor in (self.up, self.down)]
        self.filters_of = [
            lowpass(count, cutoff, 2 * width, rate, radial and place)
            for place, (count, cutoff, width) in enumerate(
                zip(counts, cutoffs, widths, strict=True)
            )
        ]
        self.taps = counts

    def build(self, input_shape):
        """Creates the affine map of w, the kernel, the bias and the mean square of the input."""
        (*_, rows, _, channels), style = input_shape[0], input_shape[1]
        self.add_kernel(channels, style)
        self.magnitude = self.add_weight((), "ones", name="magnitude_ema", trainable=False)
        total = (self.size - 1) * self.down + 1 - (rows + self.kernel_size - 1) * self.up
        total += sum(self.taps) - 2
        before = (total + self.up) // 2
        self.padding = (before, total - before)

    def call(self, inputs):
        """Returns the map after convolution and activation."""
        x, w = inputs
        style = self.affine(w)
        x = self._convolved(x, style * self.scale) if self.image else self._demodulated(x, style)
        x = x + self.bias
        x = fir(x, self.filters_of[0], self.up, 1, self.padding)
        if not self.image:
            x = ops.leaky_relu(x, 0.2) * math.sqrt(2.0)
        if self.clamp is not None:
            x = ops.clip(x, -self.clamp, self.clamp)
        return fir(x, self.filters_of[1], 1, self.down)

    def _demodulated(self, x, style):
        kernel = ops.cast(self.kernel, "float32")
        style = ops.cast(style, "float32")
        mean = ops.mean(ops.square(kernel), axis=(0, 1, 2))
        power = ops.matmul(ops.square(style), ops.sum(ops.square(kernel), axis=(0, 1))) / mean
        square = ops.mean(ops.square(style))  # of the batch, as the authors have it
        scale = ops.rsqrt(mean * square) * ops.rsqrt(power / square + 1e-8)
        x = self._convolved(x, ops.cast(style, x.dtype))
        return x * ops.cast(scale, x.dtype)[:, None, None, :]

    def _convolved(self, x, style):
        margin = self.kernel_size - 1
        style = style * ops.cast(ops.rsqrt(self.magnitude), style.dtype)
        x = ops.pad(
            x * style[:, None, None, :], ((0, 0), (margin, margin), (margin, margin), (0, 0))
        )
        return ops.conv(x, self.kernel, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape):
        """Returns the shape of the output."""
        return (input_shape[0][0], self.size, self.size, self.filters)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        names = "filters kernel_size size rates cutoffs widths image radial clamp".split()
        return super().get_config() | {name: getattr(self, name) for name in names}
