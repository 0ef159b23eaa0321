"""Ranges of values, and types of numbers."""

from functools import partial

import numpy as np

import ganzoo
from ganzoo import data, metrics

from .shared import DOORS, FLOATS, LEVELS, PIXELS, order, seen, untrained
from .situation import same, situation

VALUES = {  # what is brought -> the array, a part of the line that refuses it, levels that help
    "uint8": (PIXELS, None, None),
    "uint16, all of 0 to 65,535": ((LEVELS * 257).astype("uint16"), None, None),
    "float32 in [-1, 1]": (FLOATS, None, None),
    "float64 in [-1, 1]": (FLOATS.astype("float64"), None, None),
    "uint16 of 12 bits, 0 to 4,095": (
        (LEVELS * 16).astype("uint16"), "uint16 from 0 to 4080", (0, 4080),
    ),
    "uint16 of 0 to 255": (LEVELS.astype("uint16"), "uint16 from 0 to 255", (0, 255)),
    "int32 of 0 to 255": (LEVELS.astype("int32"), "int32 from 0 to 255", (0, 255)),
    "int64 of 0 to 255": (LEVELS.astype("int64"), "int64 from 0 to 255", (0, 255)),
    "booleans": (LEVELS > 127, "bool from 0 to 1", None),
    "float32 in [0, 1]": (LEVELS.astype("float32") / 255, "from 0 to 1", (0, 1)),
    "float32 in [0, 255]": (LEVELS.astype("float32"), "0 to 255", (0, 255)),
    "float32 of mean 0 and deviation 1": (FLOATS * 1.7, "1.7", (-1.7, 1.7)),
    "float32 with NaN": (np.where(LEVELS < 9, np.nan, FLOATS).astype("float32"), "nan", None),
}  # fmt: skip


def fits(form, array, folder) -> bool:
    """Returns whether a training on a form of the array sees what was meant."""
    return same(seen(untrained(), form(array))["real"], FLOATS[order(FLOATS)])


def fid(array, folder) -> bool:
    """Returns whether the distance from moved images is that of what was meant."""

    def features(x):
        return x.reshape(len(x), -1)[:, :4].astype("float32")

    moved = np.roll(PIXELS, 1, axis=1)
    right = metrics.fid(PIXELS, moved, features)
    return same(metrics.fid(array, moved, features), right) and right > 1


def monitored(array, folder) -> bool:
    """Returns whether the monitor keeps what was meant."""
    monitor = ganzoo.callbacks.FailureMonitor(np.concatenate([array] * 6))
    return same(monitor.real[: len(LEVELS)], LEVELS)


def npz(array, folder, **options) -> bool:
    """Returns whether a set of a file of the array holds what was meant."""
    np.savez(folder / "a.npz", images=array)
    return same(data.arrays(f"npz:{folder}/a.npz", **options)[0], LEVELS)


USES = {  # door -> whether what it makes of an array is right
    **{door: partial(fits, form) for door, form in DOORS.items()},
    "metrics.fid": fid,
    "metrics.sliced_wasserstein": lambda x, _: metrics.sliced_wasserstein(x, PIXELS) == 0,
    "metrics.l1": lambda x, _: metrics.l1(x, PIXELS).max() == 0,
    "callbacks.Evaluate": lambda x, _: ganzoo.callbacks.Evaluate(x).distance(PIXELS) == {"swd": 0},
    "callbacks.FailureMonitor": monitored,
    "npz:PATH": npz,
}
for what, (array, refused, levels) in VALUES.items():
    for door, right in USES.items():
        situation("values", door, what, refused)(partial(right, array))
    if levels:
        situation("values", "npz:PATH with levels", what)(partial(npz, array, levels=levels))
