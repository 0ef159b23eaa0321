"""Keras' files: `.h5`, `.weights.h5` and `.keras`; only their arrays are read, never their code."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np

from ganzoo.zoo.importing.readers.arrays import Array

LARGEST = 4 << 30  # bytes of all arrays
RATIO = 100  # bytes of arrays to a byte of the file: more is not a compression of weights


def read(path) -> dict[str, Array]:
    """Returns the arrays of an HDF5 file by their path in it, as "conv2d/conv2d/kernel:0".

    Raises:
        ValueError: If it refers to other files, or would unpack to more than weights can be.
    """
    return _arrays(path, Path(path).stat().st_size, lambda: open(path, "rb"))


def zipped(path) -> dict[str, Array]:
    """Returns the arrays in the weights of a `.keras` file."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("model.weights.h5")
        size = Path(path).stat().st_size
        if member.file_size > RATIO * size:
            raise ValueError(f"its {member.file_size:,} bytes unpacked are more than expected")
        data = archive.read(member)
    return _arrays(path, len(data), lambda: io.BytesIO(data))


def _arrays(path, size: int, opened) -> dict[str, Array]:
    import h5py

    found: dict[str, Array] = {}
    with opened() as file, h5py.File(file, "r") as archive:
        _check_links(archive, h5py)
        outside = archive.visititems(lambda name, item: _outside(name, item, h5py))
        if outside:
            raise ValueError(f"{outside} is stored in another file")

        def visit(name: str, item) -> None:
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiub":
                found[name] = Array(item.shape, item.dtype.str, lambda: _numbers(opened, name))

        archive.visititems(visit)
    total = sum(array.size * np.dtype(array.dtype).itemsize for array in found.values())
    if total > min(LARGEST, RATIO * size):
        raise ValueError(f"its {total:,} bytes unpacked are more than expected")
    return found


def _check_links(archive, h5py) -> None:
    """Raises `ValueError` if a group has a link to another file."""

    def visit(name: str, link) -> str | None:  # what it returns ends the visit: h5py cannot raise
        return name if isinstance(link, h5py.ExternalLink) else None

    if outside := archive.visititems_links(visit):
        raise ValueError(f"{outside} is stored in another file")


def _outside(name: str, item, h5py) -> str | None:
    """Returns the name of an array whose numbers are in another file."""
    stored = isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)
    return name if stored else None


def _numbers(opened, name: str) -> np.ndarray:
    import h5py

    with opened() as file, h5py.File(file, "r") as archive:
        return archive[name][()]


def by_layer(arrays: dict[str, Array]) -> dict[str, Array]:
    """Returns the arrays of an old `.h5` by layer and weight: "conv2d_1/kernel"."""
    return {re.sub(r"^(?:.*/)?([^/]+)/([^/:]+)(:0)?$", r"\1/\2", k): a for k, a in arrays.items()}
