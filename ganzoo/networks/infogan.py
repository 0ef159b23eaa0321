"""The networks of InfoGAN: convolutions with a dense layer on either side, and Q as a second head.

DCGAN's have no hidden dense layer: what Q reads off there is a linear function of small patches.

Departures from the paper: tanh on images in [-1, 1], where it has a sigmoid on [0, 1]; and any size
of image, by as many strided stages as DCGAN's networks have.

Reference: Chen et al., 2016, arXiv:1606.03657, appendix C.1.
"""

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.networks import mlp
from ganzoo.networks.dcgan import checked, cropped, filters, normal, smallest, stages

SLOPE = 0.1  # of the leaky rectifiers of D and Q


def pair(image_shape, width: int, latent_dim: int, codes, g_units: int) -> dict:
    """Returns a `generator` that begins with the layer `codes`, and a `discriminator` with Q.

    The generator's first dense layer has `g_units`; 16 `width`, the paper's ratio, if that is 0.
    The second, which holds most of the generator's weights, grows with them.

    For points, (D,), they are perceptrons of 4 `width` units, and `g_units` means nothing.
    """
    latents = keras.Input((latent_dim,), name="latents")
    if len(image_shape) == 1:
        plain = mlp.pair(image_shape, 4 * width, latent_dim)
        images = plain["discriminator"].input
        made = plain["generator"](codes(latents))
        features = plain["discriminator"].layers[-2].output
    else:
        images = keras.Input(checked(image_shape), name="images")
        made = rendered(codes(latents), image_shape, width, g_units or 16 * width)
        features = seen(images, width)
    return {
        "generator": keras.Model(latents, made, name="generator"),
        "discriminator": keras.Model(images, heads(features, width, codes), name="discriminator"),
        "latent_dim": latent_dim,
    }


def rendered(x, image_shape, width: int, units: int):
    """Returns images (N, H, W, C) in [-1, 1] of latents and codes."""
    strides = stages(image_shape)
    rows, columns = smallest(image_shape)
    depth = filters(width, len(strides) - 1)
    x = normalized(dense(units)(x))
    x = normalized(dense(rows * columns * depth)(x))
    x = layers.Reshape((rows, columns, depth))(x)
    for stage in reversed(range(1, len(strides))):
        x = layers.Conv2DTranspose(
            filters(width, stage - 1), 4, strides[stage], "same", use_bias=False,
            kernel_initializer=normal(),
        )(x)  # fmt: skip
        x = normalized(x)
    x = layers.Conv2DTranspose(
        image_shape[-1], 4, strides[0], "same", activation="tanh", kernel_initializer=normal(),
        dtype="float32",
    )(x)  # fmt: skip
    return cropped(x, image_shape)


def seen(x, width: int):
    """Returns the features (N, 16 `width`) of images that D and Q share."""
    for stage, stride in enumerate(stages(x.shape[1:])):
        x = layers.Conv2D(
            filters(width, stage), 4, stride, "same", use_bias=not stage,
            kernel_initializer=normal(),
        )(x)  # fmt: skip
        x = normalized(x, SLOPE) if stage else layers.LeakyReLU(SLOPE)(x)
    return normalized(dense(16 * width)(layers.Flatten()(x)), SLOPE)


def heads(features, width: int, codes) -> list:
    """Returns D's logits (N, 1), and what Q, of one more layer, says of the codes (N, size)."""
    logits = layers.Dense(1, kernel_initializer=normal(), dtype="float32")(features)
    x = normalized(dense(2 * width)(features), SLOPE)
    said = layers.Dense(codes.size, kernel_initializer=normal(), name="codes", dtype="float32")(x)
    return [logits, said]


def normalized(x, slope: float = 0.0):
    """Returns features, normalised over the batch and rectified."""
    x = own.BatchNormalization()(x)
    return layers.LeakyReLU(slope)(x) if slope else layers.ReLU()(x)


def dense(units: int):
    """Returns a dense layer that a normalisation follows."""
    return layers.Dense(units, use_bias=False, kernel_initializer=normal())
