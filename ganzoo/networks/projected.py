"""The critic of Projected GAN: four small critics on random mixtures of a frozen network's maps.

The frozen network (see `metrics.efficientnet`) gives four maps of an image. A random convolution of
1 x 1 mixes the channels of each; then, from the smallest map to the largest, each is added to the
next one, enlarged, and mixed again. None of this is trained. Each of the four results has a critic
of its own, which halves it until it has 8 pixels a side.

Reference: Sauer et al., 2021, arXiv:2111.01007, section 3, and the authors' code, which it follows
where the paper is more general (no convolutions of 3 x 3 in the mixing across scales). Departures:
the first critic of a map halves it to 8 pixels whatever its size is (the authors' as often as for
images of 256), and images with a longer side than 224 keep their size, to a multiple of 32.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError
from ganzoo.metrics.efficientnet import STRIDE, EfficientNetLite
from ganzoo.networks import dcgan, fastgan

SIDE = 224  # pixels to which smaller images are enlarged
SMALLEST = 8  # pixels of the map from which logits are computed
EMBEDDING = 128  # dimension of a class


def filters(width: int, side: int) -> int:
    """Returns the filters of a critic's map: 8 `width` at 8 pixels, `width` above 32."""
    return width * next((factor for most, factor in ((8, 8), (16, 4), (32, 2)) if side <= most), 1)


def discriminator(
    image_shape,
    width: int = 64,
    num_classes: int | None = None,
    features: str = "efficientnet_lite0",
    features_side: int | None = None,
):
    """Returns a network from images, or [images, labels], to the logits of patches, (N, M).

    Args:
        image_shape: (H, W, C), with sides from 8 to 256.
        width: Channels of the mixture of the largest map; 64 in the authors' code.
        num_classes: Number of classes, if there are labels.
        features: The frozen network, `"efficientnet_lite0"` or `"efficientnet_lite1"`, whose
            weights are imported once (`ganzoo data efficientnet_lite --from=PATH`); or
            `"untrained"`, a small one with random weights, which needs none.
        features_side: Pixels of the longer side of the images that the frozen network sees, to
            which they are resized; rounded to a multiple of 32. By default 224, or the images' own
            size if that is larger. The cost of a step grows with its square.

    Raises:
        InputError: If the weights were not imported, `features` is unknown, or `features_side` is
            too small.
    """
    height, breadth, _ = dcgan.checked(image_shape)
    if features_side is not None and features_side < STRIDE:
        raise InputError(
            f"features_side: expected {STRIDE} pixels or more, got {features_side}: leave it out "
            f"for {SIDE}."
        )
    images = keras.Input(tuple(image_shape), name="images")
    inputs, labels = images, None
    if num_classes:
        labels = keras.Input((), name="labels", dtype="int32")
        inputs = [images, labels]
    longer = max(height, breadth)
    scale = (features_side or max(SIDE, longer)) / longer
    sides = [max(1, round(side * scale / STRIDE)) * STRIDE for side in (height, breadth)]
    x = images if sides == [height, breadth] else ops.image.resize(images, sides)
    frozen = EfficientNetLite(features, name="features")
    maps = [_mixed(x, width << place, f"channels{place}") for place, x in enumerate(frozen(x))]
    frozen.load()
    logits, above = [], None
    for place in reversed(range(len(maps))):
        x = maps[place] if above is None else layers.Add()([above, maps[place]])
        x = gan_layers.AlignedUpSampling2D()(x)
        above = _mixed(x, width << max(place - 1, 0), f"scales{place}")
        logits.append(_critic(above, width, labels, num_classes))
    joined = layers.Concatenate(dtype="float32")(logits[::-1])
    return keras.Model(inputs, joined, name="discriminator")


def pair(
    image_shape,
    width: int = 16,
    latent_dim: int = 256,
    num_classes: int | None = None,
    features: str = "efficientnet_lite0",
    features_side: int | None = None,
    features_width: int = 64,
) -> dict:
    """Returns FastGAN's `generator`, of this `width`, and a projected `discriminator`."""
    critic = discriminator(image_shape, features_width, num_classes, features, features_side)
    return {
        "generator": fastgan.generator(image_shape, width, latent_dim, num_classes),
        "discriminator": critic,
        "latent_dim": latent_dim,
        "num_classes": num_classes,
    }


def _mixed(x, depth: int, name: str):
    """Returns a random mixture of the channels, which is not trained."""
    bound = x.shape[-1] ** -0.5  # as PyTorch initializes convolutions
    initial = keras.initializers.RandomUniform(-bound, bound)
    return layers.Conv2D(
        depth, 1, trainable=False, kernel_initializer=initial, bias_initializer=initial, name=name
    )(x)


def _critic(x, width: int, labels, num_classes: int | None):
    """Returns the logits of a map, (N, M)."""
    while min(x.shape[1:3]) > SMALLEST:
        depth = filters(width, -(-min(x.shape[1:3]) // 2))
        x = gan_layers.SpectralConv2D(depth, 4, 2, "same", kernel_initializer=dcgan.normal())(x)
        x = layers.LeakyReLU(0.2)(gan_layers.BatchNormalization()(x))
    size, depth = min(4, *x.shape[1:3]), 1 if labels is None else width
    x = gan_layers.SpectralConv2D(depth, size, padding="valid", use_bias=False, dtype="float32")(x)
    if labels is not None:
        classes = layers.Embedding(num_classes, EMBEDDING, dtype="float32")(labels)
        classes = layers.LeakyReLU(0.2, dtype="float32")(
            layers.Dense(depth, dtype="float32")(classes)
        )
        x = layers.Reshape((-1, depth), dtype="float32")(x)
        return layers.Dot((2, 1), dtype="float32")([x, classes]) / depth**0.5
    return layers.Flatten(dtype="float32")(x)
