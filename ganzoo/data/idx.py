"""MNIST and Fashion-MNIST: read from the original idx files, verified by SHA-256.

Reference: LeCun et al., 1998; Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747.
"""

import gzip
import hashlib
import os
import pathlib
import zlib

import numpy as np

from ganzoo.data import find
from ganzoo.errors import InputError

CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
}  # fmt: skip

# Of the uncompressed content, which does not depend on the compression. The gzip files that TFDS
# registers have this content.
SHA256 = {
    "mnist": {
        "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion_mnist": {
        "train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}
_SIZE = {  # bytes, including the header
    "train-images": 16 + 60000 * 784,
    "train-labels": 8 + 60000,
    "t10k-images": 16 + 10000 * 784,
    "t10k-labels": 8 + 10000,
}


def read_originals(name: str, source: str | os.PathLike) -> dict[str, np.ndarray]:
    """Returns the arrays `{train,test}_{images,labels}` from the idx files in or below `source`.

    Args:
        name: "mnist" or "fashion_mnist".
        source: A folder with the four files, raw or as `.gz`, in either spelling
            (`train-images-idx3-ubyte`, `train-images.idx3-ubyte`).

    Raises:
        InputError: If a file is missing or is not the original.
    """
    names = {}
    for part in _SIZE:
        kind = "idx3" if part.endswith("images") else "idx1"
        names[part] = [f"{part}{dot}{kind}-ubyte{packed}" for dot in "-." for packed in ("", ".gz")]
    paths = find.find(source, names)
    arrays = {}
    for part, sha256 in SHA256[name].items():
        if part not in paths:
            raise InputError(f"no {names[part][0]}[.gz] in or below {source}: give its folder.")
        content = _content(paths[part], _SIZE[part])
        if hashlib.sha256(content).hexdigest() != sha256:
            raise InputError(
                f"{paths[part]} is not {name}'s original (the SHA-256 of its uncompressed content "
                f"is not {sha256[:12]}...)."
            )
        key = part.replace("t10k", "test").replace("-", "_")
        if part.endswith("images"):
            arrays[key] = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1)
        else:
            arrays[key] = np.frombuffer(content, np.uint8, offset=8)
    return arrays


def _content(path: pathlib.Path, size: int) -> bytes:
    """Returns the uncompressed content, and reads at most one byte more than `size`.

    Raises:
        InputError: If the file cannot be read, or its content has another size.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            content = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {error}. Get the file again.") from error
    if len(content) != size:
        got = "more" if len(content) > size else f"{len(content)}"
        raise InputError(f"{path} should have {size} bytes uncompressed, but has {got}.")
    return content
