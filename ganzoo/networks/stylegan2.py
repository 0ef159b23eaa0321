"""The networks of StyleGAN2, for images of any size from 8 to 256 pixels a side.

G is two networks. `mapping` makes of a latent a style w; `synthesis` starts from a learned constant
and convolves it under the styles, of which each of its layers is given one. Every scale renders an
image, which is added to the one of the scale before (a skip generator). D is residual, and sees how
much the images of a batch differ. There is no normalisation but demodulation; learning rates are
equalised; images are not squashed. Scales and filters are those of `dcgan`.

Departures from the paper: the mapping has 2 layers, as the authors have for 32 pixels (Karras et
al., 2020, arXiv:2006.06676, table of hyperparameters), where the paper has 8; G's larger scales are
interpolated before the convolution, where the paper interpolates after a transposed one, the same
linear map but for the borders; D's strided convolutions are blurred by [1, 2, 1] before, the
shortcuts by the paper's [1, 3, 3, 1].

Reference: Karras et al., 2020, arXiv:1912.04958, figures 2 and 7, appendix B.
"""

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.errors import InputError
from ganzoo.networks import dcgan, mlp

DEPTH = 2  # layers of the mapping


def mapping(latent_dim: int = 128, depth: int = DEPTH):
    """Returns a network from latents (N, latent_dim) to styles w of the same shape, in float32.

    Latents are normalised to one length; weights are learned at a hundredth of the rate.
    """
    inputs = keras.Input((latent_dim,), name="latents")
    x = own.PixelNorm(dtype="float32")(inputs)
    for _ in range(depth):
        x = _leaky(own.EqualizedDense(latent_dim, rate=0.01, dtype="float32")(x), dtype="float32")
    return keras.Model(inputs, x, name="mapping")


def synthesis(image_shape, width: int = 32, latent_dim: int = 128):
    """Returns a network from styles (N, layers, latent_dim), one a layer, to images (N, H, W, C).

    Two layers a scale, of which the smallest has one, and one that renders the last; the layers
    that render the others share the style of the convolution that comes next.
    """
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    rows, columns = dcgan.smallest(image_shape)
    inputs = keras.Input((2 * len(strides) + 2, latent_dim), name="styles")
    styles = [inputs[:, layer] for layer in range(inputs.shape[1])]

    def styled(x, w, filters):
        x = own.NoiseInjection()(own.ModulatedConv2D(filters)([x, w]))
        return _leaky(x)

    def rendered(x, w):
        conv = own.ModulatedConv2D(channels, 1, demodulate=False, dtype="float32")
        return conv([x, w])

    depth = dcgan.filters(width, len(strides))
    x = styled(own.LearnedConstant((rows, columns, depth))(inputs), styles[0], depth)
    image = rendered(x, styles[1])
    for place, (stage, stride) in enumerate(reversed(list(enumerate(strides)))):
        first, second, last = styles[2 * place + 1 : 2 * place + 4]
        filters = dcgan.filters(width, stage)
        x = styled(_enlarged(x, stride), first, filters)
        x = styled(x, second, filters)
        image = _enlarged(image, stride, dtype="float32")
        image = layers.Add(dtype="float32")([image, rendered(x, last)])
    return keras.Model(inputs, dcgan.cropped(image, image_shape), name="synthesis")


def generator(image_shape, width: int = 32, latent_dim: int = 128):
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C), not squashed.

    Its halves are its layers `mapping` and `synthesis`; all layers of the second get one style. For
    points, (D,), the second is a perceptron of 4 `width` units.
    """
    if len(image_shape) == 1:
        styles = keras.Input((1, latent_dim), name="styles")
        points = mlp.generator(image_shape, 4 * width, latent_dim)(layers.Flatten()(styles))
        second = keras.Model(styles, points, name="synthesis")
    else:
        second = synthesis(image_shape, width, latent_dim)
    inputs = keras.Input((latent_dim,), name="latents")
    w = mapping(latent_dim)(inputs)
    w = layers.RepeatVector(second.input_shape[1], dtype="float32")(w)
    return keras.Model(inputs, second(w), name="generator")


def discriminator(image_shape, width: int = 32):
    """Returns a network from images (N, H, W, C) to logits (N, 1)."""
    inputs = keras.Input(dcgan.checked(image_shape), name="images")
    x = _leaky(own.EqualizedConv2D(width, 1)(inputs))
    strides = dcgan.stages(image_shape)
    for stage, stride in enumerate(strides):
        filters = dcgan.filters(width, stage + 1)
        shortcut = layers.AveragePooling2D(stride, padding="same")(own.Blur(stride)(x))
        shortcut = own.EqualizedConv2D(filters, 1, use_bias=False)(shortcut)
        x = _leaky(own.EqualizedConv2D(dcgan.filters(width, stage))(x))
        x = _leaky(own.EqualizedConv2D(filters, strides=stride)(own.Blur(stride)(x)))
        x = layers.Rescaling(0.5**0.5)(layers.Add()([x, shortcut]))
    depth = dcgan.filters(width, len(strides))
    x = _leaky(own.EqualizedConv2D(depth)(own.MinibatchStddev()(x)))
    x = _leaky(own.EqualizedDense(depth)(layers.Flatten()(x)))
    outputs = own.EqualizedDense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def pair(image_shape, width: int = 32, latent_dim: int = 128) -> dict:
    """Returns a `generator` and a `discriminator` for each other; for points, perceptrons."""
    points = len(image_shape) == 1
    judge = mlp.discriminator(image_shape, 4 * width) if points else discriminator
    return {
        "generator": generator(image_shape, width, latent_dim),
        "discriminator": judge if points else judge(image_shape, width),
        "latent_dim": latent_dim,
    }


def halves(generator) -> tuple:
    """Returns the mapping and the synthesis of a generator, and how many styles the second takes.

    Raises:
        InputError: If it is no such generator.
    """
    parts = {layer.name: layer for layer in getattr(generator, "layers", [])}
    if not {"mapping", "synthesis"} <= set(parts):
        name = getattr(generator, "name", type(generator).__name__)
        raise InputError(
            "expected a generator of two layers 'mapping' and 'synthesis', as of "
            f"networks.stylegan2, got {name!r}: build it so, or drop what works on styles."
        )
    return parts["mapping"], parts["synthesis"], parts["synthesis"].input_shape[1]


def _leaky(x, **kwargs):
    x = layers.LeakyReLU(0.2, **kwargs)(x)
    return layers.Rescaling(2.0**0.5, **kwargs)(x)  # which keeps the mean square


def _enlarged(x, stride, **kwargs):
    return own.Blur(stride, **kwargs)(layers.UpSampling2D(stride, **kwargs)(x))
