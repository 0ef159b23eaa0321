"""Resample: zeros between the pixels, a filter, and every n-th pixel, in one layer."""

import keras
import numpy as np
from keras import layers, ops


def fir(x, taps, up: int = 1, down: int = 1, padding=(0, 0)):
    """Returns a map upsampled with zeros, padded with zeros, filtered, and downsampled.

    The values are multiplied by up^2, so that a filter whose taps have the sum 1 keeps the mean.

    Args:
        x: (N, H, W, C).
        taps: The filter: a numpy array of K taps for each axis, or of K x K for both.
        up: Factor of the upsampling.
        down: Factor of the downsampling.
        padding: Zeros before and after each axis; negative ones crop.
    """
    taps = np.asarray(taps, "float32")[(slice(None, None, -1),) * np.ndim(taps)]  # a convolution
    if up > 1:
        _, rows, columns, channels = x.shape
        x = ops.reshape(x, (-1, rows, 1, columns, 1, channels))
        x = ops.pad(x, ((0, 0), (0, 0), (0, up - 1), (0, 0), (0, up - 1), (0, 0)))
        x = ops.reshape(x, (-1, rows * up, columns * up, channels))
    before, after = padding
    if min(padding) < 0:
        ends = [side - max(-after, 0) for side in x.shape[1:3]]
        x = x[:, max(-before, 0) : ends[0], max(-before, 0) : ends[1]]
    if max(padding) > 0:
        sides = (max(before, 0), max(after, 0))
        x = ops.pad(x, ((0, 0), sides, sides, (0, 0)))
    if taps.size == 1:
        return x[:, ::down, ::down] if down > 1 else x
    if taps.ndim == 2:
        return _filtered(x, taps * up**2, down)
    x = _filtered(x, taps[:, None] * up)[:, ::down]
    return _filtered(x, taps[None] * up)[:, :, ::down]


def _filtered(x, kernel: np.ndarray, stride: int = 1):
    """Returns every channel of `x` correlated with the kernel, without padding."""
    kernel = ops.cast(ops.convert_to_tensor(kernel[:, :, None, None]), x.dtype)
    kernel = ops.tile(kernel, (1, 1, x.shape[-1], 1))
    return ops.depthwise_conv(x, kernel, stride, "valid", data_format="channels_last")


def binomial(taps) -> np.ndarray:
    """Returns taps scaled to the sum 1, as float32."""
    taps = np.asarray(taps, "float64")
    return (taps / taps.sum()).astype("float32")


@keras.saving.register_keras_serializable("ganzoo")
class Resample(layers.Layer):
    """Upsamples with zeros, pads with zeros, convolves with a filter, and keeps every n-th pixel.

    With [1, 3, 3, 1], `up=2, padding=(2, 1)` doubles the size, `down=2, padding=(1, 1)` halves it.
    At the borders this differs from `Blur`, whose padding is symmetric.

    Input: (N, H, W, C), with known H, W and C.

    Args:
        up: Factor of the upsampling.
        down: Factor of the downsampling.
        padding: Zeros before and after each axis.
        taps: The filter of each axis, which is scaled to the sum 1.

    Reference: Karras et al., 2019, arXiv:1812.04948, appendix C; 2020, arXiv:1912.04958.
    """

    def __init__(self, up: int = 1, down: int = 1, padding=(0, 0), taps=(1, 3, 3, 1), **kwargs):
        super().__init__(**kwargs)
        self.up, self.down, self.padding, self.taps = up, down, tuple(padding), tuple(taps)

    def call(self, x):
        """Returns the resampled map."""
        return fir(x, binomial(self.taps), self.up, self.down, self.padding)

    def compute_output_shape(self, input_shape):
        """Returns the shape after resampling."""
        extra = sum(self.padding) - len(self.taps)
        sides = [(side * self.up + extra) // self.down + 1 for side in input_shape[1:3]]
        return (input_shape[0], *sides, input_shape[3])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "up": self.up,
            "down": self.down,
            "padding": list(self.padding),
            "taps": list(self.taps),
        }
