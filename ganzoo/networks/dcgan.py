"""The convolutional networks of DCGAN, for images from 8 to 256 pixels a side.

The guidelines: strided convolutions in place of pooling and upsampling; no hidden dense layers;
batch normalization in all layers except G's output and D's input; ReLU in G and LeakyReLU with
slope 0.2 in D; weights initialized from N(0, 0.02). Each stage halves, or doubles, each axis that
has 8 pixels or more. The kernel size 4 is divisible by the stride, which avoids checkerboard
artifacts. Sizes that the strides do not divide are generated slightly larger and then cropped.

Departures from the paper: kernels have size 4, where the paper has 5, which is not divisible by the
stride of 2; and G has a stage with `width` filters at full size before the convolution that renders
the image, where the paper's last transposed convolution does both.

Reference: Radford et al., 2016, arXiv:1511.06434.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError, unknown
from ganzoo.networks import mlp


def stages(image_shape) -> list[tuple[int, int]]:
    """Returns the stage strides (rows, columns) that reduce an image to 4 to 7 pixels a side."""
    halvings = [max(0, (size // 4).bit_length() - 1) for size in image_shape[:2]]
    return [tuple(2 if i < n else 1 for n in halvings) for i in range(max(halvings))]


def smallest(image_shape) -> tuple[int, int]:
    """Returns the rows and columns of the smallest feature map, after all stages."""
    rows, columns = image_shape[:2]
    for down, across in stages(image_shape):
        rows, columns = -(-rows // down), -(-columns // across)
    return rows, columns


def cropped(x, image_shape):
    """Returns images center-cropped to the height and width of `image_shape`."""
    extra = [side - target for side, target in zip(x.shape[1:3], image_shape, strict=False)]
    if not any(extra):
        return x
    crop = [(size // 2, size - size // 2) for size in extra]
    return layers.Cropping2D(crop, dtype="float32")(x)


def kinds(spectral: bool) -> tuple:
    """Returns the classes of convolutions and of dense layers, spectrally normalized if asked."""
    if spectral:
        return gan_layers.SpectralConv2D, gan_layers.SpectralDense
    return layers.Conv2D, layers.Dense


def filters(width: int, stage: int) -> int:
    """Returns the filters of a stage: `width` for stage 0, doubled per stage up to 8 `width`."""
    return width * min(2**stage, 8)


def generator(image_shape, width: int = 32, latent_dim: int = 128, num_classes: int | None = None):
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C) in [-1, 1].

    With `num_classes`, its inputs are [latents, labels (N,)], and an embedding of the class, of 50
    dimensions, is concatenated to the latents.
    """
    *_, channels = checked(image_shape)
    strides = stages(image_shape)
    rows, columns = smallest(image_shape)
    inputs = x = keras.Input((latent_dim,), name="latents")
    if num_classes:
        inputs = [x, keras.Input((), name="labels", dtype="int32")]
        x = layers.Concatenate()([x, layers.Embedding(num_classes, 50)(inputs[1])])
    depth = filters(width, len(strides))
    x = layers.Dense(rows * columns * depth, use_bias=False, kernel_initializer=normal())(x)
    x = layers.Reshape((rows, columns, depth))(x)
    x = layers.ReLU()(gan_layers.BatchNormalization()(x))
    for stage, stride in reversed(list(enumerate(strides))):
        x = layers.Conv2DTranspose(
            filters(width, stage), 4, stride, "same", use_bias=False, kernel_initializer=normal()
        )(x)
        x = layers.ReLU()(gan_layers.BatchNormalization()(x))
    x = layers.Conv2D(
        channels, 3, padding="same", activation="tanh", kernel_initializer=normal(), dtype="float32"
    )(x)
    x = cropped(x, image_shape)
    return keras.Model(inputs, x, name="generator")


def discriminator(
    image_shape, width: int = 32, normalization: str | None = "batch",
    num_classes: int | None = None, heads: dict[str, int] | None = None,
):  # fmt: skip
    """Returns a network from images (N, H, W, C) to logits (N, 1).

    Args:
        image_shape: (H, W, C).
        width: Filters of the first stage.
        normalization: `"batch"`; `"layer"`, which treats the images of a batch independently, as
            gradient penalties require; `"spectral"`, of the kernels; or None.
        num_classes: Number of classes. If given, the inputs are [images, labels (N,)], and the
            class is an extra channel of the image.
        heads: Additional outputs: a dict of their names and widths.
    """
    checked(image_shape)
    if normalization not in NORMALIZATIONS:
        raise unknown("normalization", normalization, map(str, NORMALIZATIONS))
    inputs = x = keras.Input(tuple(image_shape), name="images")
    if num_classes:
        inputs = [x, keras.Input((), name="labels", dtype="int32")]
        x = gan_layers.LabelMap(num_classes)(inputs)
    conv, dense = kinds(normalization == "spectral")
    for stage, stride in enumerate(stages(image_shape)):
        normalize = NORMALIZATIONS[normalization] if stage else None
        x = conv(
            filters(width, stage), 4, stride, "same",
            use_bias=normalize is None, kernel_initializer=normal(),
        )(x)  # fmt: skip
        x = layers.LeakyReLU(0.2)(normalize()(x) if normalize else x)
    x = layers.Flatten()(x)
    outputs = dense(1, kernel_initializer=normal(), dtype="float32")(x)
    if heads:
        outputs = [
            outputs,
            *(layers.Dense(size, name=name, dtype="float32")(x) for name, size in heads.items()),
        ]
    return keras.Model(inputs, outputs, name="discriminator")


def pair(
    image_shape, width: int = 32, latent_dim: int = 128, normalization="batch",
    num_classes: int | None = None,
) -> dict:  # fmt: skip
    """Returns a matching `generator` and `discriminator`.

    For points, (D,), both are multilayer perceptrons with 4 `width` units per layer.
    """
    if len(image_shape) == 1 and not num_classes:
        return mlp.pair(image_shape, 4 * width, latent_dim)
    return {
        "generator": generator(image_shape, width, latent_dim, num_classes),
        "discriminator": discriminator(image_shape, width, normalization, num_classes),
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }


def checked(image_shape) -> tuple:
    """Returns the image shape as a tuple.

    Raises:
        InputError: If it is not (H, W, C) with sides from 8 to 256 and 1 to 4 channels.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or not all(8 <= side <= 256 for side in shape[:2]) or not 1 <= shape[2] <= 4:
        raise InputError(
            f"expected image_shape=(H, W, C) with sides from 8 to 256 and 1 to 4 channels, or (D,) "
            f"for points; got {shape}."
        )
    return shape


def normal():
    """Returns the kernel initializer, N(0, 0.02)."""
    return keras.initializers.RandomNormal(stddev=0.02)


NORMALIZATIONS = {
    None: None,
    "spectral": None,
    "batch": gan_layers.BatchNormalization,
    "layer": lambda: layers.LayerNormalization(axis=(1, 2, 3)),
}
