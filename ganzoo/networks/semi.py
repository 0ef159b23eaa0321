"""The perceptrons of the semi-supervised GAN: noise in every layer of D, and no batch statistics.

The lengths of D's hidden weights are held, as in the authors' code, so that the noise keeps its
weight. There they are those with which the outputs of a first batch have variance one; here one
number, which gives the same for units that are a rectified normal (variance 0.34) and noise (0.25).

Reference: Salimans et al., 2016, arXiv:1606.03498, section 5 and the authors' code for MNIST.
"""

import math

import keras
from keras import layers

from ganzoo.layers import WeightNormDense

WIDTHS = (4, 2, 1, 1, 1)  # of D's layers, in units of `width`
LENGTH = 1.3  # of D's hidden weights; inputs of variance 0.59 then have outputs of variance 1


def generator(image_shape, width: int = 250, latent_dim: int = 100):
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C) in [-1, 1]."""
    inputs = x = keras.Input((latent_dim,), name="latents")
    for _ in range(2):
        x = layers.Dense(2 * width, use_bias=False)(x)
        x = layers.Activation("softplus")(layers.BatchNormalization(scale=False)(x))
    last = "tanh" if len(image_shape) == 3 else None
    x = WeightNormDense(math.prod(image_shape), activation=last, dtype="float32")(x)
    return keras.Model(inputs, layers.Reshape(tuple(image_shape))(x), name="generator")


def discriminator(image_shape, num_classes: int, width: int = 250):
    """Returns a network from images to [class logits (N, K), features (N, `width`)]."""
    inputs = keras.Input(tuple(image_shape), name="images")
    x = layers.GaussianNoise(0.6)(layers.Flatten()(inputs))  # 0.3 of the paper's [0, 1]
    start = keras.initializers.RandomNormal(stddev=0.1)
    for place, units in enumerate(WIDTHS):
        last = place == len(WIDTHS) - 1
        x = WeightNormDense(
            units * width, LENGTH, train_length=False, activation="relu",
            kernel_initializer=start, name="features" if last else None,
        )(x)  # fmt: skip
        seen = x
        x = layers.GaussianNoise(0.5)(x)
    logits = WeightNormDense(num_classes, kernel_initializer=start, name="logits", dtype="float32")(
        x
    )
    seen = layers.Identity(dtype="float32")(seen)
    return keras.Model(inputs, [logits, seen], name="discriminator")


def pair(image_shape, num_classes: int, width: int = 250, latent_dim: int = 100) -> dict:
    """Returns a `generator` and a `discriminator` for each other."""
    return {
        "generator": generator(image_shape, width, latent_dim),
        "discriminator": discriminator(image_shape, num_classes, width),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }
