"""The residual networks of R3GAN: no normalization, initialized as the identity.

A residual block has a 1 x 1, a 3 x 3 and a 1 x 1 convolution with LeakyReLU between them, and
biases only before the activations. Its last kernel starts at zero (Fixup initialization); the
others are scaled down with the depth of the network. Resampling is bilinear, outside the blocks.

With `group_size` the 3 x 3 convolutions are the paper's, which have twice the width of the block,
in groups of 16 channels; without, they are not grouped and as wide as the block, which is faster on
a CPU. Small images have fewer scales, each with two blocks, as in the paper.

Reference: Huang et al., 2024, arXiv:2501.05441, section 4; Zhang et al., 2019, arXiv:1901.09321.
"""

import keras
from keras import layers

from ganzoo.errors import InputError
from ganzoo.layers import GroupedConv2D
from ganzoo.networks import dcgan, mlp

BLOCKS = 2  # residual blocks per scale


def generator(
    image_shape, width: int = 64, latent_dim: int = 64, group_size: int | None = None
):  # fmt: skip
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C), without a tanh."""
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    rows, columns = dcgan.smallest(image_shape)
    inputs = keras.Input((latent_dim,), name="latents")
    depth = BLOCKS * (len(strides) + 1)
    x = layers.Dense(rows * columns * width, use_bias=False)(inputs)
    x = layers.Reshape((rows, columns, width))(x)  # the paper multiplies Wz by a learned basis
    for stride in [None, *reversed(strides)]:
        x = layers.UpSampling2D(stride, interpolation="bilinear")(x) if stride else x
        x = _blocks(x, width, depth, group_size)
    x = layers.Conv2D(channels, 1, dtype="float32")(x)
    x = dcgan.cropped(x, image_shape)
    return keras.Model(inputs, x, name="generator")


def discriminator(image_shape, width: int = 64, group_size: int | None = None):
    """Returns a network from images (N, H, W, C) to logits (N, 1)."""
    inputs = keras.Input(dcgan.checked(image_shape), name="images")
    strides = dcgan.stages(image_shape)
    depth = BLOCKS * (len(strides) + 1)
    x = _blocks(layers.Conv2D(width, 1)(inputs), width, depth, group_size)
    for stride in strides:
        x = layers.AveragePooling2D(stride, padding="same")(x)
        x = _blocks(x, width, depth, group_size)
    x = layers.DepthwiseConv2D(x.shape[1:3], use_bias=False)(x)
    outputs = layers.Dense(1, use_bias=False, dtype="float32")(layers.Flatten()(x))
    return keras.Model(inputs, outputs, name="discriminator")


def pair(
    image_shape, width: int = 64, latent_dim: int = 64, group_size: int | None = None
) -> dict:  # fmt: skip
    """Returns a matching `generator` and `discriminator`; for points, multilayer perceptrons."""
    if len(image_shape) == 1:
        return mlp.pair(image_shape, 2 * width, latent_dim)
    return {
        "generator": generator(image_shape, width, latent_dim, group_size),
        "discriminator": discriminator(image_shape, width, group_size),
        "latent_dim": latent_dim,
    }


def _blocks(x, width: int, depth: int, group_size: int | None):
    scaled = keras.initializers.VarianceScaling(2.0 / depth**0.5, distribution="truncated_normal")
    inner, groups = width, 1
    if group_size:
        inner, groups = 2 * width, 2 * width // group_size
        if inner % group_size:
            raise InputError(
                f"group_size must divide twice the width, {inner}, got {group_size}: try 16 with a "
                "width that is a multiple of 8."
            )
    conv = GroupedConv2D if groups > 1 else layers.Conv2D
    for _ in range(BLOCKS):
        y = layers.LeakyReLU(0.2)(layers.Conv2D(inner, 1, kernel_initializer=scaled)(x))
        y = conv(inner, 3, padding="same", groups=groups, kernel_initializer=scaled)(y)
        y = layers.LeakyReLU(0.2)(y)
        y = layers.Conv2D(width, 1, use_bias=False, kernel_initializer="zeros")(y)
        x = layers.Add()([x, y])
    return x
