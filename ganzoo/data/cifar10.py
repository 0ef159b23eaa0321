"""CIFAR-10: read from the published binary batches or from PNG sheets, verified by SHA-256.

The Python batches are not supported: they are pickles, which can run code.

Reference: Krizhevsky, 2009, "Learning multiple layers of features from tiny images".
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile
import zlib

import numpy as np
from PIL import Image

from ganzoo.data import find
from ganzoo.errors import InputError

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

# Of the uint8 arrays; images are (N, 32, 32, 3), with the five training batches in order.
SHA256 = {
    "train_images": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
    "train_labels": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "test_images": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    "test_labels": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}
_TRAIN = [f"data_batch_{i}" for i in range(1, 6)]
_BATCHES = [*_TRAIN, "test_batch"]
_ROW = 1 + 3 * 32 * 32  # label, then the red, green and blue planes
_BIN_SIZE = 10000 * _ROW
_SHEET = (1024, 10000)  # each row of pixels is an image
_TAR = "cifar-10-binary.tar.gz"


def read_originals(name: str, source: str | os.PathLike) -> dict[str, np.ndarray]:
    """Returns the arrays `{train,test}_{images,labels}` from the files in or below `source`.

    Args:
        name: "cifar10".
        source: A folder with `cifar-10-binary.tar.gz`; with its six `.bin` files; or with six PNG
            sheets `data_batch_1.png` ... `test_batch.png` (each row is an image of 1024 RGB pixels)
            and `train_labels.json`, `test_labels.json`.

    Raises:
        InputError: If files are missing or are not the originals.
    """
    names = {
        f"{batch}.{kind}": [f"{batch}.{kind}"] for batch in _BATCHES for kind in ("bin", "png")
    }
    for split in ("train", "test"):  # "lables" is the spelling of the npm package
        names[split] = [f"{split}_labels.json", f"{split}_lables.json"]
    paths = find.find(source, {**names, _TAR: [_TAR]})
    if all(f"{batch}.bin" in paths for batch in _BATCHES):
        arrays = _from_rows({b: _read(paths[f"{b}.bin"], _BIN_SIZE) for b in _BATCHES})
    elif _TAR in paths:
        arrays = _from_rows(_members(paths[_TAR]))
    elif all(f"{b}.png" in paths for b in _BATCHES) and {"train", "test"} <= paths.keys():
        arrays = _from_sheets(paths)
    else:
        raise InputError(
            f"no CIFAR-10 in or below {source}: expected {_TAR}, or its six .bin files, or six PNG "
            "sheets with two JSON label files. (The Python batches are pickles, not read.)"
        )
    for key, sha256 in SHA256.items():
        if hashlib.sha256(np.ascontiguousarray(arrays[key])).hexdigest() != sha256:
            raise InputError(
                f"{key} from {source} are not {name}'s originals (the SHA-256 of the pixels or "
                f"labels is not {sha256[:12]}...)."
            )
    return arrays


def _from_rows(batches: dict[str, bytes]) -> dict[str, np.ndarray]:
    arrays = {}
    for split, parts in (("train", _TRAIN), ("test", ["test_batch"])):
        rows = np.frombuffer(b"".join(batches[p] for p in parts), np.uint8).reshape(-1, _ROW)
        arrays[f"{split}_labels"] = rows[:, 0].copy()
        planes = rows[:, 1:].reshape(-1, 3, 32, 32)
        arrays[f"{split}_images"] = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return arrays


def _from_sheets(paths: dict[str, pathlib.Path]) -> dict[str, np.ndarray]:
    arrays = {}
    for split, parts in (("train", _TRAIN), ("test", ["test_batch"])):
        sheets = [_sheet(paths[f"{p}.png"]) for p in parts]
        arrays[f"{split}_images"] = np.concatenate(sheets).reshape(-1, 32, 32, 3)
        try:
            labels = np.asarray(json.loads(_read(paths[split])))
            if labels.dtype.kind not in "iu" or not ((labels >= 0) & (labels < 10)).all():
                raise ValueError("expected a list of numbers from 0 to 9")
        except (ValueError, RecursionError) as error:
            raise InputError(f"cannot read {paths[split]}: {error}.") from error
        arrays[f"{split}_labels"] = labels.astype(np.uint8)
    return arrays


def _sheet(path: pathlib.Path) -> np.ndarray:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.size != _SHEET or image.mode != "RGB":  # checked before it is decoded
                width, height = _SHEET
                raise ValueError(f"expected {width} x {height} RGB, got {image.size} {image.mode}")
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"cannot read {path}: {error}.") from error


def _members(path: pathlib.Path) -> dict[str, bytes]:
    """Returns the six batches in the archive, without extracting files."""
    batches, limit = {}, 7 * _BIN_SIZE
    try:
        with gzip.open(path) as file:  # tarfile alone would read without a limit
            content = file.read(limit + 1)
        if len(content) > limit:
            raise InputError(f"{path} expands to more than CIFAR-10 does: get it again.")
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                batch = pathlib.PurePosixPath(member.name).name.removesuffix(".bin")
                if batch in _BATCHES and member.isreg() and member.size == _BIN_SIZE:
                    batches[batch] = archive.extractfile(member).read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise InputError(f"cannot read {path}: {error}. Get the file again.") from error
    if missing := [batch for batch in _BATCHES if batch not in batches]:
        raise InputError(f"{path} lacks {missing[0]}.bin of {_BIN_SIZE} bytes: get it again.")
    return batches


def _read(path: pathlib.Path, size: int | None = None) -> bytes:
    """Returns the content of a file, of exactly `size` bytes, or of at most 1 MiB without `size`.

    Raises:
        InputError: If the file cannot be read, or has another size.
    """
    limit = 2**20 if size is None else size
    try:
        with open(path, "rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error}.") from error
    if len(content) > limit or (size is not None and len(content) < size):
        bound = "at most " if size is None else ""
        raise InputError(f"{path} should have {bound}{limit} bytes.")
    return content
