"""`edges:NAME`: pairs made on the fly from any set of images, its Sobel edges `x` and itself `y`.

Reference for the task: Isola et al., 2017, arXiv:1611.07004, section 4.3, whose edges are another
detector's.
"""

import numpy as np
import tensorflow as tf

from ganzoo.data.source import Info, Source
from ganzoo.errors import InputError

_BLOCK = 1000  # images at a time


class Edges(Source):
    """A set of pairs of edges and images; it has the splits of the set that it is made of."""

    def __init__(self, images: Source):
        """Takes the set of images.

        Raises:
            InputError: If they are none.
        """
        self._images, of = images, images.info
        if len(of.image_shape) != 3:
            raise InputError(f"edges:{of.name}: {of.name} has points, which have no edges.")
        self.info = Info(f"edges:{of.name}", of.split, of.num_examples, of.image_shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        y = self.arrays(limit)[0]
        x = np.empty_like(y)
        with tf.device("CPU"):
            for start in range(0, len(y), _BLOCK):
                x[start : start + _BLOCK] = edges(tf.constant(y[start : start + _BLOCK]))
        return {"x": x, "y": y}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, which a translation is to look like."""
        return self._images.arrays(limit)[0], None

    def batches(self, order):
        """See `Source.batches`."""
        return self._images.batches(order).map(
            lambda batch: {"x": edges(batch["real"]), "y": batch["real"]}, num_parallel_calls=2
        )


def edges(images):
    """Returns the length of the Sobel gradient of the grey levels, light on dark.

    A step between two even areas of grey levels a and b gives |a - b|.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        uint8 (N, H, W, C), the channels equal.
    """
    grey = tf.reduce_mean(tf.cast(images, tf.float32), axis=-1, keepdims=True)
    gradient = tf.image.sobel_edges(grey) / 4.0  # (N, H, W, 1, 2)
    length = tf.minimum(tf.round(tf.norm(gradient, axis=-1)), 255.0)
    return tf.tile(tf.cast(length, tf.uint8), (1, 1, 1, images.shape[-1]))
