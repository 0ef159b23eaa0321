"""SRGAN's generator: four times as many pixels a side.

Reference: Ledig et al., 2017, arXiv:1609.04802, figure 4.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers


def generator(size: int = 64, width: int = 64, blocks: int = 16, channels: int = 3):
    """Returns a network from images (N, size, size, C) to (N, 4 size, 4 size, C), in [-1, 1].

    Args:
        size: Side of the small images; the weights fit any.
        width: Filters.
        blocks: Residual blocks.
        channels: Channels of the images.
    """
    place = 0

    def conv(x, filters, kernel=3, **options):
        nonlocal place
        name = f"conv2d_{place}" if place else "conv2d"
        place += 1
        return layers.Conv2D(filters, kernel, padding="same", name=name, **options)(x)

    def norm(x):  # one after each convolution but the first
        name = f"batch_normalization_{place - 2}" if place > 2 else "batch_normalization"
        return gan_layers.BatchNormalization(epsilon=1e-3, momentum=0.8, name=name)(x)

    def relu(x, index):
        name = f"p_re_lu_{index}" if index else "p_re_lu"
        return layers.PReLU(shared_axes=(1, 2), name=name)(x)

    inputs = keras.Input((size, size, channels), name="images")
    x = layers.Rescaling(0.5, 0.5)(inputs)  # the small images are in [0, 1]
    x = first = relu(conv(x, width, 9), 0)
    for block in range(blocks):
        y = relu(norm(conv(x, width)), block + 1)
        x = layers.Add()([x, norm(conv(y, width))])
    x = layers.Add()([first, norm(conv(x, width))])
    for index in (1, 2):
        x = relu(gan_layers.PixelShuffle(2)(conv(x, 4 * width)), blocks + index)
    x = conv(x, channels, 9, activation="tanh", dtype="float32")
    return keras.Model(inputs, x, name="generator")
