"""The networks of FastGAN, for images from 8 to 256 pixels a side: few filters, many shortcuts.

In G, a small map decides which channels of a map sixteen times as large are of use (skip-layer
excitation), so that gradients reach the first layers by a short way, and latents act on every
scale. D must be able to draw its real images again from what it has seen of them, which keeps it
from looking at few details only.

Departures from the paper: D's second view is the image at half size, which G does not draw apart;
labels, if there are some, join the latents, and are a projection in D; images of less than 64
pixels have fewer stages, and the excitation of the last map comes from the first.

Reference: Liu et al., 2021, arXiv:2101.04775, and the authors' code.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.networks import dcgan

SKIP = 4  # stages from a map to the one that it excites: from 4 x 4 to 64 x 64
SKIP_IN_D = 3
COARSEST = 8  # the smallest map of D


def filters(width: int, side: int) -> int:
    """Returns the filters of a map of this side: 16 `width` at 4 pixels, `width` at 128."""
    for largest, factor in ((7, 16), (15, 8), (31, 4), (127, 2), (255, 1)):
        if side <= largest:
            return max(4, factor * width)
    return max(4, width // 2)


def generator(image_shape, width: int = 16, latent_dim: int = 256, num_classes: int | None = None):
    """Returns a network from latents (N, latent_dim), or [latents, labels], to images.

    Args:
        image_shape: (H, W, C), with sides from 8 to 256.
        width: Filters at 128 pixels; 64 in the paper.
        latent_dim: Dimension of the latents.
        num_classes: Number of classes, if there are labels.
    """
    *_, channels = dcgan.checked(image_shape)
    strides, (rows, columns) = dcgan.stages(image_shape), dcgan.smallest(image_shape)
    inputs = x = keras.Input((latent_dim,), name="latents")
    if num_classes:
        inputs = [x, keras.Input((), name="labels", dtype="int32")]
        x = layers.Concatenate()([x, layers.Embedding(num_classes, 64)(inputs[1])])
    depth = filters(width, min(rows, columns))
    x = gan_layers.SpectralDense(rows * columns * 2 * depth, use_bias=False)(x)
    x = _gated(layers.Reshape((rows, columns, 2 * depth))(x))
    maps = [x]
    for stage, stride in enumerate(reversed(strides)):
        x = layers.UpSampling2D(stride)(x)
        depth = filters(width, min(x.shape[1:3]))
        x = _conv(2 * depth)(x)
        if stage % 2 == 0:  # every other stage has noise and a second convolution
            x = _conv(2 * depth)(_gated(gan_layers.NoiseInjection()(x)))
            x = gan_layers.NoiseInjection()(x)
        x = _gated(x)
        source = max(stage + 1 - SKIP, 0)
        if stage + 1 >= SKIP or stage + 1 == len(strides):
            x = layers.Multiply()([x, _excitation(maps[source], depth, rows, columns)])
        maps.append(x)
    x = gan_layers.SpectralConv2D(channels, 3, padding="same", dtype="float32")(x)
    x = dcgan.cropped(layers.Activation("tanh", dtype="float32")(x), image_shape)
    return keras.Model(inputs, x, name="generator")


def discriminator(image_shape, width: int = 16, num_classes: int | None = None):
    """Returns a network from images, or [images, labels], to [logits, whole, detail].

    The logits are (N, M), of patches of the image and of the image at half size. `whole` is the
    image drawn again, at half its size, from the last map, and `detail` at its full size from an
    earlier one.

    Args:
        image_shape: (H, W, C), with sides from 8 to 256.
        width: Filters at 128 pixels; 64 in the paper.
        num_classes: Number of classes, if there are labels.
    """
    dcgan.checked(image_shape)
    inputs = images = keras.Input(tuple(image_shape), name="images")
    strides = dcgan.stages(image_shape)[:-1] if min(image_shape[:2]) > COARSEST else []
    x = layers.LeakyReLU(0.2)(_conv(filters(width, 2 * min(image_shape[:2])))(images))
    maps = [x]
    for stage, stride in enumerate(strides):
        small = [-(-side // step) for side, step in zip(x.shape[1:3], stride, strict=True)]
        depth = filters(width, min(small))
        main = _normed(_conv(depth)(_normed(_conv(depth, 4, stride)(x))))
        pooled = layers.AveragePooling2D(stride, padding="same")(x)
        x = layers.Average()([main, _normed(_conv(depth, 1)(pooled))])
        if stage >= SKIP_IN_D - 1:
            earlier = maps[stage + 1 - SKIP_IN_D]
            x = layers.Multiply()([x, _excitation(earlier, depth, 4, 4)])
        maps.append(x)
    logits = [_scores(x, width)]
    if min(image_shape[:2]) >= 4 * COARSEST:
        half = layers.AveragePooling2D(2, padding="same")(images)
        half = layers.LeakyReLU(0.2)(_conv(filters(width, 63), 4, 2)(half))
        while min(half.shape[1:3]) >= 2 * COARSEST:
            depth = filters(width, min(half.shape[1:3]) // 2)
            half = _normed(_conv(depth, 4, 2)(half))
        logits.append(_scores(half, width))
    logits = layers.Concatenate()(logits) if len(logits) > 1 else logits[0]
    if num_classes:
        labels = keras.Input((), name="labels", dtype="int32")
        inputs = [images, labels]
        pooled = layers.GlobalAveragePooling2D(dtype="float32")(x)
        classes = gan_layers.SpectralEmbedding(num_classes, pooled.shape[-1], dtype="float32")
        product = layers.Dot(1, dtype="float32")([pooled, classes(labels)])
        logits = layers.Add(dtype="float32")([logits, product])
    sides = [-(-side // 2) for side in image_shape[:2]]
    whole = _drawn(maps[-1], sides, image_shape[2], width, "whole")
    detail = _drawn(maps[max(len(maps) - 2, 0)], image_shape[:2], image_shape[2], width, "detail")
    return keras.Model(inputs, [logits, whole, detail], name="discriminator")


def pair(
    image_shape, width: int = 16, latent_dim: int = 256, num_classes: int | None = None
) -> dict:  # fmt: skip
    """Returns a matching `generator` and `discriminator`."""
    return {
        "generator": generator(image_shape, width, latent_dim, num_classes),
        "discriminator": discriminator(image_shape, width, num_classes),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }


def _conv(depth: int, size: int = 3, stride=1):
    return gan_layers.SpectralConv2D(
        depth, size, stride, "same", use_bias=False, kernel_initializer=dcgan.normal()
    )


def _gated(x):
    return gan_layers.GatedLinearUnit()(gan_layers.BatchNormalization()(x))


def _normed(x):
    return layers.LeakyReLU(0.2)(gan_layers.BatchNormalization()(x))


def _excitation(x, depth: int, rows: int, columns: int):
    """Returns a factor for each channel of a larger map, (N, 1, 1, depth), from a small one."""
    pool = [max(side // target, 1) for side, target in zip(x.shape[1:3], (rows, columns))]  # noqa: B905
    x = layers.AveragePooling2D(pool)(x)
    conv = gan_layers.SpectralConv2D
    x = conv(depth, tuple(x.shape[1:3]), padding="valid", use_bias=False)(x)
    x = layers.Activation("silu")(x)
    return layers.Activation("sigmoid")(conv(depth, 1, use_bias=False)(x))


def _scores(x, width: int):
    """Returns the logits of patches of 4 x 4 of a map, (N, M)."""
    x = _normed(_conv(filters(width, COARSEST), 1)(x))
    size = min(4, *x.shape[1:3])
    x = gan_layers.SpectralConv2D(1, size, padding="valid", use_bias=False, dtype="float32")(x)
    return layers.Flatten(dtype="float32")(x)


def _drawn(x, sides, channels: int, width: int, name: str):
    """Returns the images, of these sides, that a decoder draws from a map."""
    while min(x.shape[1:3]) < min(sides):
        x = layers.UpSampling2D(2)(x)
        x = _gated(_conv(2 * max(4, width // 2))(x))
    x = layers.Activation("tanh", dtype="float32")(
        gan_layers.SpectralConv2D(channels, 3, padding="same", dtype="float32")(x)
    )
    extra = [side - target for side, target in zip(x.shape[1:3], sides, strict=True)]
    crop = [(size // 2, size - size // 2) for size in extra]
    return layers.Cropping2D(crop, name=name, dtype="float32")(x)
