"""R3GAN: residual blocks of grouped convolutions, without normalization.

The small networks `networks.r3gan` differ by convolutions that are not grouped and as wide as the
block, by bilinear resampling, and by a dense layer in place of the learned basis.

Reference: Huang et al., 2024, arXiv:2501.05441, section 4 and appendix.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers


def generator(
    widths, groups, blocks, channels: int = 3, latent_dim: int = 64, expansion: int = 2,
    num_classes: int | None = None, class_dim: int = 0,
):  # fmt: skip
    """Returns a network from latents, or [latents, labels], to images (N, H, W, channels).

    Args:
        widths: Channels of each scale, from 4 pixels up.
        groups: Groups of the 3 x 3 convolutions of each scale.
        blocks: Residual blocks of each scale.
        channels: Channels of the images.
        latent_dim: Dimension of the latents.
        expansion: Channels inside a block, relative to those outside.
        num_classes: Number of classes, if any.
        class_dim: Dimension of a class' embedding, which is joined to the latents.
    """
    inputs = x = keras.Input((latent_dim,), name="latents")
    if num_classes:
        inputs = [x, keras.Input((), name="labels", dtype="int32")]
        x = layers.Concatenate()([x, _embedded(inputs[1], num_classes, class_dim)])
    for stage, width in enumerate(widths):
        name = f"MainLayers.{stage}.Layers"
        if not stage:
            x = layers.Dense(width, use_bias=False, name=f"{name}.0.LinearLayer")(x)
            basis = gan_layers.LearnedConstant((4, 4, width), name=f"{name}.0")(x)
            x = basis * ops.reshape(x, (-1, 1, 1, width))
        else:
            if width != widths[stage - 1]:
                x = _conv(width, f"{name}.0.LinearLayer")(x)
            x = gan_layers.Resample(2, padding=(2, 1), name=f"{name}.0.Resampler")(x)
        x = _blocks(x, expansion, groups[stage], blocks[stage], name, 1)
    x = _conv(channels, "AggregationLayer", dtype="float32")(x)
    return keras.Model(inputs, x, name="generator")


def discriminator(
    widths, groups, blocks, channels: int = 3, expansion: int = 2, num_classes: int | None = None,
    class_dim: int = 1,
):  # fmt: skip
    """Returns a network from images, or [images, labels], to logits (N, 1).

    Args:
        widths: Channels of each scale, from full size down to 4 pixels.
        groups: Groups of the 3 x 3 convolutions of each scale.
        blocks: Residual blocks of each scale.
        channels: Channels of the images.
        expansion: Channels inside a block, relative to those outside.
        num_classes: Number of classes, if any.
        class_dim: Dimension of a class' embedding, which the output is projected on.
    """
    size = 4 * 2 ** (len(widths) - 1)
    inputs = keras.Input((size, size, channels), name="images")
    x = _conv(widths[0], "ExtractionLayer")(inputs)
    for stage, width in enumerate(widths):
        name = f"MainLayers.{stage}.Layers"
        x = _blocks(x, expansion, groups[stage], blocks[stage], name, 0)
        last = f"{name}.{blocks[stage]}"
        if stage == len(widths) - 1:
            x = layers.DepthwiseConv2D(4, use_bias=False, name=f"{last}.Basis")(x)
            x = layers.Dense(
                class_dim if num_classes else 1, use_bias=False, dtype="float32",
                name=f"{last}.LinearLayer",
            )(layers.Flatten()(x))  # fmt: skip
        else:
            x = gan_layers.Resample(down=2, padding=(1, 1), name=f"{last}.Resampler")(x)
            if width != widths[stage + 1]:
                x = _conv(widths[stage + 1], f"{last}.LinearLayer")(x)
    if num_classes:
        inputs = [inputs, keras.Input((), name="labels", dtype="int32")]
        x = ops.sum(x * _embedded(inputs[1], num_classes, class_dim), axis=1, keepdims=True)
    return keras.Model(inputs, x, name="discriminator")


def _embedded(labels, num_classes: int, class_dim: int):
    return layers.Embedding(num_classes, class_dim, name="EmbeddingLayer")(labels)


def _conv(filters: int, name: str, kernel: int = 1, groups: int = 1, **options):
    kind = gan_layers.GroupedConv2D if groups > 1 else layers.Conv2D
    return kind(
        filters, kernel, padding="same", groups=groups, use_bias=False, name=f"{name}.Layer",
        **options,
    )  # fmt: skip


def _blocks(x, expansion: int, groups: int, count: int, name: str, start: int):
    for index in range(start, start + count):
        block, width = f"{name}.{index}", x.shape[-1]
        y = _conv(expansion * width, f"{block}.LinearLayer1")(x)
        y = gan_layers.BiasedLeakyReLU(name=f"{block}.NonLinearity1")(y)
        y = _conv(expansion * width, f"{block}.LinearLayer2", 3, groups)(y)
        y = gan_layers.BiasedLeakyReLU(name=f"{block}.NonLinearity2")(y)
        x = layers.Add()([x, _conv(width, f"{block}.LinearLayer3")(y)])
    return x
