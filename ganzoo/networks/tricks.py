"""Architecture tricks for any network: each rebuilds a network with some layers changed.

    generator = tricks.applied("dropout", 0.5, generator)

A trick works on the layer graph of a functional model, including nested models, so the functions
that build networks need no argument for it. Each trick is for one side of the game, and raises an
error if it does not fit the network. The new network has new weights, so apply tricks before
training.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError, unknown

NORMS = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
BOUND = (gan_layers.ConditionalBatchNormalization, gan_layers.ModulatedConv2D)
MIXING = (gan_layers.Packing, gan_layers.MinibatchDiscrimination, gan_layers.MinibatchStddev)
PLAIN = (layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Activation)


def edited(network, change: Callable, entry: Callable | None = None):
    """Returns a rebuilt network, with changed layers.

    Args:
        network: A functional model.
        change: Function from a layer to the list of new layers that replace it, called one after
            the other; an empty list removes the layer.
        entry: Function from an input tensor to the tensor that the layers get in its place.
    """
    inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype, name=x.name) for x in network.inputs]
    entries = {id(x): entry(x) for x in inputs} if entry else {}
    replacements = {}

    def call(layer, *args, **kwargs):
        args, kwargs = keras.tree.map_structure(lambda x: entries.get(id(x), x), (args, kwargs))
        if not isinstance(layer, layers.Layer):  # an operation, which has no weights
            return layer(*args, **kwargs)
        if id(layer) not in replacements:
            nested = isinstance(layer, keras.Model)
            replacements[id(layer)] = [edited(layer, change)] if nested else change(layer)
        if not replacements[id(layer)]:
            return args[0]
        *before, last = replacements[id(layer)]
        for new in before:
            x, *others = args
            several = isinstance(x, (list, tuple))  # new layers transform the first input only
            args = ([new(x[0]), *x[1:]] if several else new(x), *others)
        return last(*args, **{key: value for key, value in kwargs.items() if value is not None})

    tensors = keras.tree.pack_sequence_as(network.input, inputs)
    return keras.models.clone_model(network, tensors, lambda layer: layer, call)


def again(layer, **changes):
    """Returns a new layer with the same config, except for the changes."""
    return type(layer).from_config(layer.get_config() | changes)


def flat(network) -> list:
    """Returns all layers, including those of nested models, in execution order."""
    result = []
    for layer in network.layers:
        result += flat(layer) if isinstance(layer, keras.Model) else [layer]
    return result


def kernels(network) -> list:
    """Returns the layers that have a kernel; the last one is the output layer."""
    return [layer for layer in flat(network) if hasattr(layer, "kernel")]


def activations(network) -> list:
    """Returns the layers that are, or include, an activation, without the output layer."""
    last = kernels(network)[-1]
    result = []
    for layer in flat(network):
        inline = getattr(layer, "activation", None) not in (None, keras.activations.linear)
        if isinstance(layer, PLAIN) or (inline and hasattr(layer, "kernel")):
            result.append(layer)
    return [layer for layer in result if layer is not last]


def outputs(layer) -> list:
    """Returns the output tensors of a layer as a list."""
    return keras.tree.flatten(layer.output)


def followed(network, places, make: Callable):
    """Returns the network with a new layer after each layer of `places`."""
    ids = {id(layer) for layer in places}
    return edited(network, lambda x: [again(x), *([make(x)] if id(x) in ids else [])])


def noise(network, stddev: float):
    """Adds Gaussian noise after each hidden layer, in training.

    Reference: Zhao et al., 2016, arXiv:1609.03126.
    """
    return followed(network, activations(network), lambda _: layers.GaussianNoise(stddev))


def dropout(network, rate: float):
    """Adds dropout after each hidden layer, at training and inference; see `SamplingDropout`."""
    return followed(network, activations(network), lambda _: gan_layers.SamplingDropout(rate))


def latents(network, kind: str):
    """Maps Gaussian latents to the sphere of radius sqrt(D), or to uniform ones in [-1, 1].

    Reference: White, 2016, arXiv:1609.04468, for the sphere.
    """
    if kind not in LATENTS:
        raise unknown("kind of latents", kind, LATENTS)
    size = network.inputs[0].shape[-1]
    if len(network.inputs[0].shape) != 2:
        raise InputError(f"the inputs of {network.name} are images, not latents.")

    def entry(x):
        return LATENTS[kind](size)(x) if x.name == network.inputs[0].name else x

    return edited(network, lambda x: [again(x)], entry)


def up(network, kind: str):
    """Upsamples by a convolution and PixelShuffle in place of the network's own upsampling."""
    if kind != "pixel_shuffle":
        raise unknown("upsampling", kind, ["pixel_shuffle"])
    return _resampled(network, (layers.Conv2DTranspose, layers.UpSampling2D), _shuffled)


def down(network, kind: str):
    """Downsamples by average pooling after convolutions, in place of their strides."""
    if kind != "average_pool":
        raise unknown("downsampling", kind, ["average_pool"])
    return _resampled(network, (layers.Conv2D,), _pooled)


def _resampled(network, kinds, change):
    def fits(layer):
        # Compares exact types: subclasses, such as spectral layers, are not replaced.
        return type(layer) in kinds and max(_stride(layer)) > 1

    if not any(fits(layer) for layer in flat(network)):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(f"{network.name} has no {names} that resamples.")
    return edited(network, lambda x: change(x) if fits(x) else [again(x)])


def _stride(layer) -> tuple:
    return tuple(getattr(layer, "strides", None) or layer.size)


def _shuffled(layer) -> list:
    stride, policy = _stride(layer), layer.dtype_policy
    if isinstance(layer, layers.Conv2DTranspose):
        keys = ("use_bias", "kernel_initializer", "activation")
        options = {key: layer.get_config()[key] for key in keys}
        filters = layer.filters
    else:
        options, filters = {}, layer.input.shape[-1]
    conv = layers.Conv2D(
        filters * stride[0] * stride[1], 3, padding="same", dtype=policy, **options
    )
    return [conv, gan_layers.PixelShuffle(stride, dtype=policy)]


def _pooled(layer) -> list:
    stride = _stride(layer)
    pool = layers.AveragePooling2D(stride, padding="same", dtype=layer.dtype_policy)
    return [again(layer, strides=(1, 1)), pool]


def minibatch(network, kind: str):
    """Adds before D's output layer a layer that compares the images of a batch.

    `"discrimination"` adds `layers.MinibatchDiscrimination`, `"stddev"` `layers.MinibatchStddev`.
    """
    if kind not in MINIBATCH:
        raise unknown("kind of minibatch layer", kind, MINIBATCH)
    if network.outputs[0].shape[1:] != (1,):
        raise InputError(f"{network.name} does not end in a dense layer with one score per image.")
    last = next(x for x in network.layers if any(y is network.outputs[0] for y in outputs(x)))
    return edited(network, lambda x: [*([MINIBATCH[kind]()] if x is last else []), again(x)])


def pack(network, count: int):
    """Lets D judge `count` images together; see `layers.Packing`."""
    if len(network.inputs) > 1 or len(network.outputs) > 1:
        raise InputError(
            f"{network.name} has more than one input or output, such as labels: images cannot be "
            "packed."
        )
    return edited(network, lambda x: [again(x)], gan_layers.Packing(count))


def normalization(network, kind: str):
    """Replaces the normalization of the network, or adds one after its hidden layers.

    The kinds: `"batch"`; `"synchronized"`, batch normalization over the batch of all devices;
    `"layer"`; `"instance"` (Ulyanov et al., 2016, arXiv:1607.08022); `"pixel"` (Karras et al.,
    2018, arXiv:1710.10196); `"virtual"` (`layers.VirtualBatchNormalization`); `"spectral"`, of the
    kernels; or `"none"`. A normalization that depends on the class or on styles cannot be replaced.
    """
    if kind not in NORMALIZATIONS:
        raise unknown("normalization", kind, NORMALIZATIONS)
    if any(isinstance(x, BOUND) for x in flat(network)):
        raise InputError(f"the normalization of {network.name} depends on the class or on styles.")
    if kind == "spectral" and any(
        isinstance(getattr(x, "kernel_initializer", None), keras.initializers.Zeros)
        for x in flat(network)
    ):
        raise InputError(f"{network.name} has kernels initialized to zero, with no direction.")
    norms = [layer for layer in flat(network) if isinstance(layer, NORMS)]
    without = NORMALIZATIONS[kind] is None  # no normalization layers
    hidden = [] if norms or without else _hidden(network, kind)
    if not (norms or hidden or without):
        raise InputError(f"{network.name} has no hidden layer to normalize.")
    followed_ids, replaced_ids = {id(layer) for layer in hidden}, {id(layer) for layer in norms}

    def change(layer):
        if id(layer) in replaced_ids:
            return [] if without else [_norm(kind, layer)]
        if id(layer) in followed_ids:
            return [again(layer), _norm(kind, layer)]
        if without and norms and "use_bias" in layer.get_config() and hasattr(layer, "kernel"):
            layer = again(layer, use_bias=True)  # was redundant before the normalization
        if kind == "spectral" and type(layer) in SPECTRAL:
            config = {key: value for key, value in layer.get_config().items() if key != "name"}
            return [SPECTRAL[type(layer)].from_config(config)]
        return [again(layer)]

    if kind != "virtual":
        return edited(network, change)
    if any(isinstance(x, MIXING) for x in flat(network)):
        raise InputError(
            f"{network.name} compares the images of a batch, but virtual batch normalization must "
            "keep them independent."
        )
    extended = edited(network, change, lambda x: gan_layers.ReferenceBatch(dtype=x.dtype)(x))
    outputs = [gan_layers.WithoutReference(dtype=x.dtype)(x) for x in extended.outputs]
    outputs = keras.tree.pack_sequence_as(network.output, outputs)
    return keras.Model(extended.input, outputs, name=network.name)


def _hidden(network, kind) -> list:
    """Returns the layers to add normalization after: neither D's first layer nor the last one."""
    result = kernels(network)
    result = result[:-1] if len(network.inputs[0].shape) == 2 else result[1:-1]
    return [x for x in result if kind != "instance" or len(x.output.shape) == 4]


def _norm(kind, layer):
    rank = len(layer.output.shape)
    if kind == "instance" and rank != 4:
        raise InputError(
            f"layer {layer.name!r} has no feature maps, which instance normalization requires."
        )
    return NORMALIZATIONS[kind](rank)


def applied(name: str, value, network):
    """Returns the network, or a dict of networks, with a trick of `SIDES` applied.

    Raises:
        InputError: If the trick does not fit the network.
    """
    side, trick, _ = SIDES[name]
    if network is None:
        raise InputError(f"{name}={value!r}: this variant has no {side}.")
    if isinstance(network, dict):
        if name == "latents":
            raise InputError(
                f"{name}={value!r}: the {side} consists of several networks: edit one yourself."
            )
        return {key: applied(name, value, part) for key, part in network.items()}
    if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
        raise InputError(
            f"{name}={value!r}: the {side} is not a functional keras.Model, so its layers are not "
            "known: put the layer in yourself."
        )
    if "int" in network.inputs[0].dtype:
        raise InputError(f"{name}={value!r}: the {side} takes tokens, the trick is for images.")
    try:
        return trick(network, value)
    except InputError as error:
        raise InputError(f"{name}={value!r}: {error}") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}={value!r}: {' '.join(str(error).split())}") from error


LATENTS = {
    "sphere": lambda _: gan_layers.PixelNorm(dtype="float32"),
    "uniform": lambda size: gan_layers.Codes(0, size, 0),
}
MINIBATCH = {
    "discrimination": gan_layers.MinibatchDiscrimination,
    "stddev": gan_layers.MinibatchStddev,
}
NORMALIZATIONS = {
    "batch": lambda rank: gan_layers.BatchNormalization(),
    "synchronized": lambda rank: gan_layers.BatchNormalization(synchronized=True),
    "layer": lambda rank: layers.LayerNormalization(axis=tuple(range(1, rank))),
    "instance": lambda rank: layers.GroupNormalization(groups=-1),
    "pixel": lambda rank: gan_layers.PixelNorm(),
    "virtual": lambda rank: gan_layers.VirtualBatchNormalization(),
    "spectral": None,
    "none": None,
}
SPECTRAL = {
    layers.Conv2D: gan_layers.SpectralConv2D,
    layers.Conv2DTranspose: gan_layers.SpectralConv2DTranspose,
    layers.Dense: gan_layers.SpectralDense,
}


class Trick(NamedTuple):
    """A trick of architecture: the side that it changes, how, and one line for `--help`."""

    side: str
    change: Callable
    meaning: str


_NORMS = "batch, synchronized (over all devices), layer, instance, pixel, virtual, spectral or none"
SIDES = {  # argument -> trick
    "latents": Trick("generator", latents, "Latents made from the Gaussian: sphere or uniform."),
    "g_normalization": Trick("generator", normalization, f"Normalization of G: {_NORMS}."),
    "up": Trick("generator", up, "Upsampling of G: pixel_shuffle."),
    "noise": Trick("generator", noise, "Standard deviation of Gaussian noise in G's layers."),
    "dropout": Trick("generator", dropout, "Dropout rate in G's layers, in sampling as well."),
    "down": Trick("discriminator", down, "Downsampling of D: average_pool in place of strides."),
    "minibatch": Trick(
        "discriminator",
        minibatch,
        "Layer of D that compares the images of a batch: discrimination or stddev.",
    ),
    "d_normalization": Trick("discriminator", normalization, f"Normalization of D: {_NORMS}."),
    "pack": Trick("discriminator", pack, "Number of images that D judges together."),
}
