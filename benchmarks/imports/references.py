"""References of published networks: weights, inputs and outputs of the authors' own code.

A reference is a file `NAME.npz` with `state/<parameter>`, `in/<input>` and `out/<output>`, images
as NCHW; it was computed in float32 with PyTorch.
"""

from pathlib import Path

import numpy as np

from ganzoo.zoo.importing import network
from ganzoo.zoo.importing.families import FAMILIES
from ganzoo.zoo.importing.readers import Array

PARTS = {  # output of a reference -> arguments of the network, truncation
    "image_const_noise": ({"noise": "const"}, 1.0),
    "image_psi0.5_no_noise": ({"noise": "none"}, 0.5),
    "image": ({}, 1.0),
    "logits": ({}, None),
}


def recognized(arrays: dict, path: str, **options) -> network.Found:
    """Returns the network that arrays by name are the weights of."""
    state = {
        name: Array(array.shape, array.dtype.str, lambda array=array: array)
        for name, array in arrays.items()
    }
    for family in FAMILIES.values():
        if found := family.part(state):
            plan = family.plan(found[1]) | options
            return network.Found(Path(path), "npz", family, found[0], found[1], plan, 0)
    raise SystemExit(f"{path}: no family of {sorted(arrays)[:3]}")


def inputs(stored: dict, truncation: float | None) -> list:
    """Returns the inputs of our network for those of a reference."""
    given = []
    if "image" in stored:
        given.append(stored["image"].transpose(0, 2, 3, 1))
    if "z" in stored:
        given.append(stored["z"])
    if "c" in stored:
        given.append(stored["c"].argmax(1).astype("int32"))
    if truncation is not None:
        given.append(np.full(len(given[0]), truncation, "float32"))
    return given


def differences(got: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Returns the largest difference in units of the largest value, and the relative L2 norm."""
    got, expected = np.asarray(got, "float64"), np.asarray(expected, "float64")
    difference = got - expected
    largest = np.abs(difference).max() / np.abs(expected).max()
    return float(largest), float(np.linalg.norm(difference) / np.linalg.norm(expected))


def compared(path) -> list[dict]:
    """Returns, for each image or logit of a reference, how far our network is from it."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    parts = {kind: {} for kind in ("state", "in", "out")}
    for name, array in stored.items():
        kind, _, rest = name.partition("/")
        parts[kind][rest] = array
    rows = []
    for output, expected in parts["out"].items():
        if output not in PARTS:
            continue  # w, which the images depend on
        if not np.isfinite(expected).all():
            print(f"{path}: its {output} is not finite")
            continue
        options, truncation = PARTS[output]
        critic = output == "logits"
        options = options | ({"group": 0} if critic and "b4.out.weight" in parts["state"] else {})
        found = recognized(parts["state"], str(path), **options)
        if found.family.kind == "translator":
            found.plan["size"] = parts["in"]["image"].shape[-1]
        built = network.build(found)
        if found.family.kind != "truncated":
            truncation = None
        truncation = float(parts["in"].get("truncation", truncation or 0)) or truncation
        given = inputs(parts["in"], truncation)
        got = np.asarray(built(given if len(given) > 1 else given[0]))
        if got.ndim == 4:
            got = got.transpose(0, 3, 1, 2)
        largest, norm = differences(got.reshape(expected.shape), expected)
        rows.append(
            {
                "reference": Path(path).stem,
                "family": found.family.name,
                "output": output,
                "parameters": int(sum(np.prod(w.shape) for w in built.trainable_weights)),
                "largest": largest,
                "l2": norm,
            }
        )
    return rows
