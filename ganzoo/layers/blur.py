"""Blur: the low-pass filter to apply before downsampling and after upsampling."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Blur(layers.Layer):
    """Convolves every channel with [1, 2, 1] / 4 along each resampled axis.

    Nearest-neighbor upsampling by 2 followed by this filter equals inserting zeros between the
    pixels and convolving with [1, 3, 3, 1] / 4: bilinear interpolation, the filter of StyleGAN2.
    This filter followed by 2 x 2 average pooling equals convolving with [1, 3, 3, 1] / 8 and
    keeping every second pixel. The border is padded symmetrically.

    Input and output: (N, H, W, C).

    Args:
        stride: Factors (rows, columns) of the resampling; an axis with stride 1 is not blurred.

    Reference: Zhang, 2019, arXiv:1904.11486; Karras et al., 2019, arXiv:1812.04948, appendix C.
    """

    def __init__(self, stride=(2, 2), **kwargs):
        super().__init__(**kwargs)
        self.stride = tuple(stride)

    def call(self, x):
        """Returns the blurred map."""
        padding = [int(stride > 1) for stride in self.stride]
        x = ops.pad(x, ((0, 0), *((n, n) for n in padding), (0, 0)), mode="symmetric")
        # [1, 2, 1] is [1, 1] applied twice. Pooling is used, as slices of x have a slow gradient.
        for _ in range(2):
            x = ops.average_pool(x, tuple(1 + n for n in padding), strides=1, padding="valid")
        return x

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"stride": self.stride}
