"""ProGAN's generator, as it was grown to its last size.

Reference: Karras et al., 2018, arXiv:1710.10196, table 2.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers


def generator(widths=(512, 512, 512, 512, 256, 128), channels: int = 3, latent_dim: int = 512):
    """Returns a network from latents (N, latent_dim) to images in [-1, 1].

    The learning rates of its layers are not equalized: the factors are part of the kernels.

    Args:
        widths: Filters of each scale, from 4 pixels up.
        channels: Channels of the images.
        latent_dim: Dimension of the latents.
    """
    inputs = keras.Input((latent_dim,), name="latents")
    x = layers.Reshape((1, 1, latent_dim))(gan_layers.PixelNorm()(inputs))
    x = layers.ZeroPadding2D(3)(x)
    for scale, filters in enumerate(widths):
        for index in (0, 1):
            if scale and not index:
                x = layers.UpSampling2D(2)(x)
            first = not scale and not index
            x = layers.Conv2D(
                filters, 4 if first else 3, padding="valid" if first else "same",
                name=f"res_{scale}.conv{index}",
            )(x)  # fmt: skip
            x = gan_layers.PixelNorm()(layers.LeakyReLU(0.2)(x))
    x = layers.Conv2D(channels, 1, dtype="float32", name="to_rgb")(x)
    return keras.Model(inputs, ops.clip(x, -1.0, 1.0), name="generator")
