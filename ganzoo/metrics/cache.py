"""Features of real sets: computed once, then read.

A file is named by the SHA-256 of all that its numbers depend on: the data set (of a folder its
files' names, sizes and times), split, number of images, image size, channels, feature network,
resize mode and precision. The key lies in the file too, and is compared on reading.
"""

import hashlib
import json
import os
import pathlib

import numpy as np

from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.metrics import features as feature
from ganzoo.metrics.moments import Moments

_SETS = 8  # of samples whose features are kept, 80 MB each for 10,000
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


def sample_features(images: np.ndarray, network, *, progress=False, data_dir=None) -> np.ndarray:
    """Returns the features of an array of samples, from the cache if these very images are there.

    The newest few sets are kept, so that an evaluation which was interrupted, or another metric,
    need not wait again.

    Args:
        images: uint8 (N, H, W, C).
        network: Of `features.extractor`, or a function; of one without a `digest` nothing is kept.
        progress: Show a progress bar.
        data_dir: Where to; by default $GANZOO_DATA or the cache.
    """

    def compute():
        return {"rows": feature.extract(images, network, progress=progress)}

    if not hasattr(network, "digest"):
        return compute()["rows"]
    key = {
        "sha256": hashlib.sha256(np.ascontiguousarray(images)).hexdigest(),
        "shape": images.shape, "features": network.digest, "precision": network.precision,
    }  # fmt: skip
    found = _kept("samples", key, compute, data_dir)["rows"]
    old = sorted(_folder(data_dir).glob("samples-*.npz"), key=lambda path: -path.stat().st_mtime)
    for path in old[_SETS:]:
        path.unlink(missing_ok=True)
    return found


def _cached(
    kind, compute, name, split, num, *, features="inception", resize="legacy", precision="float32",
    image_size=None, channels=None, data_dir=None, batch_size=32, progress=False,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Returns the arrays that `compute` makes of the data set, or made of it before."""
    from ganzoo import data

    shape = {"image_size": image_size, "channels": channels}
    total = data.info(name, split, data_dir=data_dir, **shape).num_examples
    num = None if num == total else num
    network = feature.extractor(features, resize, precision, data_dir)
    key = {
        "data": name, "split": split, "num": num, **shape, "files": _fingerprint(name),
        "features": getattr(network, "digest", None),
        "precision": getattr(network, "precision", None),
    }  # fmt: skip
    images = data.load(
        name, split, batch_size,
        shuffle=num is not None, drop_remainder=False, data_dir=data_dir, **shape,
    )  # fmt: skip

    def found():
        return compute(images, network, num=num, batch_size=batch_size, progress=progress)

    if not hasattr(network, "digest"):  # of a caller's own function nobody knows when it changes
        return found()
    return _kept(kind, key, found, data_dir)


def _kept(kind: str, key: dict, compute, data_dir) -> dict[str, np.ndarray]:
    """Returns the arrays that `compute` makes, or made before under this key."""
    text = json.dumps(key, sort_keys=True)
    label = hashlib.sha256(text.encode()).hexdigest()[:32]
    path = _folder(data_dir) / f"{kind}-{label}.npz"
    if (found := _read(path, text)) is None:
        found = compute()
        with files.replacing(path, ".npz") as temporary:
            np.savez(temporary, key=text, **found)
    return found


def _folder(data_dir) -> pathlib.Path:
    from ganzoo.data import store

    return store.folder(data_dir) / "statistics"


def _read(path: pathlib.Path, key: str) -> dict[str, np.ndarray] | None:
    """Returns the file's arrays; None if there is no file, or it is damaged or of another key."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except files.DAMAGED:
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
