"""Blur: the low-pass filter that belongs before leaving pixels out, and after repeating them."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Blur(layers.Layer):
    """Convolves every channel with [1, 2, 1] / 4 along each axis that is resampled.

    Pixels that were repeated and blurred are pixels that were set apart by zeros and convolved with
    [1, 3, 3, 1] / 4: bilinear interpolation, the filter of StyleGAN2. Those that are blurred and
    averaged in pairs are convolved with [1, 3, 3, 1] / 8 and taken every second. The border's
    pixels are repeated outwards.

    Input and output: (N, H, W, C).

    Args:
        stride: (rows, columns) of the resampling: an axis of stride 1 is left as it is.

    Reference: Zhang, 2019, arXiv:1904.11486; Karras et al., 2019, arXiv:1812.04948, appendix C.
    """

    def __init__(self, stride=(2, 2), **kwargs):
        super().__init__(**kwargs)
        self.stride = tuple(stride)

    def call(self, x):
        """Blurs."""
        rows, columns = self.stride
        if rows > 1:
            y = ops.concatenate([x[:, :1], x, x[:, -1:]], axis=1)
            x = 0.25 * (y[:, :-2] + y[:, 2:]) + 0.5 * x
        if columns > 1:
            y = ops.concatenate([x[:, :, :1], x, x[:, :, -1:]], axis=2)
            x = 0.25 * (y[:, :, :-2] + y[:, :, 2:]) + 0.5 * x
        return x

    def compute_output_shape(self, input_shape):
        """Returns the shape, as it was."""
        return input_shape

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"stride": self.stride}
