"""Multilayer perceptrons: the networks of the original GAN, and of all variants for points."""

import math

import keras
from keras import layers


def generator(image_shape, width: int = 256, latent_dim: int = 128, depth: int = 2):
    """Returns a network from latents (N, latent_dim) to images (N, *image_shape).

    The output has a tanh for images (rank 3) and is linear for points (rank 1).
    """
    image_shape = tuple(image_shape)
    inputs = x = keras.Input((latent_dim,), name="latents")
    for _ in range(depth):
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
    final = "tanh" if len(image_shape) == 3 else None
    x = layers.Dense(math.prod(image_shape), activation=final, dtype="float32")(x)
    outputs = layers.Reshape(image_shape, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="generator")


def discriminator(image_shape, width: int = 256, depth: int = 2):
    """Returns a network from images (N, *image_shape) to logits (N, 1)."""
    inputs = x = keras.Input(tuple(image_shape), name="images")
    x = layers.Flatten()(x)
    for _ in range(depth):
        x = layers.Dense(width, kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(0.2)(x)
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def pair(image_shape, width: int = 256, latent_dim: int = 128) -> dict:
    """Returns a matching `generator` and `discriminator`."""
    return {
        "generator": generator(image_shape, width, latent_dim),
        "discriminator": discriminator(image_shape, width),
        "latent_dim": latent_dim,
    }
