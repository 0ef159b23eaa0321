"""StyleGAN3: configuration T, which follows translations, and R, which follows rotations as well.

Reference: Karras et al., 2021, arXiv:2106.12423, section 3 and appendix.
"""

import math

import keras
from keras import ops

from ganzoo import layers as gan_layers
from ganzoo.networks.published import styles

MARGIN = 10  # pixels around a map
FIRST_CUTOFF, FIRST_STOPBAND, LAST_STOPBAND = 2.0, 2.0**2.1, 2.0**0.3  # the last one is relative
CRITICAL = 2  # layers at the end whose cutoff is the highest frequency of the image
SCALE = 0.25  # of the output


def schedule(size: int, depth: int = 14) -> list[dict]:
    """Returns cutoff, half width of the transition, sampling rate and size of each layer."""
    rows = []
    last = size / 2
    for layer in range(depth + 1):
        part = min(layer / (depth - CRITICAL), 1.0)
        cutoff = FIRST_CUTOFF * (last / FIRST_CUTOFF) ** part
        stopband = FIRST_STOPBAND * (last * LAST_STOPBAND / FIRST_STOPBAND) ** part
        rate = 2.0 ** math.ceil(math.log2(min(2 * stopband, size)))
        width = max(stopband, rate / 2) - cutoff
        side = size if layer >= depth - 1 else int(rate) + 2 * MARGIN
        rows.append({"cutoff": cutoff, "width": width, "rate": rate, "size": side})
    return rows


def generator(
    size: int = 256, widths=None, channels: int = 3, latent_dim: int = 512, style_dim: int = 512,
    depth: int = 2, num_classes: int | None = None, kernel_size: int = 3, radial: bool = False,
    clamp: float | None = 256.0, average: bool = True,
):  # fmt: skip
    """Returns a network from [latents, labels if there are classes, truncation] to images.

    Args:
        size: Side of the images.
        widths: Filters of the input and of each layer but the last; by default those of T.
        channels: Channels of the images.
        latent_dim: Dimension of the latents.
        style_dim: Dimension of w.
        depth: Layers of the mapping network.
        num_classes: Number of classes, if any.
        kernel_size: Side of the kernels: 3 for T, 1 for R.
        radial: Whether filters are the same in all directions, as in R.
        clamp: Largest absolute value of the activations, if any.
        average: Whether styles can be truncated; else there is no input `truncation`.
    """
    rows = schedule(size, len(widths or range(14)))
    if widths is None:
        widths = [min(round(16384 / row["cutoff"]), 512) for row in rows[:-1]]
    inputs = keras.Input((len(widths) + 2, style_dim), name="styles")
    first = rows[0]
    x = gan_layers.FourierInput(
        widths[0], first["size"], first["rate"], first["cutoff"], dtype="float32",
        name="synthesis.input",
    )(inputs[:, 0])  # fmt: skip
    for layer, row in enumerate(rows):
        before, image = rows[max(layer - 1, 0)], layer == len(widths)
        filters = channels if image else widths[layer]
        x = gan_layers.AliasFreeConv2D(
            filters, 1 if image else kernel_size, row["size"],
            *([before[key], row[key]] for key in ("rate", "cutoff", "width")), image=image,
            radial=radial and layer < len(widths) - CRITICAL, clamp=clamp,
            name=f"synthesis.L{layer}_{row['size']}_{filters}",
        )([x, inputs[:, layer + 1]])  # fmt: skip
    synthesis = keras.Model(inputs, ops.cast(x, "float32") * SCALE, name="synthesis")
    mapping = styles.mapping(latent_dim, style_dim, depth, num_classes)
    return styles.joined(mapping, synthesis, average)
