"""DCGAN as PyTorch's tutorial has it: transposed convolutions from a latent to an image.

The generator has `2^n` times 4 pixels and filters that halve at each scale. It differs from
`networks.dcgan` by its last layer, which enlarges and renders at once, as in the paper.

Reference: Radford et al., 2016, arXiv:1511.06434; its tutorial, with kernels of size 4.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers


def generator(size: int = 64, width: int = 64, channels: int = 3, latent_dim: int = 100):
    """Returns a network from latents (N, latent_dim) to images (N, size, size, channels).

    Args:
        size: Side of the images, 4 times a power of two.
        width: Filters of the last but one layer; doubled at each smaller scale.
        channels: Channels of the images.
        latent_dim: Dimension of the latents.
    """
    inputs = keras.Input((latent_dim,), name="latents")
    x = layers.Reshape((1, 1, latent_dim))(inputs)
    scales = size.bit_length() - 3
    for index in range(scales):
        filters = width * 2 ** (scales - 1 - index)
        options = {"strides": 2, "padding": "same"} if index else {}
        x = layers.Conv2DTranspose(
            filters, 4, use_bias=False, name=f"main.{3 * index}", **options
        )(x)  # fmt: skip
        x = layers.ReLU()(batch_norm(f"main.{3 * index + 1}")(x))
    x = layers.Conv2DTranspose(
        channels, 4, 2, "same", use_bias=False, activation="tanh", dtype="float32",
        name=f"main.{3 * scales}",
    )(x)  # fmt: skip
    return keras.Model(inputs, x, name="generator")


def discriminator(size: int = 64, width: int = 64, channels: int = 3):
    """Returns a network from images to logits (N, 1); the tutorial's last sigmoid is left out."""
    inputs = keras.Input((size, size, channels), name="images")
    scales = size.bit_length() - 3
    x, place = inputs, 0
    for index in range(scales):
        x = layers.Conv2D(
            width * 2**index, 4, 2, "same", use_bias=False, name=f"main.{place}"
        )(x)  # fmt: skip
        place += 1
        if index:
            x = batch_norm(f"main.{place}")(x)
            place += 1
        x = layers.LeakyReLU(0.2)(x)
        place += 1
    x = layers.Conv2D(1, 4, use_bias=False, dtype="float32", name=f"main.{place}")(x)
    return keras.Model(inputs, layers.Flatten(dtype="float32")(x), name="discriminator")


def batch_norm(name: str):
    """Returns batch normalization with PyTorch's constants."""
    return gan_layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=name)
