"""PixelShuffle: upsamples a map by rearranging its channels in space."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class PixelShuffle(layers.Layer):
    """(N, H, W, a b C) -> (N, a H, b W, C): every pixel's channels become a block of a x b pixels.

    A convolution followed by this layer upsamples with a separate kernel for every new pixel. No
    pixel is written twice, which avoids checkerboard artifacts.

    Args:
        size: Factors (a, b), or one number for both.

    Reference: Shi et al., 2016, arXiv:1609.05158, equation 4.
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = (size, size) if isinstance(size, int) else tuple(size)

    def call(self, x):
        """Returns the upsampled map."""
        _, rows, columns, channels = x.shape
        a, b = self.size
        x = ops.reshape(x, (-1, rows, columns, a, b, channels // (a * b)))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, rows * a, columns * b, channels // (a * b)))

    def compute_output_shape(self, input_shape):
        """Returns the upsampled shape.

        Raises:
            ValueError: If the number of channels is not divisible by a b.
        """
        count, rows, columns, channels = input_shape
        a, b = self.size
        if channels % (a * b):
            raise ValueError(f"expected a number of channels divisible by {a * b}, got {channels}")
        return (count, rows * a, columns * b, channels // (a * b))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"size": list(self.size)}
