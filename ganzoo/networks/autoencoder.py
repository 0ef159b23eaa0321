"""Autoencoders as discriminators, and the generators to go with them.

Reference: Berthelot et al., 2017, arXiv:1703.10717, figure 1; Zhao et al., 2016, arXiv:1609.03126.
"""

import keras
from keras import layers

from ganzoo.errors import unknown
from ganzoo.networks import dcgan, mlp


def decoder(image_shape, width: int = 32, latent_dim: int = 64, name: str = "generator"):
    """Returns a network from codes (N, latent_dim) to images (N, H, W, C), without normalization.

    It has two 3 x 3 convolutions with ELU at each scale, and nearest-neighbor upsampling between
    scales. The output is linear, since a reconstruction must be able to reach the range's ends.
    """
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    rows, columns = dcgan.smallest(image_shape)
    inputs = keras.Input((latent_dim,), name="codes")
    x = layers.Reshape((rows, columns, width))(layers.Dense(rows * columns * width)(inputs))
    for stride in [None, *reversed(strides)]:
        x = layers.UpSampling2D(stride)(x) if stride else x
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", activation="elu")(x)
    x = layers.Conv2D(channels, 3, padding="same", dtype="float32")(x)
    x = dcgan.cropped(x, image_shape)
    return keras.Model(inputs, x, name=name)


def autoencoder(image_shape, width: int = 32, latent_dim: int = 64):
    """Returns a network from images (N, H, W, C) to [reconstructions, codes (N, latent_dim)].

    The encoder has two 3 x 3 convolutions with ELU at each scale, with `width` more filters at each
    next scale, and downsamples by strides. For the decoder see `decoder`.
    """
    inputs = keras.Input(dcgan.checked(image_shape), name="images")
    x = layers.Conv2D(width, 3, padding="same", activation="elu")(inputs)
    strides = dcgan.stages(image_shape)
    for stage, stride in enumerate([*strides, (1, 1)]):
        filters = width * (stage + 1)
        x = layers.Conv2D(filters, 3, padding="same", activation="elu")(x)
        x = layers.Conv2D(filters, 3, stride, padding="same", activation="elu")(x)
    code = layers.Dense(latent_dim, dtype="float32")(layers.Flatten()(x))
    images = decoder(image_shape, width, latent_dim, name="decoder")(code)
    return keras.Model(inputs, [images, code], name="discriminator")


def strided(image_shape, width: int = 32, latent_dim: int = 64):
    """Returns an autoencoder like `autoencoder`, but with DCGAN's networks.

    The encoder is DCGAN's discriminator with a code in place of the logit; the decoder is DCGAN's
    generator.
    """
    encoder = dcgan.discriminator(image_shape, width, heads={"code": latent_dim})
    code = encoder.get_layer("code").output
    decoder = dcgan.generator(image_shape, width, latent_dim)
    return keras.Model(encoder.input, [decoder(code), code], name="discriminator")


def points(dim: int, width: int = 128, latent_dim: int = 64):
    """Returns an autoencoder of points (N, dim), made of dense layers."""
    inputs = keras.Input((dim,), name="images")
    x = layers.Dense(width, activation="elu")(inputs)
    code = layers.Dense(latent_dim, dtype="float32")(x)
    x = layers.Dense(width, activation="elu")(code)
    return keras.Model(inputs, [layers.Dense(dim, dtype="float32")(x), code], name="discriminator")


def pair(image_shape, width: int = 32, latent_dim: int = 64, convolutions: str = "elu") -> dict:
    """Returns a `generator` and an autoencoder as `discriminator`; for points, dense networks.

    Args:
        image_shape: (H, W, C), or (D,) for points.
        width: Filters of the layers at full image size.
        latent_dim: Dimensions of the latents and of the code.
        convolutions: `"elu"` for 3 x 3 convolutions with ELU, nearest-neighbor upsampling and no
            normalization, as in BEGAN; or `"strided"` for DCGAN's networks, with batch
            normalization, as in EBGAN.
    """
    kinds = {"elu": (decoder, autoencoder), "strided": (dcgan.generator, strided)}
    if convolutions not in kinds:
        raise unknown("convolutions", convolutions, kinds)
    if len(image_shape) == 1:
        return mlp.pair(image_shape, 4 * width, latent_dim) | {
            "discriminator": points(image_shape[0], 4 * width, latent_dim)
        }
    make_generator, make_discriminator = kinds[convolutions]
    return {
        "generator": make_generator(image_shape, width, latent_dim),
        "discriminator": make_discriminator(image_shape, width, latent_dim),
        "latent_dim": latent_dim,
    }
