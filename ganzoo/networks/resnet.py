"""The residual networks of SNGAN, for images from 8 to 256 pixels a side.

Each block has two 3 x 3 convolutions and a shortcut. G starts from a map of 4 to 7 pixels a side
and upsamples it in each block by nearest neighbors, with batch normalization, which is conditional
if there are classes. D downsamples by average pooling to about 8 pixels, has two more blocks at
that size, and sums the features over all positions. All blocks have `width` filters; for 32 pixels
the paper has 256 in G and 128 in D.

Reference: Miyato et al., 2018, arXiv:1802.05957, table 4.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.networks import dcgan, mlp


def generator(
    image_shape, width: int = 64, latent_dim: int = 128, num_classes: int | None = None,
    spectral: bool = False, attention: bool = False,
):  # fmt: skip
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C) in [-1, 1].

    Args:
        image_shape: (H, W, C).
        width: Filters of every block.
        latent_dim: Dimensions of the Gaussian latents.
        num_classes: Number of classes. If given, the inputs are [latents, labels (N,)].
        spectral: Whether kernels are spectrally normalized, as in SAGAN.
        attention: Whether to add self-attention before the last block.
    """
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    rows, columns = dcgan.smallest(image_shape)
    inputs = x = keras.Input((latent_dim,), name="latents")
    label = None
    if num_classes:
        label = keras.Input((), name="labels", dtype="int32")
        inputs = [x, label]
    conv, dense = dcgan.kinds(spectral)

    def normalized(x):
        if label is None:
            return layers.ReLU()(gan_layers.BatchNormalization()(x))
        return layers.ReLU()(gan_layers.ConditionalBatchNormalization(num_classes)([x, label]))

    x = layers.Reshape((rows, columns, width))(dense(rows * columns * width)(x))
    for block, stride in enumerate(reversed(strides)):
        if attention and block == len(strides) - 1:
            x = gan_layers.SelfAttention()(x)
        # Batch normalization follows every sum, so biases would have no effect.
        shortcut = conv(width, 1, use_bias=False)(layers.UpSampling2D(stride)(x))
        x = layers.UpSampling2D(stride)(normalized(x))
        x = conv(width, 3, padding="same", use_bias=False)(x)
        x = conv(width, 3, padding="same", use_bias=False)(normalized(x))
        x = layers.Add()([x, shortcut])
    x = layers.ReLU()(gan_layers.BatchNormalization()(x))
    x = conv(channels, 3, padding="same", activation="tanh", dtype="float32")(x)
    x = dcgan.cropped(x, image_shape)
    return keras.Model(inputs, x, name="generator")


def discriminator(
    image_shape, width: int = 64, num_classes: int | None = None, spectral: bool = True,
    attention: bool = False,
):  # fmt: skip
    """Returns a network from images (N, H, W, C) to logits (N, 1).

    Args:
        image_shape: (H, W, C).
        width: Filters of every block.
        num_classes: Number of classes. If given, the inputs are [images, labels (N,)], and the
            output layer is a projection (Miyato & Koyama, 2018, arXiv:1802.05637).
        spectral: Whether kernels are spectrally normalized.
        attention: Whether to add self-attention after the first block.
    """
    dcgan.checked(image_shape)
    conv, dense = dcgan.kinds(spectral)
    inputs = images = keras.Input(tuple(image_shape), name="images")
    x, strides = images, dcgan.stages(image_shape)
    last = [(1, 1)] * 2
    for block, stride in enumerate([*strides[: max(len(strides) - 1, 1)], *last]):
        shortcut = x
        if block:  # no ReLU on the image itself
            x = layers.ReLU()(x)
        x = conv(width, 3, padding="same")(x)
        x = conv(width, 3, padding="same")(layers.ReLU()(x))
        if stride != (1, 1):
            x = layers.AveragePooling2D(stride, padding="same")(x)
            shortcut = layers.AveragePooling2D(stride, padding="same")(shortcut)
        if stride != (1, 1) or shortcut.shape[-1] != width:
            shortcut = conv(width, 1)(shortcut)
        x = layers.Add()([x, shortcut])
        if attention and not block:
            x = gan_layers.SelfAttention()(x)
    x = layers.ReLU()(x)
    positions = x.shape[1] * x.shape[2]
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    x = layers.Rescaling(float(positions), dtype="float32")(x)  # turns the mean into a sum
    if num_classes:
        inputs = [images, keras.Input((), name="labels", dtype="int32")]
        outputs = gan_layers.Projection(num_classes)([x, inputs[1]])
    else:
        outputs = dense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def pair(
    image_shape, width: int = 64, latent_dim: int = 128, num_classes: int | None = None,
    spectral: bool = False, attention: bool = False,
) -> dict:  # fmt: skip
    """Returns a matching `generator` and `discriminator`; for points, multilayer perceptrons.

    D always has spectral normalization; `spectral` adds it to G.
    """
    if len(image_shape) == 1 and not num_classes:
        return mlp.pair(image_shape, 2 * width, latent_dim)
    return {
        "generator": generator(image_shape, width, latent_dim, num_classes, spectral, attention),
        "discriminator": discriminator(image_shape, width, num_classes, True, attention),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }
