"""AlignedUpSampling2D: twice the size by bilinear interpolation, corners on corners."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class AlignedUpSampling2D(layers.Layer):
    """Doubles both sides of maps; the corner pixels stay where they are.

    Keras' `UpSampling2D` takes pixels as areas, so that the border is repeated; this takes them as
    points, as PyTorch does with `align_corners=True`.

    Input: (N, H, W, C). Output: (N, 2 H, 2 W, C).
    """

    def call(self, x):
        """Returns the larger maps."""
        rows, columns = (ops.cast(_weights(side), x.dtype) for side in x.shape[1:3])
        x = ops.einsum("yh,nhwc->nywc", rows, x)
        return ops.einsum("xw,nywc->nyxc", columns, x)

    def compute_output_shape(self, input_shape):
        """Returns the shape with both sides doubled."""
        batch, height, width, channels = input_shape
        return (batch, 2 * height, 2 * width, channels)


def _weights(side: int) -> np.ndarray:
    """Returns how much of each pixel goes into each of twice as many, (2 side, side)."""
    places = np.linspace(0, side - 1, 2 * side)[:, None]
    return np.maximum(0.0, 1.0 - np.abs(places - np.arange(side))).astype("float32")
