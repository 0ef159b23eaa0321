"""What a training starts from in place of random weights: a trained generator, and its critic."""

import functools

import keras

from ganzoo import zoo
from ganzoo.data import Info
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError
from ganzoo.inference.sampler import Sampler


@functools.lru_cache(maxsize=1)
def load(name: str) -> Sampler:
    """Returns the generator to start from; do not change it: it is cached.

    Args:
        name: The name of an entry, published or imported; a SavedModel or a run; or
            FAMILY:PLACE of other people's weights. A critic that is kept with it is its `critic`.

    Raises:
        InputError: If there is none, or it is no generator of images.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError("--init: expected --backend=tensorflow, which reads SavedModels.")
    found = zoo.find(name)[0]()
    if not isinstance(found, Sampler):
        raise InputError(f"--init: expected a generator, got a {found.kind}: {name}.")
    return found


def sizes(name: str) -> dict:
    """Returns the fields of a recipe that a generator determines: `image_size`, `channels`."""
    shape = load(name).network.output_shape[1:]
    if len(shape) == 1:  # points
        return {}
    height, width, channels = shape
    return {"image_size": height if height == width else [height, width], "channels": channels}


def networks(name: str, info: Info) -> dict:
    """Returns the arguments `generator` and `discriminator` of `gans.create`.

    They have weights of their own, in the current precision.

    Raises:
        InputError: If the generator does not fit the data.
    """
    start = load(name)
    shape = tuple(start.network.output_shape[1:])
    if shape != tuple(info.image_shape):
        raise InputError(
            f"--init: {name} makes images {shape}, the data are {tuple(info.image_shape)}: omit "
            "--image_size and --channels."
        )
    if start.conditional and start.num_classes != info.num_classes:
        raise InputError(
            f"--init: {name} has {start.num_classes} classes, the data have "
            f"{info.num_classes or 'none'}."
        )
    found = {"generator": start}
    if (critic := start.critic()) is not None:
        found["discriminator"] = critic
    return {side: _of_policy(exported) for side, exported in found.items()}


def _of_policy(exported) -> keras.Model:
    """Returns a copy of a network that computes as the current dtype policy says.

    Its last layers stay in float32.
    """
    network = clone(exported.trainable_network)
    last = [tensor._keras_history.operation for tensor in network.outputs]
    for layer in network._flatten_layers():
        if layer not in last:
            layer.dtype_policy = keras.config.dtype_policy()
    return network
