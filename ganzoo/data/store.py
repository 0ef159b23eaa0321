"""The folder of imported sets: one uncompressed `.npz` each, written whole or not at all.

The zip container holds a CRC-32 of each array, so a truncated or altered file is noticed on
reading, without a second file to keep in step.
"""

import contextlib
import os
import pathlib
import tempfile
import time
from collections.abc import Mapping, Sequence

import numpy as np

from ganzoo import files
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
    part = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        handle, part = tempfile.mkstemp(".part", f".{name}-", target.parent)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)  # mkstemp's is for its owner only; a cache may be shared
        os.replace(part, target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error}. Free space, or set data_dir.") from error
    finally:
        if part:
            with contextlib.suppress(OSError):
                os.unlink(part)
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


def _sweep(target: pathlib.Path) -> None:
    """Removes what an import that was killed over an hour ago has left."""
    for old in target.parent.glob(f".{target.stem}-*.part"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > 3600:
                old.unlink()
