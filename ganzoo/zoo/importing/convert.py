"""Fills a network with the arrays of a file, by the names of its layers and weights."""

import re
from collections.abc import Callable, Iterable

import keras
import numpy as np

from ganzoo.errors import InputError
from ganzoo.zoo.importing.readers import DAMAGED, problem

Rule = Callable[[str, str], tuple[str, Callable | None]]

SHOWN = 12  # names of a list in a message
# The names of weights in PyTorch, where they differ from Keras'.
TORCH = {
    "kernel": "weight", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
    "moving_variance": "running_var",
}  # fmt: skip


def torch_rule(layer: str, weight: str) -> tuple[str, Callable | None]:
    """Returns the name of a weight in PyTorch, and how its array becomes that of Keras."""
    return f"{layer}.{TORCH.get(weight, weight)}", transposed if weight == "kernel" else None


def transposed(array: np.ndarray) -> np.ndarray:
    """Returns kernels (out, in, H, W) as (H, W, in, out), and matrices transposed."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def flattened(rows: int, columns: int) -> Callable:
    """Returns a transposition of a dense kernel whose inputs are a flattened map.

    PyTorch flattens (C, H, W), Keras (H, W, C).
    """

    def transform(array: np.ndarray) -> np.ndarray:
        outputs = array.shape[0]
        return array.reshape(outputs, -1, rows, columns).transpose(2, 3, 1, 0).reshape(-1, outputs)

    return transform


def owned(network: keras.Model) -> list[tuple[str, keras.Variable]]:
    """Returns the weights of a network with the name of the layer that holds each."""
    found = []
    for layer in network._flatten_layers(include_self=False):
        found += [(layer.name, variable) for variable in layer._trainable_variables]
        found += [(layer.name, variable) for variable in layer._non_trainable_variables]
    return found


def fill(network: keras.Model, arrays: dict, rule: Rule, ignored: str, source: str) -> None:
    """Sets all weights of a network.

    Args:
        network: The network.
        arrays: `readers.Array`s by name.
        rule: For the names of a layer and of its weight, the array's name, and a function that
            turns the array into the weight, or None.
        ignored: A regular expression of the names of arrays that are no weights.
        source: What to call the file in a message.

    Raises:
        InputError: If an array is missing, has another shape, or has no place in the network; each
            is named.
    """
    wanted = [(*rule(layer, weight.name), weight) for layer, weight in owned(network)]
    names = [name for name, _, _ in wanted]
    missing = [name for name in names if name not in arrays]
    surplus = [n for n in arrays if n not in set(names) and not re.fullmatch(ignored, n)]
    if missing or surplus:
        parts = [f"without {_listed(missing)}"] if missing else []
        parts += [f"with {_listed(surplus)} that have no place in it"] if surplus else []
        raise InputError(f"{source}: expected the weights of the network, got {', '.join(parts)}.")
    for name, transform, weight in wanted:
        try:
            array = arrays[name].numpy()
        except DAMAGED as error:
            raise InputError(f"{source}: {name} cannot be read: {problem(error)}.") from error
        shape, array = array.shape, array.astype("float32")
        try:
            array = transform(array) if transform else array.reshape(weight.shape)
            fits = array.shape == tuple(weight.shape)
        except ValueError:
            fits = False
        if not fits:
            raise InputError(
                f"{source}: expected {name} for a weight of shape {list(weight.shape)}, got "
                f"{list(shape)}."
            )
        if not np.isfinite(array).all():
            raise InputError(f"{source}: {name} has values that are not finite.")
        weight.assign(array)


def _listed(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
