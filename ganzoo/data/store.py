"""The folder of imported sets: one uncompressed `.npz` each, written whole or not at all.

The zip container holds a CRC-32 of each array, so a truncated or altered file is noticed on
reading, without a second file to keep in step.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from ganzoo.engine import files
from ganzoo.errors import InputError


def folder(data_dir: str | os.PathLike | None = None) -> pathlib.Path:
    """Returns `data_dir`, else $GANZOO_DATA, else $GANZOO_HOME/data, else the cache's."""
    if data_dir is None:
        home = os.environ.get("GANZOO_HOME") or "~/.cache/ganzoo"
        data_dir = os.environ.get("GANZOO_DATA") or os.path.join(home, "data")
    return pathlib.Path(data_dir).expanduser()


def save(name: str, arrays: Mapping[str, np.ndarray], data_dir=None) -> pathlib.Path:
    """Writes the arrays as `<data_dir>/<name>.npz` and returns that path.

    Raises:
        InputError: If they cannot be written; then nothing half-written is left.
    """
    target = folder(data_dir) / f"{name}.npz"
    try:
        with files.replacing(target) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error}. Free space, or set data_dir.") from error
    return target


def read(
    name: str, split: str, data_dir=None, columns: Sequence[str] = ("images", "labels")
) -> tuple[np.ndarray, ...] | None:
    """Returns the imported columns, images uint8 (N, H, W, C) and labels (N,) if not other ones.

    It is None if the set is not imported.

    Raises:
        InputError: If the file is damaged.
    """
    path = folder(data_dir) / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return tuple(arrays[f"{split}_{column}"] for column in columns)
    except FileNotFoundError:
        return None
    except files.DAMAGED as error:
        raise InputError(
            f"{path} is damaged or cannot be read ({error}): delete it and import it again, "
            f"`ganzoo data {name} --from=PATH`."
        ) from error
