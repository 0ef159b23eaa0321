"""StyleGAN2 and StyleGAN2-ADA, for square images from 8 to 1024 pixels.

Config e is `base=16384`, config f `base=32768`, which doubles the filters of the large scales. The
small generator `networks.stylegan2` differs by fewer layers of the mapping, by a different filter
before strided convolutions, and by its borders.

References: Karras et al., 2020, arXiv:1912.04958, figures 2 and 7; arXiv:2006.06676, appendix D.
"""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers
from ganzoo.networks.published import styles


def filters(size: int, base: int = 32768, most: int = 512) -> list[int]:
    """Returns the filters of each scale, from 4 pixels to `size`."""
    return [min(base // 2**scale, most) for scale in range(2, size.bit_length())]


def synthesis(widths, channels: int = 3, style_dim: int = 512, noise="const", clamp=None):
    """Returns a network from styles (N, 2 scales, style_dim) to images (N, H, W, channels).

    Args:
        widths: Filters of each scale, from 4 pixels up.
        channels: Channels of the images.
        style_dim: Dimension of w.
        noise: "const", "random" or "none".
        clamp: Largest absolute value of the activations, if any.
    """
    inputs = keras.Input((2 * len(widths), style_dim), name="styles")
    w = [inputs[:, layer] for layer in range(inputs.shape[1])]
    options = {"noise": noise, "clamp": clamp}
    image, x = None, gan_layers.LearnedConstant((4, 4, widths[0]), name="synthesis.b4")(inputs)
    for scale, width in enumerate(widths):
        name = f"synthesis.b{4 * 2**scale}"
        if scale:
            conv = gan_layers.StyledConv2D(width, up=2, name=f"{name}.conv0", **options)
            x = conv([x, w[2 * scale - 1]])
        conv = gan_layers.StyledConv2D(width, name=f"{name}.conv1", **options)
        x = conv([x, w[2 * scale]])
        render = gan_layers.StyledConv2D(
            channels, 1, image=True, clamp=clamp, dtype="float32", name=f"{name}.torgb"
        )
        rendered = render([x, w[2 * scale + 1]])
        if image is not None:
            up = gan_layers.Resample(2, padding=(2, 1), dtype="float32", name=f"{name}.up")
            rendered = layers.Add(dtype="float32", name=f"{name}.add")([up(image), rendered])
        image = rendered
    return keras.Model(inputs, image, name="synthesis")


def generator(
    size: int = 256, widths=None, channels: int = 3, latent_dim: int = 512, style_dim: int = 512,
    depth: int = 8, num_classes: int | None = None, noise: str = "const", clamp=None,
    average: bool = True,
):  # fmt: skip
    """Returns a network from [latents, labels if there are classes, truncation] to images.

    Args:
        size: Side of the images.
        widths: Filters of each scale, from 4 pixels up; by default those of config f.
        channels: Channels of the images.
        latent_dim: Dimension of the latents.
        style_dim: Dimension of w.
        depth: Layers of the mapping network.
        num_classes: Number of classes, if any.
        noise: "const", "random" or "none".
        clamp: Largest absolute value of the activations, if any.
        average: Whether styles can be truncated; else there is no input `truncation`.
    """
    widths = list(widths or filters(size))
    drawn = synthesis(widths, channels, style_dim, noise, clamp)
    mapping = styles.mapping(latent_dim, style_dim, depth, num_classes)
    return styles.joined(mapping, drawn, average)


def discriminator(
    size: int = 256, widths=None, channels: int = 3, num_classes: int | None = None,
    code_dim: int = 512, depth: int = 8, group: int = 4, clamp=None,
):  # fmt: skip
    """Returns a network from images, or [images, labels], to logits (N, 1).

    Args:
        size: Side of the images.
        widths: Filters of each scale, from 4 pixels up; by default those of config f.
        channels: Channels of the images.
        num_classes: Number of classes, if any.
        code_dim: Dimension of the code of a class.
        depth: Layers of the network that maps a class to its code.
        group: Images of which the standard deviation is computed; 0 for the whole batch.
        clamp: Largest absolute value of the activations, if any.
    """
    widths = list(widths or filters(size))
    inputs = x = keras.Input((size, size, channels), name="images")
    for scale in reversed(range(1, len(widths))):
        name = f"b{4 * 2**scale}"
        if scale == len(widths) - 1:
            conv = gan_layers.EqualizedConv2D(widths[scale], 1, name=f"{name}.fromrgb")
            x = _leaky(conv(x), clamp)
        x = _block(x, widths[scale], widths[scale - 1], name, clamp)
    x = gan_layers.MinibatchStddev(group, centered=False, name="b4.mbstd")(x)
    x = _leaky(gan_layers.EqualizedConv2D(widths[0], name="b4.conv")(x), clamp)
    x = _leaky(gan_layers.EqualizedDense(widths[0], name="b4.fc")(layers.Flatten()(x)))
    logits = gan_layers.EqualizedDense(
        code_dim if num_classes else 1, dtype="float32", name="b4.out"
    )(x)
    if not num_classes:
        return keras.Model(inputs, logits, name="discriminator")
    labels = keras.Input((), name="labels", dtype="int32")
    code = styles.mapping(0, code_dim, depth, num_classes)(labels)
    logits = ops.sum(logits * code, axis=1, keepdims=True) / code_dim**0.5
    return keras.Model([inputs, labels], logits, name="discriminator")


def _block(x, width: int, after: int, name: str, clamp):
    """Returns a residual block that halves the size."""
    shortcut = gan_layers.Resample(down=2, padding=(1, 1), name=f"{name}.down")(x)
    conv = gan_layers.EqualizedConv2D(after, 1, use_bias=False, name=f"{name}.skip")
    shortcut = conv(shortcut)
    x = _leaky(gan_layers.EqualizedConv2D(width, name=f"{name}.conv0")(x), clamp)
    x = gan_layers.Resample(padding=(2, 2), name=f"{name}.blur")(x)
    conv = gan_layers.EqualizedConv2D(after, strides=2, padding="valid", name=f"{name}.conv1")
    x = layers.Add()([_leaky(conv(x), clamp), shortcut])
    return layers.Rescaling(0.5**0.5)(x)


def _leaky(x, clamp=None):
    x = layers.Rescaling(2.0**0.5)(layers.LeakyReLU(0.2)(x))
    return x if clamp is None else ops.clip(x, -clamp, clamp)
