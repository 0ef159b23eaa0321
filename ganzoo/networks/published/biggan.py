"""The generators of BigGAN, and of BigGAN-deep with statistics for each truncation.

Kernels are stored divided by their spectral norm, which is what the networks compute with.

Reference: Brock et al., 2019, arXiv:1809.11096, appendix B, figures 15 and 16, tables 4 to 9.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers

DEEP = {  # image size: the blocks, each (doubles the size, filters before and after), times width
    128: [(0, 16, 16), (1, 16, 16), (0, 16, 16), (1, 16, 8), (0, 8, 8), (1, 8, 4), (0, 4, 4),
          (1, 4, 2), (0, 2, 2), (1, 2, 1)],
    256: [(0, 16, 16), (1, 16, 16), (0, 16, 16), (1, 16, 8), (0, 8, 8), (1, 8, 8), (0, 8, 8),
          (1, 8, 4), (0, 4, 4), (1, 4, 2), (0, 2, 2), (1, 2, 1)],
    512: [(0, 16, 16), (1, 16, 16), (0, 16, 16), (1, 16, 8), (0, 8, 8), (1, 8, 8), (0, 8, 8),
          (1, 8, 4), (0, 4, 4), (1, 4, 2), (0, 2, 2), (1, 2, 1), (0, 1, 1), (1, 1, 1)],
}  # fmt: skip
FACTORS = {  # image size of BigGAN: the filters before, and after each block, times width
    32: (4, 4, 4, 4), 64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1), 512: (16, 16, 8, 8, 4, 2, 1, 1),
}  # fmt: skip


def original(
    filters=None, attention=(3,), width: int = 96, num_classes: int = 1000, chunk: int = 20,
    latent_dim: int = 120, class_dim: int = 128, channels: int = 3, epsilon: float = 1e-5,
):  # fmt: skip
    """Returns BigGAN's network from [latents, labels] to images in [-1, 1].

    Args:
        filters: Filters before the first block, and after each; by default those of 128 pixels.
        attention: The blocks that self-attention follows, from 0.
        width: What the default `filters` are multiples of.
        num_classes: Number of classes.
        chunk: Dimension of the part of the latents that goes into each block, after a first part
            for the start; 0 if all of them go into the start.
        latent_dim: Dimension of the latents.
        class_dim: Dimension of a class' embedding.
        channels: Channels of the images.
        epsilon: Added to variances.
    """
    filters = filters or [factor * width for factor in FACTORS[128]]
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), name="labels", dtype="int32")
    embedded = layers.Embedding(num_classes, class_dim, name="shared")(labels)
    parts = ops.split(latents, len(filters), axis=1) if chunk else [latents]
    conditions = [layers.Concatenate()([embedded, part]) for part in parts[1:]]
    conditions = conditions or [embedded] * (len(filters) - 1)
    x = layers.Dense(16 * filters[0], name="linear")(parts[0])
    x = layers.Reshape((4, 4, filters[0]))(x)
    for index, (after, condition) in enumerate(zip(filters[1:], conditions, strict=True)):
        x = _residual(x, after, condition, epsilon, f"blocks.{index}.0")
        if index in attention:
            names = (f"blocks.{index}.1.{part}" for part in ("theta", "phi", "g", "o"))
            x = _attended(x, *names)
    x = gan_layers.StandingBatchNorm(1, False, epsilon, name="output_layer.0")([x])
    x = layers.Conv2D(
        channels, 3, padding="same", activation="tanh", dtype="float32", name="output_layer.2"
    )(layers.ReLU()(x))
    return keras.Model([latents, labels], x, name="generator")


def _residual(x, filters: int, condition, epsilon: float, name: str):
    """Returns a block that doubles the size."""
    y = gan_layers.StandingBatchNorm(1, True, epsilon, name=f"{name}.bn1")([x, condition])
    y = layers.UpSampling2D(2)(layers.ReLU()(y))
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}.conv1")(y)
    y = gan_layers.StandingBatchNorm(1, True, epsilon, name=f"{name}.bn2")([y, condition])
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}.conv2")(layers.ReLU()(y))
    shortcut = layers.Conv2D(filters, 1, name=f"{name}.conv_sc")(layers.UpSampling2D(2)(x))
    return layers.Add()([y, shortcut])


def deep(
    blocks=None, attention: int = 8, width: int = 128, num_classes: int = 1000,
    latent_dim: int = 128, class_dim: int = 128, steps: int = 51, channels: int = 3,
    epsilon: float = 1e-4,
):  # fmt: skip
    """Returns BigGAN-deep's network from [latents, labels, truncation (N,)] to images in [-1, 1].

    Args:
        blocks: For each block whether it doubles the size, and its filters before and after; by
            default those of 256 pixels.
        attention: Number of blocks before the self-attention.
        width: Filters of the last block.
        num_classes: Number of classes.
        latent_dim: Dimension of the latents.
        class_dim: Dimension of a class' embedding, which is joined to the latents.
        steps: Number of stored statistics of each normalization.
        channels: Channels of the images.
        epsilon: Added to variances.
    """
    blocks = blocks or [(up, a * width, b * width) for up, a, b in DEEP[256]]
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), name="labels", dtype="int32")
    truncation = keras.Input((), name="truncation")
    embedded = layers.Embedding(num_classes, class_dim, name="embeddings")(labels)
    condition = layers.Concatenate()([latents, embedded])
    first = blocks[0][1]
    x = layers.Dense(16 * first, name="generator.gen_z")(condition)
    x = layers.Reshape((4, 4, first))(x)

    def normalized(x, name, conditional=True):
        layer = gan_layers.StandingBatchNorm(steps, conditional, epsilon, name=name)
        given = [x, truncation, condition] if conditional else [x, truncation]
        return layers.ReLU()(layer(given))

    place = 0
    for index, (up, _, after) in enumerate(blocks):
        if index == attention:
            parts = ("theta", "phi", "g", "o_conv")
            x = _attended(x, *(f"generator.layers.{place}.snconv1x1_{part}" for part in parts))
            place += 1
        x = _block(x, up, after, f"generator.layers.{place}", normalized)
        place += 1
    x = normalized(x, "generator.bn", conditional=False)
    x = layers.Conv2D(
        channels, 3, padding="same", activation="tanh", dtype="float32",
        name="generator.conv_to_rgb",
    )(x)  # fmt: skip
    return keras.Model([latents, labels, truncation], x, name="generator")


def _block(x, up, filters: int, name: str, normalized):
    shortcut, middle = x[..., :filters], x.shape[-1] // 4
    y = layers.Conv2D(middle, 1, name=f"{name}.conv_0")(normalized(x, f"{name}.bn_0"))
    y = normalized(y, f"{name}.bn_1")
    if up:
        shortcut, y = layers.UpSampling2D(2)(shortcut), layers.UpSampling2D(2)(y)
    y = layers.Conv2D(middle, 3, padding="same", name=f"{name}.conv_1")(y)
    y = normalized(y, f"{name}.bn_2")
    y = layers.Conv2D(middle, 3, padding="same", name=f"{name}.conv_2")(y)
    y = layers.Conv2D(filters, 1, name=f"{name}.conv_3")(normalized(y, f"{name}.bn_3"))
    return layers.Add()([y, shortcut])


def _attended(x, theta: str, phi: str, g: str, last: str):
    """Returns the map plus its self-attention, whose weight is a part of the last kernel.

    Args:
        x: The map.
        theta: Name of the layer of the queries; and so on.
        phi: Of the keys.
        g: Of the values.
        last: Of the layer after them.
    """
    _, rows, columns, channels = x.shape

    def conv(x, filters, name):
        return layers.Conv2D(filters, 1, use_bias=False, name=name)(x)

    def flat(x):
        return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))

    query = flat(conv(x, channels // 8, theta))
    key = flat(layers.MaxPooling2D(2)(conv(x, channels // 8, phi)))
    value = flat(layers.MaxPooling2D(2)(conv(x, channels // 2, g)))
    scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
    y = ops.reshape(ops.matmul(scores, value), (-1, rows, columns, channels // 2))
    return layers.Add()([x, conv(y, channels, last)])
