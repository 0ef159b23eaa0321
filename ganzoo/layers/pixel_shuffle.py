"""PixelShuffle: enlarges a map by laying its channels out in space."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class PixelShuffle(layers.Layer):
    """(N, H, W, a b C) -> (N, a H, b W, C): every pixel's channels become a block of a x b pixels.

    After a convolution it is a way to enlarge in which every new pixel has a kernel of its own and
    none is written twice, so that no checkerboard is built in.

    Args:
        size: (a, b), or one number for both.

    Reference: Shi et al., 2016, arXiv:1609.05158, equation 4.
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = (size, size) if isinstance(size, int) else tuple(size)

    def call(self, x):
        """Lays out."""
        _, rows, columns, channels = x.shape
        a, b = self.size
        x = ops.reshape(x, (-1, rows, columns, a, b, channels // (a * b)))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, rows * a, columns * b, channels // (a * b)))

    def compute_output_shape(self, input_shape):
        """Returns the enlarged shape.

        Raises:
            ValueError: If the channels do not divide.
        """
        count, rows, columns, channels = input_shape
        a, b = self.size
        if channels % (a * b):
            raise ValueError(f"expected channels that divide by {a * b}, got {channels}")
        return (count, rows * a, columns * b, channels // (a * b))

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"size": list(self.size)}
