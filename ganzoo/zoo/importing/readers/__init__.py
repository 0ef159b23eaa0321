"""Readers of files of weights, which execute nothing of them.

`read` looks at how a file begins, not at its name, and returns named arrays that are read when
asked for. Imports nothing but `errors`; TensorFlow only for checkpoints.
"""

import zipfile
import zlib
from pathlib import Path

from ganzoo.errors import InputError
from ganzoo.zoo.importing.readers import (
    checkpoints,
    keras_files,
    safetensors,
    tfjs,
    torch_files,
)
from ganzoo.zoo.importing.readers.arrays import Array

__all__ = ["Array", "read"]

# What the libraries that read archives raise for damaged ones.
DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RuntimeError)
DAMAGED += (NotImplementedError, RecursionError, MemoryError, zlib.error, zipfile.BadZipFile)


def read(path) -> tuple[str, dict[str, Array]]:
    """Returns the format of a file of weights, and its arrays by name.

    Args:
        path: A file of PyTorch (.pth, .pt, .tar), a pickle of StyleGAN2-ADA, StyleGAN3 or R3GAN
            (.pkl), safetensors, a file of Keras (.h5, .keras), the `model.json` of TensorFlow.js
            or its folder, a checkpoint of TensorFlow, or a SavedModel.

    Raises:
        InputError: If it is none of these, is damaged, or asks for anything to be executed.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise InputError(f"expected a file of weights, got no {path}.")
    try:
        kind, reader, place = _format(path)
        arrays = reader(place)
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"{path} cannot be read: {problem(error)}.") from error
    if not arrays:
        raise InputError(f"{path}: expected weights, got a file of {kind} without any.")
    return kind, arrays


def problem(error: Exception) -> str:
    """Returns what is wrong, in one line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:300]


def _format(path: Path) -> tuple:
    """Returns the format of a file or folder, its reader, and what to give to the reader."""
    if path.is_dir() and (path / "model.json").is_file():
        return "TensorFlow.js", tfjs.read, path / "model.json"
    if prefix := checkpoints.prefix(path):
        return "TensorFlow", checkpoints.read, prefix
    if path.is_dir():
        raise InputError(f"expected a file of weights, or a folder with one, got {path}.")
    with open(path, "rb") as file:
        start = file.read(64)
    size = path.stat().st_size
    if start[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if "model.weights.h5" in names:
            return "Keras", keras_files.zipped, path
        return "PyTorch", torch_files.zipped, path
    if start[:8] == b"\x89HDF\r\n\x1a\n":
        return "HDF5", keras_files.read, path
    if safetensors.fits(start, size):
        return "safetensors", safetensors.read, path
    if start.lstrip()[:1] == b"{":
        return "TensorFlow.js", tfjs.read, path
    if start[:1] == b"\x80":
        return "pickle", torch_files.pickled, path
    raise InputError(
        f"{path}: expected a file of PyTorch, safetensors, Keras, TensorFlow or TensorFlow.js, got "
        f"one that starts with {start[:8]!r}."
    )
