"""The discriminator of BiGAN and ALI, which judges pairs of an image and a code.

Reference: Donahue et al., 2017, arXiv:1605.09782, appendix C; Dumoulin et al., 2017,
arXiv:1606.00704, tables 3 to 6: images and codes go through networks of their own, and what comes
out of both is joined by fully connected layers.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.networks import dcgan, vae


def discriminator(image_shape, width: int = 32, latent_dim: int = 64):
    """Returns a network from [images (N, H, W, C), codes (N, latent_dim)] to logits (N, 1).

    Images go through the convolutions of DCGAN's discriminator, codes through two layers of 8
    `width` units. For points, (D,), each goes through one layer of 4 `width` units.
    """
    inputs = [keras.Input(tuple(image_shape), name="images"), keras.Input((latent_dim,), name="z")]
    images, codes = inputs
    if len(image_shape) == 1:
        images, codes = dense(images, 4 * width), dense(codes, 4 * width)
    else:
        for stage, stride in enumerate(dcgan.stages(dcgan.checked(image_shape))):
            images = layers.Conv2D(
                dcgan.filters(width, stage), 4, stride, "same", use_bias=not stage,
                kernel_initializer=dcgan.normal(),
            )(images)  # fmt: skip
            images = gan_layers.BatchNormalization()(images) if stage else images
            images = layers.LeakyReLU(0.2)(images)
        images = layers.Flatten()(images)
        codes = dense(dense(codes, 8 * width), 8 * width)
    x = dense(layers.Concatenate()([images, codes]), 8 * width)
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def dense(x, units: int):
    """Returns the output of a fully connected layer with a leaky ReLU."""
    return layers.LeakyReLU(0.2)(layers.Dense(units, kernel_initializer="he_normal")(x))


def pair(image_shape, width: int = 32, latent_dim: int = 64, stochastic: bool = False) -> dict:
    """Returns an `encoder` and a `decoder` as the generator side, and the discriminator."""
    heads = ("mean", "log_variance") if stochastic else ("mean",)
    side = {
        "encoder": vae.encoder(image_shape, width, latent_dim, heads),
        "decoder": vae.decoder(image_shape, width, latent_dim),
    }
    critic = discriminator(image_shape, width, latent_dim)
    return {"generator": side, "discriminator": critic, "latent_dim": latent_dim}
