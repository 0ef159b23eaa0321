"""The mapping network that StyleGAN2 and StyleGAN3 share, and how a synthesis is joined to it."""

import keras
from keras import layers, ops

from ganzoo import layers as gan_layers


def mapping(latent_dim: int, style_dim: int, depth: int, num_classes: int | None = None):
    """Returns a network from latents, or [latents, labels], to styles (N, style_dim), in float32.

    A class is embedded, normalized and joined to the normalized latents. With `latent_dim=0`, there
    are only labels.
    """
    inputs, parts = [], []
    if latent_dim:
        inputs.append(keras.Input((latent_dim,), name="latents"))
        parts.append(gan_layers.PixelNorm(dtype="float32")(inputs[0]))
    if num_classes:
        inputs.append(keras.Input((), name="labels", dtype="int32"))
        chosen = ops.one_hot(inputs[-1], num_classes, dtype="float32")
        embed = gan_layers.EqualizedDense(style_dim, dtype="float32", name="mapping.embed")
        parts.append(gan_layers.PixelNorm(dtype="float32")(embed(chosen)))
    x = layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]
    for index in range(depth):
        dense = gan_layers.EqualizedDense(
            style_dim, rate=0.01, dtype="float32", name=f"mapping.fc{index}"
        )
        x = layers.LeakyReLU(0.2, dtype="float32")(dense(x))
        x = layers.Rescaling(2.0**0.5, dtype="float32")(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], x, name="mapping")


def untruncated(generator):
    """Returns a generator of `joined` without the input `truncation`, of the same weights."""
    mapping_network, synthesis = generator.get_layer("mapping"), generator.get_layer("synthesis")
    return joined(mapping_network, synthesis, average=False)


def joined(mapping_network, synthesis, average: bool = True):
    """Returns a generator of both; all layers of the synthesis get the same style.

    Its inputs are those of the mapping and, with `average`, `truncation` (N,), which moves styles
    toward their average; 1 changes nothing.
    """
    inputs = [keras.Input(x.shape[1:], name=x.name, dtype=x.dtype) for x in mapping_network.inputs]
    w = mapping_network(inputs if len(inputs) > 1 else inputs[0])
    w = layers.RepeatVector(synthesis.input_shape[1], dtype="float32")(w)
    if average:
        inputs.append(keras.Input((), name="truncation"))
        w = gan_layers.Truncation(dtype="float32", name="truncated")([w, inputs[-1]])
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], synthesis(w), name="generator")
