"""Tricks of architecture, for any network: a trick makes it anew with other layers in some places.

    generator = tricks.applied("dropout", 0.5, generator)

A network is taken as the graph of layers that it is, networks inside of it included, so a trick
needs no argument in any function that builds one. Each is for one side; those that do not fit a
network say why. The weights of what comes out are drawn anew: it is done before the training.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.errors import InputError, unknown

NORMS = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
BOUND = (own.ConditionalBatchNormalization, own.ModulatedConv2D)
MIXING = (own.Packing, own.MinibatchDiscrimination, own.MinibatchStddev)
PLAIN = (layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Activation)


def edited(network, change: Callable, entry: Callable | None = None):
    """Returns a network made anew, of which parts are others.

    Args:
        network: A functional model.
        change: Function of a layer: the list of new layers that are called, one after the other, in
            its place; an empty one leaves it out.
        entry: Function of an input tensor: what the network is given in place of it.
    """
    inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype, name=x.name) for x in network.inputs]
    given = {id(x): entry(x) for x in inputs} if entry else {}
    made = {}

    def call(layer, *args, **kwargs):
        args, kwargs = keras.tree.map_structure(lambda x: given.get(id(x), x), (args, kwargs))
        if not isinstance(layer, layers.Layer):  # an operation, which has no weights
            return layer(*args, **kwargs)
        if id(layer) not in made:
            inner = isinstance(layer, keras.Model)
            made[id(layer)] = [edited(layer, change)] if inner else change(layer)
        if not made[id(layer)]:
            return args[0]
        *before, last = made[id(layer)]
        for new in before:
            x, *others = args
            several = isinstance(x, (list, tuple))  # of which the first is what is transformed
            args = ([new(x[0]), *x[1:]] if several else new(x), *others)
        return last(*args, **{key: value for key, value in kwargs.items() if value is not None})

    tensors = keras.tree.pack_sequence_as(network.input, inputs)
    return keras.models.clone_model(network, tensors, lambda layer: layer, call)


def again(layer, **changes):
    """Returns a layer of the same configuration but for the changes."""
    return type(layer).from_config(layer.get_config() | changes)


def flat(network) -> list:
    """Returns the layers, of the networks inside as well, in the order in which they run."""
    found = []
    for layer in network.layers:
        found += flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def kernels(network) -> list:
    """Returns the layers that have a kernel; the last one gives the output."""
    return [layer for layer in flat(network) if hasattr(layer, "kernel")]


def activations(network) -> list:
    """Returns the layers that are, or have, a nonlinearity, but for the last kernel."""
    last = kernels(network)[-1]
    found = []
    for layer in flat(network):
        inline = getattr(layer, "activation", None) not in (None, keras.activations.linear)
        if isinstance(layer, PLAIN) or (inline and hasattr(layer, "kernel")):
            found.append(layer)
    return [layer for layer in found if layer is not last]


def outputs(layer) -> list:
    """Returns the tensors that a layer gives."""
    return keras.tree.flatten(layer.output)


def followed(network, places, make: Callable):
    """Returns the network, each layer of `places` followed by a new one."""
    ids = {id(layer) for layer in places}
    return edited(network, lambda x: [again(x), *([make(x)] if id(x) in ids else [])])


def noise(network, stddev: float):
    """Gaussian noise on every hidden layer, in training (Zhao et al., 2016, arXiv:1609.03126)."""
    return followed(network, activations(network), lambda _: layers.GaussianNoise(stddev))


def dropout(network, rate: float):
    """Dropout on every hidden layer, in training and in sampling; see `layers.SamplingDropout`."""
    return followed(network, activations(network), lambda _: own.SamplingDropout(rate))


def latents(network, kind: str):
    """Latents on the sphere of radius sqrt(D), or uniform in [-1, 1], made of the Gaussian ones.

    Reference: White, 2016, arXiv:1609.04468, which is for the sphere.
    """
    if kind not in LATENTS:
        raise unknown("kind of latents", kind, LATENTS)
    size = network.inputs[0].shape[-1]
    if len(network.inputs[0].shape) != 2:
        raise InputError(f"{network.name} is given images, no latents.")

    def entry(x):
        return LATENTS[kind](size)(x) if x.name == network.inputs[0].name else x

    return edited(network, lambda x: [again(x)], entry)


def up(network, kind: str):
    """Enlarges by a convolution and PixelShuffle, where transposed convolutions or copies did."""
    if kind != "pixel_shuffle":
        raise unknown("way up", kind, ["pixel_shuffle"])
    return _resampled(network, (layers.Conv2DTranspose, layers.UpSampling2D), _shuffled)


def down(network, kind: str):
    """Halves by averages behind the convolutions, in place of their strides."""
    if kind != "average_pool":
        raise unknown("way down", kind, ["average_pool"])
    return _resampled(network, (layers.Conv2D,), _pooled)


def _resampled(network, kinds, change):
    def fits(layer):
        # A transposed convolution is a Conv2D by name only; own kinds have rules of their own.
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
        taken = ("use_bias", "kernel_initializer", "activation")
        options = {key: layer.get_config()[key] for key in taken}
        filters = layer.filters
    else:
        options, filters = {}, layer.input.shape[-1]
    conv = layers.Conv2D(
        filters * stride[0] * stride[1], 3, padding="same", dtype=policy, **options
    )
    return [conv, own.PixelShuffle(stride, dtype=policy)]


def _pooled(layer) -> list:
    stride = _stride(layer)
    pool = layers.AveragePooling2D(stride, padding="same", dtype=layer.dtype_policy)
    return [again(layer, strides=(1, 1)), pool]


def minibatch(network, kind: str):
    """A layer in front of D's last one that compares the images of a batch.

    `"discrimination"`, `layers.MinibatchDiscrimination`; or `"stddev"`, `layers.MinibatchStddev`.
    """
    if kind not in MINIBATCH:
        raise unknown("kind of minibatch layer", kind, MINIBATCH)
    if network.outputs[0].shape[1:] != (1,):
        raise InputError(f"{network.name} does not end in one score of features.")
    last = next(x for x in network.layers if any(y is network.outputs[0] for y in outputs(x)))
    return edited(network, lambda x: [*([MINIBATCH[kind]()] if x is last else []), again(x)])


def pack(network, count: int):
    """D judges so many images together; see `layers.Packing`."""
    if len(network.inputs) > 1 or len(network.outputs) > 1:
        raise InputError(
            f"{network.name} is given labels, or says more of an image than a score: images cannot "
            "be packed."
        )
    return edited(network, lambda x: [again(x)], own.Packing(count))


def normalization(network, kind: str):
    """Another normalisation in place of the network's; if it has none, behind its hidden kernels.

    `"batch"`; `"synchronized"`, which is that over all devices' parts of a batch; `"layer"`;
    `"instance"` (Ulyanov et al., 2016, arXiv:1607.08022); `"pixel"` (Karras et al., 2018,
    arXiv:1710.10196); `"virtual"` (`layers.VirtualBatchNormalization`); `"spectral"` of the
    kernels; or `"none"`. What normalises by the class stays as it is, so it is refused.
    """
    if kind not in NORMALIZATIONS:
        raise unknown("normalization", kind, NORMALIZATIONS)
    if any(isinstance(x, BOUND) for x in flat(network)):
        raise InputError(f"{network.name} is normalised by the class, or by its styles.")
    if kind == "spectral" and any(
        isinstance(getattr(x, "kernel_initializer", None), keras.initializers.Zeros)
        for x in flat(network)
    ):
        raise InputError(f"{network.name} has kernels that start at zero, which have no direction.")
    here = [layer for layer in flat(network) if isinstance(layer, NORMS)]
    bare = NORMALIZATIONS[kind] is None
    places = [] if here or bare else _hidden(network, kind)
    if not (here or places or bare):
        raise InputError(f"{network.name} has no hidden layer to normalise.")
    ids, replaced = {id(layer) for layer in places}, {id(layer) for layer in here}

    def change(layer):
        if id(layer) in replaced:
            return [] if bare else [_norm(kind, layer)]
        if id(layer) in ids:
            return [again(layer), _norm(kind, layer)]
        if bare and here and "use_bias" in layer.get_config() and hasattr(layer, "kernel"):
            layer = again(layer, use_bias=True)  # which the normalisation had made superfluous
        if kind == "spectral" and type(layer) in SPECTRAL:
            config = {key: value for key, value in layer.get_config().items() if key != "name"}
            return [SPECTRAL[type(layer)].from_config(config)]
        return [again(layer)]

    if kind != "virtual":
        return edited(network, change)
    if any(isinstance(x, MIXING) for x in flat(network)):
        raise InputError(
            f"{network.name} compares the images of a batch, which virtual batch normalisation is "
            "to keep apart."
        )
    whole = edited(network, change, lambda x: own.ReferenceBatch(dtype=x.dtype)(x))
    outputs = [own.WithoutReference(dtype=x.dtype)(x) for x in whole.outputs]
    outputs = keras.tree.pack_sequence_as(network.output, outputs)
    return keras.Model(whole.input, outputs, name=network.name)


def _hidden(network, kind) -> list:
    """Returns the kernels behind which to normalise: not those of the input and of the output."""
    found = kernels(network)
    found = found[:-1] if len(network.inputs[0].shape) == 2 else found[1:-1]
    return [x for x in found if kind != "instance" or len(x.output.shape) == 4]


def _norm(kind, layer):
    rank = len(layer.output.shape)
    if kind == "instance" and rank != 4:
        raise InputError(f"layer {layer.name!r} makes no maps, which instance norm is for.")
    return NORMALIZATIONS[kind](rank)


def applied(name: str, value, network):
    """Returns the network, or each one of a dict of networks, under a trick of `SIDES`.

    Raises:
        InputError: If it does not fit the network.
    """
    side, trick, _ = SIDES[name]
    if network is None:
        raise InputError(f"{name}={value!r}: there is no {side} in this game.")
    if isinstance(network, dict):
        if name == "latents":
            raise InputError(
                f"{name}={value!r}: the {side} is several networks: edit one yourself."
            )
        return {key: applied(name, value, one) for key, one in network.items()}
    if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
        raise InputError(
            f"{name}={value!r}: the {side} is no functional keras.Model, whose layers are known: "
            "put the layer in yourself."
        )
    if "int" in network.inputs[0].dtype:
        raise InputError(f"{name}={value!r}: the {side} reads tokens, this trick is of images.")
    try:
        return trick(network, value)
    except InputError as error:
        raise InputError(f"{name}={value!r}: {error}") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}={value!r}: {' '.join(str(error).split())}") from error


LATENTS = {
    "sphere": lambda _: own.PixelNorm(dtype="float32"),
    "uniform": lambda size: own.Codes(0, size, 0),
}
MINIBATCH = {
    "discrimination": own.MinibatchDiscrimination,
    "stddev": own.MinibatchStddev,
}
NORMALIZATIONS = {
    "batch": lambda rank: own.BatchNormalization(),
    "synchronized": lambda rank: own.BatchNormalization(synchronized=True),
    "layer": lambda rank: layers.LayerNormalization(axis=tuple(range(1, rank))),
    "instance": lambda rank: layers.GroupNormalization(groups=-1),
    "pixel": lambda rank: own.PixelNorm(),
    "virtual": lambda rank: own.VirtualBatchNormalization(),
    "spectral": None,
    "none": None,
}
SPECTRAL = {
    layers.Conv2D: own.SpectralConv2D,
    layers.Conv2DTranspose: own.SpectralConv2DTranspose,
    layers.Dense: own.SpectralDense,
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
