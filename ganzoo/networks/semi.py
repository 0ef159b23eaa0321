"""The multilayer perceptrons of the semi-supervised GAN, with noise in every layer of D.

D has weight normalization, and no batch normalization. The lengths of its hidden weights are fixed,
as in the authors' code, so that the noise keeps its relative strength. The authors' code computes
the lengths from a first batch, such that the outputs have variance 1; here they are a constant,
with the same result for inputs that are a rectified standard normal (variance 0.34) plus noise
(variance 0.25).

Reference: Salimans et al., 2016, arXiv:1606.03498, section 5 and the authors' code for MNIST.
"""

import math

import keras
from keras import layers

from ganzoo.layers import WeightNormDense

WIDTHS = (4, 2, 1, 1, 1)  # of D's layers, in units of `width`
LENGTH = 1.3  # of D's hidden weights: inputs with variance 0.59 give outputs with variance 1


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
    normal = keras.initializers.RandomNormal(stddev=0.1)
    for index, units in enumerate(WIDTHS):
        last = index == len(WIDTHS) - 1
        x = WeightNormDense(
            units * width, LENGTH, train_length=False, activation="relu",
            kernel_initializer=normal, name="features" if last else None,
        )(x)  # fmt: skip
        features = x
        x = layers.GaussianNoise(0.5)(x)
    logits = WeightNormDense(
        num_classes, kernel_initializer=normal, name="logits", dtype="float32"
    )(x)
    features = layers.Identity(dtype="float32")(features)
    return keras.Model(inputs, [logits, features], name="discriminator")


def pair(image_shape, num_classes: int, width: int = 250, latent_dim: int = 100) -> dict:
    """Returns a matching `generator` and `discriminator`."""
    return {
        "generator": generator(image_shape, width, latent_dim),
        "discriminator": discriminator(image_shape, num_classes, width),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }
