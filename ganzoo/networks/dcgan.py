"""The all-convolutional networks of DCGAN, for images of any size from 8 to 256 pixels a side.

Strided convolutions in place of pooling and of upsampling; no hidden dense layer; batch
normalisation but for G's output and D's input; ReLU in G, LeakyReLU of slope 0.2 in D; weights
drawn from N(0, 0.02). Every stage halves or doubles each axis that is still 8 pixels
or larger, by a kernel of 4 that the stride divides, so that no checkerboard is built in. Sizes that
are no multiple of a power of two are made a little larger and cropped.

Departures from the paper: kernels of 4 where it has 5, which a stride of 2 does not divide; and a
stage of G at full size, of `width` filters, before the convolution that renders the image, where
the paper's last transposed convolution does both.

Reference: Radford et al., 2016, arXiv:1511.06434.
"""

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.errors import InputError, unknown
from ganzoo.networks import mlp


def stages(image_shape) -> list[tuple[int, int]]:
    """Returns the strides (rows, columns) that reduce an image to 4 to 7 pixels a side."""
    halvings = [max(0, (size // 4).bit_length() - 1) for size in image_shape[:2]]
    return [tuple(2 if i < n else 1 for n in halvings) for i in range(max(halvings))]


def smallest(image_shape) -> tuple[int, int]:
    """Returns the rows and columns that `stages` leaves, rounded up."""
    rows, columns = image_shape[:2]
    for down, across in stages(image_shape):
        rows, columns = -(-rows // down), -(-columns // across)
    return rows, columns


def cropped(x, image_shape):
    """Returns images cut about the centre to the height and width of `image_shape`."""
    extra = [made - meant for made, meant in zip(x.shape[1:3], image_shape, strict=False)]
    if not any(extra):
        return x
    crop = [(size // 2, size - size // 2) for size in extra]
    return layers.Cropping2D(crop, dtype="float32")(x)


def kinds(spectral: bool) -> tuple:
    """Returns the classes of convolutions and of dense layers."""
    if spectral:
        return own.SpectralConv2D, own.SpectralDense
    return layers.Conv2D, layers.Dense


def filters(width: int, stage: int) -> int:
    """Returns the filters of a stage: `width` at the image's end, doubled inwards up to 8 times."""
    return width * min(2**stage, 8)


def generator(image_shape, width: int = 32, latent_dim: int = 128, num_classes: int | None = None):
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C) in [-1, 1].

    Given `num_classes` it is one from [latents, labels (N,)], to which the class is one more vector
    beside the latents: an embedding of 50 dimensions.
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
    x = layers.ReLU()(own.BatchNormalization()(x))
    for stage, stride in reversed(list(enumerate(strides))):
        x = layers.Conv2DTranspose(
            filters(width, stage), 4, stride, "same", use_bias=False, kernel_initializer=normal()
        )(x)
        x = layers.ReLU()(own.BatchNormalization()(x))
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
        normalization: `"batch"`; `"layer"`, which keeps the images of a batch apart, as gradient
            penalties need; `"spectral"`, of the kernels; or None.
        num_classes: If given, it is a network from [images, labels (N,)], to which the class is one
            more channel of the image.
        heads: Outputs besides the logits: for each name how many numbers (N, n) it has.
    """
    checked(image_shape)
    if normalization not in NORMALIZATIONS:
        raise unknown("normalization", normalization, map(str, NORMALIZATIONS))
    inputs = x = keras.Input(tuple(image_shape), name="images")
    if num_classes:
        inputs = [x, keras.Input((), name="labels", dtype="int32")]
        x = own.LabelMap(num_classes)(inputs)
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
    """Returns a `generator` and a `discriminator` for each other.

    For points, (D,), there is nothing to convolve: they are perceptrons of 4 `width` units.
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
    """Returns the image shape.

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
    """Returns the initializer of every kernel: N(0, 0.02)."""
    return keras.initializers.RandomNormal(stddev=0.02)


NORMALIZATIONS = {
    None: None,
    "spectral": None,
    "batch": own.BatchNormalization,
    "layer": lambda: layers.LayerNormalization(axis=(1, 2, 3)),
}
