"""The folder of imported data sets, each an uncompressed `.npz` file that is written atomically.

The zip container includes a CRC-32 of each array, so damaged files are detected when they are read,
without a separate checksum file.
"""

import contextlib
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from ganzoo.engine import files
from ganzoo.errors import InputError


def folder(data_dir: str | os.PathLike | None = None) -> pathlib.Path:
    """Returns `data_dir`, or else $GANZOO_DATA, $GANZOO_HOME/data or the default cache folder."""
    if data_dir is None:
        home = os.environ.get("GANZOO_HOME") or "~/.cache/ganzoo"
        data_dir = os.environ.get("GANZOO_DATA") or os.path.join(home, "data")
    return pathlib.Path(data_dir).expanduser()


def save(name: str, arrays: Mapping[str, np.ndarray], data_dir=None) -> pathlib.Path:
    """Writes the arrays to `<data_dir>/<name>.npz` and returns this path.

    Raises:
        InputError: If they cannot be written; no partial file is left then.
    """
    target = folder(data_dir) / f"{name}.npz"
    try:
        with files.replacing(target) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error}. Free space, or set data_dir.") from error
    return target


def load(path: pathlib.Path, remedy: str = "delete it") -> dict[str, np.ndarray]:
    """Returns the arrays of a file that `save` wrote.

    Raises:
        InputError: If it is damaged, with the remedy.
    """
    with _opened(path, remedy) as arrays:
        return dict(arrays)


def required(name: str, meaning: str, command: str, data_dir=None) -> dict[str, np.ndarray]:
    """Returns the arrays of a file that something cannot do without.

    Args:
        name: Name that it was saved under.
        meaning: What it holds, for the message.
        command: What brings it, for the message.
        data_dir: The folder; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If it is not there, or is damaged.
    """
    path = folder(data_dir) / f"{name}.npz"
    if not path.is_file():
        raise InputError(f"no {meaning} in {path.parent}: run {command}.")
    return load(path, f"delete it and run {command}")


def read(
    name: str, split: str, data_dir=None, columns: Sequence[str] = ("images", "labels"),
    optional: Sequence[str] = (),
) -> tuple[np.ndarray | None, ...] | None:  # fmt: skip
    """Returns the imported arrays of a split, or None if the data set has not been imported.

    The default arrays are images, uint8 (N, H, W, C), and labels (N,). In place of an optional
    column that the file does not have there is None.

    Raises:
        InputError: If the file is damaged.
    """
    path = folder(data_dir) / f"{name}.npz"
    if not path.exists():
        return None
    with _opened(
        path, f"delete it and import it again, `ganzoo data {name} --from=PATH`"
    ) as arrays:
        found = tuple(arrays[f"{split}_{column}"] for column in columns)
        keys = (f"{split}_{column}" for column in optional)
        return found + tuple(arrays[key] if key in arrays else None for key in keys)


@contextlib.contextmanager
def _opened(path: pathlib.Path, remedy: str):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except files.DAMAGED as error:
        raise InputError(f"{path} is damaged or cannot be read ({error}): {remedy}.") from error
