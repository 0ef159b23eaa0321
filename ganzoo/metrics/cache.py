"""Features of real sets: computed once, then read.

A file is named by the SHA-256 of all that its numbers depend on: the data set (of a folder its
files' names, sizes and times), split, number of images, image size, channels, feature network,
resize mode and precision. The key lies in the file too, and is compared on reading.
"""

import hashlib
import json
import os
import pathlib
import zipfile

import numpy as np

from ganzoo import files
from ganzoo.errors import InputError
from ganzoo.metrics import features as feature
from ganzoo.metrics.moments import Moments

_LARGEST = 100_000  # images whose features are kept, 0.8 GB; of more only the moments


def real_features(name: str, split: str = "test", num: int | None = None, **options) -> np.ndarray:
    """Returns the features of a data set, float32 (N, D), from the cache if they are there.

    Args:
        name: As of `ganzoo.data.load`.
        split: "train" or "test".
        num: Use only so many images, a fixed random choice.
        **options: Of `features.extract`, features= among them; and image_size and channels, of
            `ganzoo.data.load`.

    Raises:
        InputError: As `features.extract` and `ganzoo.data.load` do; or if there are fewer images.
    """

    def compute(*args, **more):
        return {"rows": feature.extract(*args, **more)}

    return _cached("features", compute, name, split, num, **options)["rows"]


def real_moments(name: str, split: str = "test", num: int | None = None, **options) -> Moments:
    """Returns the moments of the features of a data set; arguments and errors as `real_features`.

    The features are kept as well, for the metrics that need them, unless they are too many.
    """
    from ganzoo import data

    known = {key: options.get(key) for key in ("image_size", "channels", "data_dir")}
    if (num or data.info(name, split, **known).num_examples) <= _LARGEST:
        return Moments.of(real_features(name, split, num, **options))

    def compute(*args, **more):
        found = feature.moments(*args, **more)
        return {"count": found.count, "mean": found.mean, "scatter": found.scatter}

    found = _cached("moments", compute, name, split, num, **options)
    return Moments(int(found["count"]), found["mean"], found["scatter"])


def _cached(
    kind, compute, name, split, num, *, features="inception", resize="legacy", precision="float32",
    image_size=None, channels=None, data_dir=None, batch_size=32, progress=False,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Returns the arrays that `compute` makes of the data set, or made of it before."""
    from ganzoo import data
    from ganzoo.data import store

    shape = {"image_size": image_size, "channels": channels}
    total = data.info(name, split, data_dir=data_dir, **shape).num_examples
    num = None if num == total else num
    network = feature.extractor(features, resize, precision, data_dir)
    key = {
        "data": name, "split": split, "num": num, **shape, "files": _fingerprint(name),
        "features": getattr(network, "digest", None),
        "precision": getattr(network, "precision", None),
    }  # fmt: skip
    key = json.dumps(key, sort_keys=True)
    label = hashlib.sha256(key.encode()).hexdigest()[:32]
    path = store.folder(data_dir) / "statistics" / f"{kind}-{label}.npz"
    keep = hasattr(network, "digest")  # of a caller's own function nobody knows when it changes
    if keep and (found := _read(path, key)) is not None:
        return found
    images = data.load(
        name, split, batch_size,
        shuffle=num is not None, drop_remainder=False, data_dir=data_dir, **shape,
    )  # fmt: skip
    found = compute(images, network, num=num, batch_size=batch_size, progress=progress)
    if keep:
        with files.replacing(path, ".npz") as temporary:
            np.savez(temporary, key=key, **found)
    return found


def _read(path: pathlib.Path, key: str) -> dict[str, np.ndarray] | None:
    """Returns the file's arrays; None if there is no file, or it is damaged or of another key."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return found if str(found.pop("key", None)) == key else None


def _fingerprint(name: str) -> str | None:
    """Returns what changes when the files of a folder or `.npz` do; None for other sets."""
    kind, _, place = name.partition(":")
    if kind not in ("folder", "npz"):
        return None
    root = pathlib.Path(place).expanduser().resolve()
    if not root.exists():
        raise InputError(f"no such file or folder: {place!r}.")
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
        if path.is_file():
            facts = os.stat(path)
            line = f"{path.relative_to(root)} {facts.st_size} {facts.st_mtime_ns}\n"
            total.update(line.encode(errors="surrogateescape"))
    return total.hexdigest()
