"""The generators of CycleGAN, pix2pix and CartoonGAN, as their authors released them.

References: Zhu et al., 2017, arXiv:1703.10593; Isola et al., 2017, arXiv:1611.07004; Chen et al.,
2018, CartoonGAN (CVPR).
"""

import keras
from keras import layers, ops

from ganzoo.networks.published.dcgan import batch_norm

NORMS = ("instance", "affine", "batch")


def normalization(norm: str, name: str, epsilon: float = 1e-5):
    """Returns a normalization: "instance" without weights, "affine" with them, or "batch"."""
    if norm not in NORMS:
        raise ValueError(f"expected norm to be one of {', '.join(NORMS)}, got {norm!r}")
    if norm == "batch":
        return batch_norm(name)
    affine = norm == "affine"
    return layers.GroupNormalization(-1, epsilon=epsilon, center=affine, scale=affine, name=name)


def reflected(x, margin: int):
    """Returns a map with a margin that mirrors it."""
    return ops.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect")


def enlarged(x, filters: int, name: str, use_bias: bool = True):
    """Returns a map of twice the size: transposed 3 x 3, padding 1, output padding 1."""
    x = layers.Conv2DTranspose(filters, 3, 2, "valid", use_bias=use_bias, name=name)(x)
    return layers.Cropping2D(((1, 0), (1, 0)))(x)


def resnet(
    size: int = 256, width: int = 64, blocks: int = 9, channels: int = 3, norm: str = "instance",
    use_bias: bool = True,
):  # fmt: skip
    """Returns CycleGAN's generator, ResNet-6 or ResNet-9, from images to images in [-1, 1].

    It differs from `networks.translation.resnet` by margins that mirror the image, and by its
    transposed convolutions.

    Args:
        size: Side of the images, a multiple of 4; the weights fit any.
        width: Filters at full size.
        blocks: Residual blocks: 6 for 128 pixels, 9 for 256 and more.
        channels: Channels of the images.
        norm: "instance" without weights, "affine" with weights, or "batch".
        use_bias: Whether the convolutions before a normalization have biases.
    """
    inputs = keras.Input((size, size, channels), name="images")

    def conv(x, filters, kernel, stride, place, padding="valid"):
        x = layers.Conv2D(
            filters, kernel, stride, padding, use_bias=use_bias, name=f"model.{place}"
        )(x)  # fmt: skip
        return layers.ReLU()(normalization(norm, f"model.{place + 1}")(x))

    x = conv(reflected(inputs, 3), width, 7, 1, 1)
    for scale in (1, 2):
        x = conv(layers.ZeroPadding2D(1)(x), width * 2**scale, 3, 2, 1 + 3 * scale)
    for block in range(blocks):
        name, y = f"model.{10 + block}.block", x
        for place in (1, 5):
            y = layers.Conv2D(
                4 * width, 3, use_bias=use_bias, name=f"{name}.{place}"
            )(reflected(y, 1))  # fmt: skip
            y = normalization(norm, f"{name}.{place + 1}")(y)
            y = layers.ReLU()(y) if place == 1 else y
        x = layers.Add()([x, y])
    place = 10 + blocks
    for scale in (1, 0):
        x = enlarged(x, width * 2**scale, f"model.{place}", use_bias)
        x = layers.ReLU()(normalization(norm, f"model.{place + 1}")(x))
        place += 3
    x = layers.Conv2D(
        channels, 7, activation="tanh", dtype="float32", name=f"model.{place + 1}"
    )(reflected(x, 3))  # fmt: skip
    return keras.Model(inputs, x, name="generator")


def unet(
    size: int = 256, width: int = 64, depth: int = 8, inputs_channels: int = 3, channels: int = 3,
    norm: str = "batch", use_bias: bool = False,
):  # fmt: skip
    """Returns pix2pix' generator, U-Net-128 (depth 7) or U-Net-256 (depth 8).

    Its dropout, which the paper keeps when images are translated, is left out: a translation is a
    function of its image.

    Args:
        size: Side of the images, a multiple of 2^depth.
        width: Filters at half size.
        depth: How often the size is halved.
        inputs_channels: Channels of the given images.
        channels: Channels of the translations.
        norm: "instance", "affine" or "batch".
        use_bias: Whether the convolutions before a normalization have biases.
    """
    inputs = keras.Input((size, size, inputs_channels), name="images")

    def level(x, index: int, name: str):
        """Returns a map with what the levels below make of it joined to it."""
        outer, inner = index == 0, index == depth - 1
        start = 0 if outer else 1
        y = x if outer else layers.LeakyReLU(0.2)(x)
        filters = width * min(2**index, 8)
        y = layers.Conv2D(
            filters, 4, 2, "same", use_bias=use_bias, name=f"{name}.{start}"
        )(y)  # fmt: skip
        if not outer and not inner:
            y = normalization(norm, f"{name}.{start + 1}")(y)
        after = start + (1 if outer or inner else 2)
        if not inner:
            y = level(y, index + 1, f"{name}.{after}.model")
        y = layers.ReLU()(y)
        up = after + (1 if inner else 2)
        if outer:
            return layers.Conv2DTranspose(
                channels, 4, 2, "same", activation="tanh", dtype="float32", name=f"{name}.{up}"
            )(y)  # fmt: skip
        y = layers.Conv2DTranspose(
            width * min(2 ** (index - 1), 8), 4, 2, "same", use_bias=use_bias, name=f"{name}.{up}"
        )(y)  # fmt: skip
        y = normalization(norm, f"{name}.{up + 1}")(y)
        return layers.Concatenate()([x, y])

    return keras.Model(inputs, level(inputs, 0, "model.model"), name="generator")


def cartoon(size: int = 256, width: int = 64, blocks: int = 8, channels: int = 3):
    """Returns CartoonGAN's generator, from images to images in [-1, 1].

    Args:
        size: Side of the images, a multiple of 4; the weights fit any.
        width: Filters at full size.
        blocks: Residual blocks.
        channels: Channels of the images.
    """
    inputs = keras.Input((size, size, channels), name="images")

    def conv(x, filters, name, kernel=3, stride=1):
        x = layers.ZeroPadding2D(kernel // 2)(x)
        return layers.Conv2D(filters, kernel, stride, name=f"conv{name}")(x)

    def norm(x, name):
        return normalization("affine", f"in{name}", 1e-9)(x)

    x = layers.ReLU()(norm(conv(inputs, width, "01_1", 7), "01_1"))
    for scale in (1, 2):
        name = f"0{scale + 1}"
        x = conv(x, width * 2**scale, f"{name}_1", stride=2)
        x = layers.ReLU()(norm(conv(x, width * 2**scale, f"{name}_2"), f"{name}_1"))
    for block in range(4, 4 + blocks):
        y = layers.ReLU()(norm(conv(x, 4 * width, f"{block:02}_1"), f"{block:02}_1"))
        y = norm(conv(y, 4 * width, f"{block:02}_2"), f"{block:02}_2")
        x = layers.Add()([y, x])
    for scale in (1, 0):
        filters, name = width * 2**scale, 2 - scale
        x = layers.ZeroPadding2D(1)(enlarged(x, filters, f"deconv0{name}_1"))
        x = layers.Conv2D(filters, 3, name=f"deconv0{name}_2")(x)
        x = layers.ReLU()(norm(x, f"{3 + blocks + name}_1"))
    x = layers.ZeroPadding2D(3)(x)
    x = layers.Conv2D(channels, 7, activation="tanh", dtype="float32", name="deconv03_1")(x)
    return keras.Model(inputs, x, name="generator")
