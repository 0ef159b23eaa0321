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
        over = [int(stride > 1) for stride in self.stride]
        x = ops.pad(x, ((0, 0), *((n, n) for n in over), (0, 0)), mode="symmetric")
        for _ in range(2):  # [1, 2, 1] is [1, 1] twice; slices of x have a slow gradient
            x = ops.average_pool(x, [1 + n for n in over], strides=1, padding="valid")
        return x

    def compute_output_shape(self, input_shape):
        """Returns the shape, as it was."""
        return input_shape

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"stride": self.stride}
