"""Networks from images to images, for sides from 8 to 256 pixels, and what judges a patch of them.

Instance normalisation throughout: it is what batch normalisation is in a batch of one, which is how
the papers train, and leaves an image's translation to the image alone. Hence nothing is to be
averaged for sampling, and a batch of any size is as good. Kernels are drawn from N(0, 0.02).

References: Isola et al., 2017, arXiv:1611.07004; Zhu et al., 2017, arXiv:1703.10593; Liu et al.,
2017, arXiv:1703.00848.
"""

import math

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.errors import InputError
from ganzoo.networks import dcgan

PATCHES = {1: None, 16: 1, 34: 2, 70: 3, 142: 4, 286: 5}  # field of a score -> halvings before it


def conv(x, filters: int, kernel: int, stride: int = 1, normalize: bool = True, **options):
    """Returns a convolution of `x`, normalised if asked for, without a nonlinearity."""
    options = {"kernel_initializer": dcgan.normal(), "use_bias": not normalize} | options
    x = layers.Conv2D(filters, kernel, stride, "same", **options)(x)
    return instance_norm(x) if normalize else x


def up(x, filters: int, shape):
    """Returns `x` at twice its size, cut to the rows and columns of `shape`, and normalised."""
    x = layers.Conv2DTranspose(
        filters, 4, 2, "same", use_bias=False, kernel_initializer=dcgan.normal()
    )(x)
    extra = [made - meant for made, meant in zip(x.shape[1:3], shape, strict=True)]
    if any(extra):
        x = layers.Cropping2D([(size // 2, size - size // 2) for size in extra])(x)
    return instance_norm(x)


def instance_norm(x):
    """Returns every map of every image with mean 0 and variance 1, then scaled and shifted."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)


def unet(image_shape, width: int = 64, dropout: float = 0.5):
    """Returns pix2pix' generator, from images (N, H, W, C) to images in [-1, 1].

    An encoder of convolutions of stride 2 down to 2 or 3 pixels, a decoder back, and at every size
    what the encoder had there, joined to what the decoder has. The paper's noise is dropout, on the
    decoder's maps of up to 8 pixels a side, in sampling, too.

    Departures from the paper: the encoder stops where an instance's statistics would be of one
    pixel, and is not normalised there. And the image itself is joined to a last map at full size,
    where the paper's last layer renders from half the size: of small images that is too coarse.

    Args:
        image_shape: (H, W, C).
        width: Filters at half the size, and at full size in the decoder; doubled inwards up to 8
            times.
        dropout: Rate.
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
            x = own.SamplingDropout(dropout, name=f"dropout_{stage}")(x)
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
        width: Filters of the first convolution; doubled up to 8 times.
        field: Pixels a side of the patch that a logit judges: 1, 16, 34, 70, 142 or 286; 70, as in
            the papers, or the largest that fits into the image, if not given.
        conditional: Whether it is a network from [images, conditions], of the same shape.
        name: Of the network.

    Raises:
        InputError: If there is no such patch.
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
    """Returns `x` plus two convolutions of it, as many filters as it has."""
    filters = x.shape[-1]
    inner = layers.ReLU()(conv(x, filters, 3))
    return layers.Add()([x, conv(inner, filters, 3)])


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

    Args:
        image_shape: (H, W, C).
        width: Filters at full size; doubled at a half and at a quarter of it.
        blocks: Residual blocks at a quarter; 9 from 256 pixels a side on and 6 below, as in the
            paper, if not given.
        name: Of the network.

    Departure from the paper: convolutions are padded by zeros, not by reflection.
    """
    if blocks is None:
        blocks = 9 if min(image_shape[:2]) >= 256 else 6
    inputs = keras.Input(tuple(image_shape), name="images")
    maps = encoder(image_shape, width, blocks)(inputs)
    return keras.Model(inputs, decoder(image_shape, width)(maps), name=name)
