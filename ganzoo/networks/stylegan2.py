"""The networks of StyleGAN2, for images from 8 to 256 pixels a side.

G consists of two networks: `mapping` maps a latent to a style w, and `synthesis` convolves a
learned constant, with one style for each of its layers. Every scale renders an image, which is
added to the upsampled image of the previous scale (a skip generator). D is residual, with a
minibatch standard deviation layer. There is no normalization except demodulation, learning rates
are equalized, and the output has no tanh. Scales and filters are those of `dcgan`.

Departures from the paper: the mapping has 2 layers, as the authors use for 32 pixels (Karras et
al., 2020, arXiv:2006.06676, table of hyperparameters), where the paper has 8; G upsamples before a
convolution, where the paper filters after a transposed convolution, which is the same linear map
except at the borders; and D's strided convolutions are preceded by a [1, 2, 1] blur, where the
paper has [1, 3, 3, 1], which is kept in the shortcuts.

Reference: Karras et al., 2020, arXiv:1912.04958, figures 2 and 7, appendix B.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError
from ganzoo.networks import dcgan, mlp

DEPTH = 2  # layers of the mapping network


def mapping(latent_dim: int = 128, depth: int = DEPTH):
    """Returns a network from latents (N, latent_dim) to styles w of the same shape, in float32.

    Latents are normalized to the same length, and the learning rate multiplier is 0.01.
    """
    inputs = keras.Input((latent_dim,), name="latents")
    x = gan_layers.PixelNorm(dtype="float32")(inputs)
    for _ in range(depth):
        x = _leaky(
            gan_layers.EqualizedDense(latent_dim, rate=0.01, dtype="float32")(x), dtype="float32"
        )
    return keras.Model(inputs, x, name="mapping")


def synthesis(image_shape, width: int = 32, latent_dim: int = 128):
    """Returns a network from styles (N, layers, latent_dim) to images (N, H, W, C).

    There is one style for each convolution (two per scale, one at the smallest scale), and one for
    the layer that renders the last image. The layers that render the images of the other scales
    share the style of the next convolution.
    """
    *_, channels = dcgan.checked(image_shape)
    strides = dcgan.stages(image_shape)
    rows, columns = dcgan.smallest(image_shape)
    inputs = keras.Input((2 * len(strides) + 2, latent_dim), name="styles")
    styles = [inputs[:, layer] for layer in range(inputs.shape[1])]

    def styled(x, w, filters):
        x = gan_layers.NoiseInjection()(gan_layers.ModulatedConv2D(filters)([x, w]))
        return _leaky(x)

    def rendered(x, w):
        conv = gan_layers.ModulatedConv2D(channels, 1, demodulate=False, dtype="float32")
        return conv([x, w])

    depth = dcgan.filters(width, len(strides))
    x = styled(gan_layers.LearnedConstant((rows, columns, depth))(inputs), styles[0], depth)
    image = rendered(x, styles[1])
    for scale, (stage, stride) in enumerate(reversed(list(enumerate(strides)))):
        first, second, last = styles[2 * scale + 1 : 2 * scale + 4]
        filters = dcgan.filters(width, stage)
        x = styled(_enlarged(x, stride), first, filters)
        x = styled(x, second, filters)
        image = _enlarged(image, stride, dtype="float32")
        image = layers.Add(dtype="float32")([image, rendered(x, last)])
    return keras.Model(inputs, dcgan.cropped(image, image_shape), name="synthesis")


def generator(image_shape, width: int = 32, latent_dim: int = 128):
    """Returns a network from latents (N, latent_dim) to images (N, H, W, C), without a tanh.

    Its layers `mapping` and `synthesis` are the two networks; all layers of the synthesis get the
    same style. For points, (D,), the synthesis is a multilayer perceptron with 4 `width` units per
    layer.
    """
    if len(image_shape) == 1:
        styles = keras.Input((1, latent_dim), name="styles")
        points = mlp.generator(image_shape, 4 * width, latent_dim)(layers.Flatten()(styles))
        synthesis_network = keras.Model(styles, points, name="synthesis")
    else:
        synthesis_network = synthesis(image_shape, width, latent_dim)
    inputs = keras.Input((latent_dim,), name="latents")
    w = mapping(latent_dim)(inputs)
    w = layers.RepeatVector(synthesis_network.input_shape[1], dtype="float32")(w)
    return keras.Model(inputs, synthesis_network(w), name="generator")


def discriminator(image_shape, width: int = 32):
    """Returns a network from images (N, H, W, C) to logits (N, 1)."""
    inputs = keras.Input(dcgan.checked(image_shape), name="images")
    x = _leaky(gan_layers.EqualizedConv2D(width, 1)(inputs))
    strides = dcgan.stages(image_shape)
    for stage, stride in enumerate(strides):
        filters = dcgan.filters(width, stage + 1)
        shortcut = layers.AveragePooling2D(stride, padding="same")(gan_layers.Blur(stride)(x))
        shortcut = gan_layers.EqualizedConv2D(filters, 1, use_bias=False)(shortcut)
        x = _leaky(gan_layers.EqualizedConv2D(dcgan.filters(width, stage))(x))
        x = _leaky(gan_layers.EqualizedConv2D(filters, strides=stride)(gan_layers.Blur(stride)(x)))
        x = layers.Rescaling(0.5**0.5)(layers.Add()([x, shortcut]))
    depth = dcgan.filters(width, len(strides))
    x = _leaky(gan_layers.EqualizedConv2D(depth)(gan_layers.MinibatchStddev()(x)))
    x = _leaky(gan_layers.EqualizedDense(depth)(layers.Flatten()(x)))
    outputs = gan_layers.EqualizedDense(1, dtype="float32")(x)
    return keras.Model(inputs, outputs, name="discriminator")


def pair(image_shape, width: int = 32, latent_dim: int = 128) -> dict:
    """Returns a matching `generator` and `discriminator`; for points, multilayer perceptrons."""
    points = len(image_shape) == 1
    perceptron = mlp.discriminator(image_shape, 4 * width) if points else None
    return {
        "generator": generator(image_shape, width, latent_dim),
        "discriminator": perceptron if points else discriminator(image_shape, width),
        "latent_dim": latent_dim,
    }


def has_styles(generator) -> bool:
    """Returns whether a generator consists of a mapping and a synthesis; see `halves`."""
    return {"mapping", "synthesis"} <= {layer.name for layer in getattr(generator, "layers", [])}


def halves(generator) -> tuple:
    """Returns the mapping and the synthesis of a generator, and the number of styles.

    Raises:
        InputError: If the generator does not consist of these two networks.
    """
    if not has_styles(generator):
        name = getattr(generator, "name", type(generator).__name__)
        raise InputError(
            "expected a generator with layers 'mapping' and 'synthesis', such as that of "
            f"networks.stylegan2, got {name!r}: use such a generator, or drop what needs styles."
        )
    parts = {layer.name: layer for layer in generator.layers}
    return parts["mapping"], parts["synthesis"], parts["synthesis"].input_shape[1]


def _leaky(x, **kwargs):
    x = layers.LeakyReLU(0.2, **kwargs)(x)
    return layers.Rescaling(2.0**0.5, **kwargs)(x)  # keeps the mean square


def _enlarged(x, stride, **kwargs):
    return gan_layers.Blur(stride, **kwargs)(layers.UpSampling2D(stride, **kwargs)(x))
