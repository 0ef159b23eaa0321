"""`edges:NAME`: pairs of Sobel edges `x` and images `y`, computed from any set of images.

Reference for the task: Isola et al., 2017, arXiv:1611.07004, section 4.3, where edges come from a
different detector.
"""

import numpy as np
import tensorflow as tf

from ganzoo.data.source import Info, Source
from ganzoo.errors import InputError

_BLOCK = 1000  # images processed at a time


class Edges(Source):
    """Pairs of edges and images, with the splits of the underlying set of images."""

    def __init__(self, images: Source):
        """Stores the set of images.

        Raises:
            InputError: If the set does not have images.
        """
        self._images, info = images, images.info
        if len(info.image_shape) != 3:
            raise InputError(f"edges:{info.name}: {info.name} has points, which have no edges.")
        self.info = Info(f"edges:{info.name}", info.split, info.num_examples, info.image_shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        y = self.arrays(limit)[0]
        x = np.empty_like(y)
        with tf.device("CPU"):
            for start in range(0, len(y), _BLOCK):
                x[start : start + _BLOCK] = edges(tf.constant(y[start : start + _BLOCK]))
        return {"x": x, "y": y}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self._images.arrays(limit)[0], None

    def batches(self, order):
        """See `Source.batches`."""
        return self._images.batches(order).map(
            lambda batch: {"x": edges(batch["real"]), "y": batch["real"]}, num_parallel_calls=2
        )

    def part(self, keep):
        """See `Source.part`."""
        return Edges(self._images.part(keep))


def edges(images):
    """Returns the norm of the Sobel gradient of grayscale images, bright edges on black.

    An edge between two uniform areas with gray levels a and b has the value |a - b|.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        uint8 (N, H, W, C), with equal channels.
    """
    gray = tf.reduce_mean(tf.cast(images, tf.float32), axis=-1, keepdims=True)
    gradient = tf.image.sobel_edges(gray) / 4.0  # (N, H, W, 1, 2)
    length = tf.minimum(tf.round(tf.norm(gradient, axis=-1)), 255.0)
    return tf.tile(tf.cast(length, tf.uint8), (1, 1, 1, images.shape[-1]))
