"""Encoders, to use with DCGAN's generators as decoders, and discriminators of codes.

Reference: Kingma & Welling, 2014, arXiv:1312.6114; Larsen et al., 2016, arXiv:1512.09300, table 1,
whose encoder is a strided convolutional network with batch normalization.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.networks import dcgan, mlp


def encoder(image_shape, width: int = 32, latent_dim: int = 128, heads=("mean", "log_variance")):
    """Returns a network from images to [means, log-variances], both (N, latent_dim) in float32.

    With a single one of `heads` it returns that alone. Its convolutions are those of DCGAN's
    discriminator. For points, (D,), it is a multilayer perceptron with 4 `width` units per layer.
    """
    inputs = keras.Input(tuple(image_shape), name="images")
    x = inputs
    if len(image_shape) == 1:
        for _ in range(2):
            x = layers.Dense(4 * width, activation="relu")(x)
    else:
        for stage, stride in enumerate(dcgan.stages(dcgan.checked(image_shape))):
            filters = dcgan.filters(width, stage)
            x = layers.Conv2D(filters, 4, stride, padding="same", use_bias=not stage)(x)
            x = layers.LeakyReLU(0.2)(gan_layers.BatchNormalization()(x) if stage else x)
        x = layers.Flatten()(x)
    outputs = [layers.Dense(latent_dim, dtype="float32", name=name)(x) for name in heads]
    return keras.Model(inputs, outputs if len(heads) > 1 else outputs[0], name="encoder")


def decoder(image_shape, width: int = 32, latent_dim: int = 128):
    """Returns DCGAN's generator; for points, a multilayer perceptron with 4 `width` units."""
    if len(image_shape) == 1:
        return mlp.generator(image_shape, 4 * width, latent_dim)
    return dcgan.generator(image_shape, width, latent_dim)


def pair(image_shape, width: int = 32, latent_dim: int = 128) -> dict:
    """Returns an `encoder` and a `decoder` as the generator side, and no discriminator."""
    side = {
        "encoder": encoder(image_shape, width, latent_dim),
        "decoder": decoder(image_shape, width, latent_dim),
    }
    return {"generator": side, "discriminator": None, "latent_dim": latent_dim}


def with_features(image_shape, width: int = 32):
    """Returns a network from images to [logits (N, 1), features of a hidden layer (N, ...)].

    The features are the outputs of the last convolution, before its normalization. For points, they
    are the outputs of the first layer of a multilayer perceptron.
    """
    inputs = keras.Input(tuple(image_shape), name="images")
    x = features = inputs
    if len(image_shape) == 1:
        features = layers.Dense(4 * width)(x)
        x = layers.LeakyReLU(0.2)(layers.Dense(4 * width)(layers.LeakyReLU(0.2)(features)))
    else:
        for stage, stride in enumerate(dcgan.stages(dcgan.checked(image_shape))):
            filters = dcgan.filters(width, stage)
            features = layers.Conv2D(
                filters, 4, stride, "same", use_bias=not stage, kernel_initializer=dcgan.normal()
            )(x)
            x = gan_layers.BatchNormalization()(features) if stage else features
            x = layers.LeakyReLU(0.2)(x)
        x = layers.Flatten()(x)
    outputs = layers.Dense(1, kernel_initializer=dcgan.normal(), dtype="float32")(x)
    return keras.Model(inputs, [outputs, features], name="discriminator")


def of_codes(latent_dim: int = 128, width: int = 32):
    """Returns a multilayer perceptron with 8 `width` units from codes (N, latent_dim) to logits."""
    return mlp.discriminator((latent_dim,), 8 * width)
