"""Image-to-image generators and PatchGAN discriminators, for images from 8 to 256 pixels a side.

All networks have instance normalization, which equals batch normalization with the papers' batches
of one image, and makes a translation independent of the other images of a batch. So batches can
have any size, and no moving statistics are needed at inference. Kernels are initialized from
N(0, 0.02).

References: Isola et al., 2017, arXiv:1611.07004; Zhu et al., 2017, arXiv:1703.10593; Liu et al.,
2017, arXiv:1703.00848.
"""

import math

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError
from ganzoo.networks import dcgan

PATCHES = {1: None, 16: 1, 34: 2, 70: 3, 142: 4, 286: 5}  # receptive field -> strided layers


def conv(x, filters: int, kernel: int, stride: int = 1, normalize: bool = True, **options):
    """Returns a convolution of `x`, normalized unless `normalize` is False, without activation."""
    options = {"kernel_initializer": dcgan.normal(), "use_bias": not normalize} | options
    x = layers.Conv2D(filters, kernel, stride, "same", **options)(x)
    return instance_norm(x) if normalize else x


def up(x, filters: int, shape):
    """Returns `x` upsampled by 2, cropped to the rows and columns of `shape`, and normalized."""
    x = layers.Conv2DTranspose(
        filters, 4, 2, "same", use_bias=False, kernel_initializer=dcgan.normal()
    )(x)
    extra = [side - target for side, target in zip(x.shape[1:3], shape, strict=True)]
    if any(extra):
        x = layers.Cropping2D([(size // 2, size - size // 2) for size in extra])(x)
    return instance_norm(x)


def instance_norm(x):
    """Returns `x` after instance normalization with a learned scale and shift per channel."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)


def unet(image_shape, width: int = 64, dropout: float = 0.5):
    """Returns pix2pix's generator, a U-Net from images (N, H, W, C) to images in [-1, 1].

    Its encoder has strided convolutions down to 2 or 3 pixels, its decoder transposed convolutions
    back to full size, with skip connections at every scale. The noise is dropout in the decoder's
    layers of up to 8 pixels a side, active at inference, too.

    Departures from the paper: the encoder stops before instance statistics would be computed over a
    single pixel, and its last layer is not normalized. The last layer of the decoder works at full
    size and has a skip connection from the input, where the paper's renders the image from half the
    size, which is too coarse for small images.

    Args:
        image_shape: (H, W, C).
        width: Filters at half size, and of the decoder at full size; doubled at each smaller scale,
            up to 8 `width`.
        dropout: Dropout rate.
    """
    *_, channels = dcgan.checked(image_shape)
    x = inputs = keras.Input(tuple(image_shape), name="images")
    stages = max(1, math.ceil(math.log2(min(image_shape[:2]) / 3)))
    skips = []
    for stage in range(stages):
        skips.append(x)
        x = layers.LeakyReLU(0.2)(x) if stage else x
        x = conv(x, dcgan.filters(width, stage), 4, 2, normalize=0 < stage < stages - 1)
    for stage in reversed(range(1, stages)):
        skip = skips[stage]
        x = up(layers.ReLU()(x), dcgan.filters(width, stage - 1), skip.shape[1:3])
        if dropout and min(skip.shape[1:3]) <= 8:
            x = gan_layers.SamplingDropout(dropout, name=f"dropout_{stage}")(x)
        x = layers.Concatenate()([x, skip])
    x = layers.ReLU()(up(layers.ReLU()(x), width, image_shape[:2]))
    x = layers.Concatenate()([x, inputs])
    x = conv(x, channels, 3, normalize=False, activation="tanh", dtype="float32")
    return keras.Model(inputs, x, name="generator")


def patch(
    image_shape, width: int = 64, field: int | None = None, conditional: bool = False,
    name: str = "discriminator",
):  # fmt: skip
    """Returns a PatchGAN: from images (N, H, W, C) to a logit for each patch, (N, h, w, 1).

    Args:
        image_shape: (H, W, C).
        width: Filters of the first convolution; doubled in each next one, up to 8 `width`.
        field: Side in pixels of the patch that each logit covers: 1, 16, 34, 70, 142 or 286. None
            for 70, as in the papers, or the largest that fits into the image.
        conditional: Whether the inputs are [images, conditions], both of the same shape.
        name: Name of the network.

    Raises:
        InputError: If `field` is not one of these sizes.
    """
    dcgan.checked(image_shape)
    if field is None:
        field = max(f for f in PATCHES if f <= max(16, min(70, *image_shape[:2])))
    if field not in PATCHES:
        raise InputError(f"patch: expected one of {', '.join(map(str, PATCHES))}, got {field!r}.")
    inputs = x = keras.Input(tuple(image_shape), name="images")
    if conditional:
        inputs = [x, keras.Input(tuple(image_shape), name="conditions")]
        x = layers.Concatenate()(inputs)
    if field == 1:
        x = layers.LeakyReLU(0.2)(conv(x, width, 1, normalize=False))
        x = layers.LeakyReLU(0.2)(conv(x, 2 * width, 1))
        x = conv(x, 1, 1, normalize=False, dtype="float32")
        return keras.Model(inputs, x, name=name)
    halvings = PATCHES[field]
    for stage in range(halvings + 1):
        x = conv(x, dcgan.filters(width, stage), 4, 2 if stage < halvings else 1, stage > 0)
        x = layers.LeakyReLU(0.2)(x)
    return keras.Model(inputs, conv(x, 1, 4, normalize=False, dtype="float32"), name=name)


def residual(x):
    """Returns a residual block: `x` plus two convolutions of it, with as many filters as `x`."""
    filters = x.shape[-1]
    hidden = layers.ReLU()(conv(x, filters, 3))
    return layers.Add()([x, conv(hidden, filters, 3)])


def encoder(image_shape, width: int = 64, blocks: int = 0, name: str = "encoder"):
    """Returns a network from images to maps (N, ceil(H / 4), ceil(W / 4), 4 width)."""
    dcgan.checked(image_shape)
    x = inputs = keras.Input(tuple(image_shape), name="images")
    for filters, kernel, stride in ((width, 7, 1), (2 * width, 3, 2), (4 * width, 3, 2)):
        x = layers.ReLU()(conv(x, filters, kernel, stride))
    for _ in range(blocks):
        x = residual(x)
    return keras.Model(inputs, x, name=name)


def middle(image_shape, width: int = 64, blocks: int = 1, name: str = "middle"):
    """Returns a network of residual blocks, from an encoder's maps to maps of the same shape."""
    rows, columns = (-(-side // 4) for side in image_shape[:2])
    x = inputs = keras.Input((rows, columns, 4 * width), name="maps")
    for _ in range(blocks):
        x = residual(x)
    return keras.Model(inputs, x, name=name)


def decoder(image_shape, width: int = 64, blocks: int = 0, name: str = "decoder"):
    """Returns a network from an encoder's maps to images in [-1, 1]."""
    *shape, channels = dcgan.checked(image_shape)
    half, quarter = ([-(-side // n) for side in shape] for n in (2, 4))
    x = inputs = keras.Input((*quarter, 4 * width), name="maps")
    for _ in range(blocks):
        x = residual(x)
    x = layers.ReLU()(up(x, 2 * width, half))
    x = layers.ReLU()(up(x, width, shape))
    x = conv(x, channels, 7, normalize=False, activation="tanh", dtype="float32")
    return keras.Model(inputs, x, name=name)


def resnet(image_shape, width: int = 64, blocks: int | None = None, name: str = "generator"):
    """Returns CycleGAN's generator, from images (N, H, W, C) to images in [-1, 1].

    Departure from the paper: convolutions are zero-padded, not reflection-padded.

    Args:
        image_shape: (H, W, C).
        width: Filters at full size; doubled at half size, and again at quarter size.
        blocks: Residual blocks at quarter size. None for 6, or 9 if both sides have 256 or more
            pixels, as in the paper.
        name: Name of the network.
    """
    if blocks is None:
        blocks = 9 if min(image_shape[:2]) >= 256 else 6
    inputs = keras.Input(tuple(image_shape), name="images")
    maps = encoder(image_shape, width, blocks)(inputs)
    return keras.Model(inputs, decoder(image_shape, width)(maps), name=name)
