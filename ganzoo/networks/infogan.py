"""The networks of InfoGAN: convolutions, hidden dense layers in both networks, and Q as a head.

DCGAN's networks have no hidden dense layer, and Q would see only linear functions of small patches.

Departures from the paper: a tanh output for images in [-1, 1], where the paper has a sigmoid for
[0, 1]; and images of any size, with as many strided stages as DCGAN's networks have.

Reference: Chen et al., 2016, arXiv:1606.03657, appendix C.1.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.networks import mlp
from ganzoo.networks.dcgan import checked, cropped, filters, normal, smallest, stages

SLOPE = 0.1  # of the LeakyReLUs of D and Q


def pair(image_shape, width: int, latent_dim: int, codes, g_units: int) -> dict:
    """Returns a `generator` that starts with the layer `codes`, and a `discriminator` with Q.

    The generator's first dense layer has `g_units`, or 16 `width`, the paper's ratio, if that is 0.
    The size of the second layer, which has most of the generator's weights, is proportional to it.

    For points, (D,), both are multilayer perceptrons with 4 `width` units per layer, and `g_units`
    has no effect.
    """
    latents = keras.Input((latent_dim,), name="latents")
    if len(image_shape) == 1:
        plain = mlp.pair(image_shape, 4 * width, latent_dim)
        images = plain["discriminator"].input
        generated = plain["generator"](codes(latents))
        features = plain["discriminator"].layers[-2].output
    else:
        images = keras.Input(checked(image_shape), name="images")
        generated = rendered(codes(latents), image_shape, width, g_units or 16 * width)
        features = shared_features(images, width)
    return {
        "generator": keras.Model(latents, generated, name="generator"),
        "discriminator": keras.Model(images, heads(features, width, codes), name="discriminator"),
        "latent_dim": latent_dim,
    }


def rendered(x, image_shape, width: int, units: int):
    """Returns images (N, H, W, C) in [-1, 1] generated from codes and latents `x`."""
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


def shared_features(x, width: int):
    """Returns the features (N, 16 `width`) that D and Q share."""
    for stage, stride in enumerate(stages(x.shape[1:])):
        x = layers.Conv2D(
            filters(width, stage), 4, stride, "same", use_bias=not stage,
            kernel_initializer=normal(),
        )(x)  # fmt: skip
        x = normalized(x, SLOPE) if stage else layers.LeakyReLU(SLOPE)(x)
    return normalized(dense(16 * width)(layers.Flatten()(x)), SLOPE)


def heads(features, width: int, codes) -> list:
    """Returns D's logits (N, 1) and, after one more hidden layer, Q's output (N, codes.size)."""
    logits = layers.Dense(1, kernel_initializer=normal(), dtype="float32")(features)
    x = normalized(dense(2 * width)(features), SLOPE)
    q = layers.Dense(codes.size, kernel_initializer=normal(), name="codes", dtype="float32")(x)
    return [logits, q]


def normalized(x, slope: float = 0.0):
    """Returns features after batch normalization and (Leaky)ReLU."""
    x = gan_layers.BatchNormalization()(x)
    return layers.LeakyReLU(slope)(x) if slope else layers.ReLU()(x)


def dense(units: int):
    """Returns a dense layer without bias, as batch normalization follows it."""
    return layers.Dense(units, use_bias=False, kernel_initializer=normal())
