"""The networks of BigGAN at small scale: class embedding and latents enter every block.

They differ from SNGAN's residual networks by filters that double toward the smallest scale;
conditional batch normalization by a vector, which consists of the class embedding that all blocks
share and of the block's own part of the latents; spectral normalization in both networks;
self-attention at half the image size; and orthogonal initialization.

Reference: Brock et al., 2019, arXiv:1809.11096, section 3.1 and appendix B.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError
from ganzoo.networks import dcgan


def generator(image_shape, num_classes: int, width: int = 32, latent_dim: int = 120):
    """Returns a network from [latents (N, latent_dim), labels (N,)] to images (N, H, W, C).

    Raises:
        InputError: If the latents cannot be split evenly between the first layer and the blocks.
    """
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    shares = len(strides) + 1
    if latent_dim % shares:
        raise InputError(
            f"expected a latent_dim divisible by {shares}, one part for the first layer and one "
            f"for each block, got {latent_dim}."
        )
    rows, columns = dcgan.smallest(image_shape)
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), name="labels", dtype="int32")
    first, *shared = ops.split(latents, shares, axis=-1)
    label = layers.Embedding(num_classes, 128)(labels)
    depth = dcgan.filters(width, len(strides))
    x = _dense(rows * columns * depth)(layers.Concatenate()([first, label]))
    x = layers.Reshape((rows, columns, depth))(x)
    for stage, stride in reversed(list(enumerate(strides))):
        condition = layers.Concatenate()([shared[stage], label])
        filters = dcgan.filters(width, stage)
        # Batch normalization follows every sum, so biases would have no effect.
        shortcut = _conv(filters, 1, bias=False)(layers.UpSampling2D(stride)(x))
        x = layers.ReLU()(gan_layers.ConditionalBatchNormalization()([x, condition]))
        x = _conv(filters, bias=False)(layers.UpSampling2D(stride)(x))
        x = layers.ReLU()(gan_layers.ConditionalBatchNormalization()([x, condition]))
        x = layers.Add()([_conv(filters, bias=False)(x), shortcut])
        if stage == 1:
            x = gan_layers.SelfAttention()(x)
    x = layers.ReLU()(gan_layers.BatchNormalization()(x))
    x = gan_layers.SpectralConv2D(
        channels, 3, padding="same", activation="tanh", kernel_initializer="orthogonal",
        dtype="float32",
    )(x)  # fmt: skip
    x = dcgan.cropped(x, image_shape)
    return keras.Model([latents, labels], x, name="generator")


def discriminator(image_shape, num_classes: int, width: int = 32):
    """Returns a network from [images, labels (N,)] to logits (N, 1), with a projection layer."""
    images = keras.Input(dcgan.checked(image_shape), name="images")
    labels = keras.Input((), name="labels", dtype="int32")
    x, strides = images, dcgan.stages(image_shape)
    for stage, stride in enumerate([*strides, (1, 1)]):
        filters = dcgan.filters(width, stage)
        shortcut = x
        x = _conv(filters)(layers.ReLU()(x) if stage else x)
        x = _conv(filters)(layers.ReLU()(x))
        if stride != (1, 1):
            x = layers.AveragePooling2D(stride, padding="same")(x)
            shortcut = layers.AveragePooling2D(stride, padding="same")(shortcut)
        if shortcut.shape[-1] != filters:
            shortcut = _conv(filters, 1)(shortcut)
        x = layers.Add()([x, shortcut])
        if not stage:
            x = gan_layers.SelfAttention()(x)
    x = layers.ReLU()(x)
    positions = x.shape[1] * x.shape[2]
    x = layers.Rescaling(float(positions), dtype="float32")(  # turns the mean into a sum
        layers.GlobalAveragePooling2D(dtype="float32")(x)
    )
    outputs = gan_layers.Projection(num_classes)([x, labels])
    return keras.Model([images, labels], outputs, name="discriminator")


def pair(image_shape, num_classes: int, width: int = 32, latent_dim: int = 120) -> dict:
    """Returns a matching `generator` and `discriminator`."""
    return {
        "generator": generator(image_shape, num_classes, width, latent_dim),
        "discriminator": discriminator(image_shape, num_classes, width),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }


def _conv(filters, kernel=3, bias=True):
    return gan_layers.SpectralConv2D(
        filters, kernel, padding="same", use_bias=bias, kernel_initializer="orthogonal"
    )


def _dense(units):
    return gan_layers.SpectralDense(units, kernel_initializer="orthogonal")
