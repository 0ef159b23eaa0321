"""A cache on disk of the features of real data sets and of samples.

A file is named by the SHA-256 of everything that its content depends on: the data set (for a folder
the names, sizes and times of its files), split, number of images, image size, channels, feature
network, resize mode and precision. This key is also stored in the file, and compared on reading.
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

_SETS = 8  # number of sets of samples in the cache, 80 MB each for 10,000 samples
_LARGEST = 100_000  # images in a set (0.8 GB); of larger sets only the moments are cached


def real_features(name: str, split: str = "test", num: int | None = None, **options) -> np.ndarray:
    """Returns the features of a data set, float32 (N, D), and caches them.

    Args:
        name: Name of the data set, as in `ganzoo.data.load`.
        split: "train" or "test".
        num: Number of images, a fixed random choice; by default all.
        **options: Arguments of `features.extract`, such as `features`, and `image_size` and
            `channels` of `ganzoo.data.load`.

    Raises:
        InputError: As `features.extract` and `ganzoo.data.load`; or if there are fewer images.
    """

    def compute(*args, **more):
        return {"rows": feature.extract(*args, **more)}

    return _cached("features", compute, name, split, num, **options)["rows"]


def real_moments(name: str, split: str = "test", num: int | None = None, **options) -> Moments:
    """Returns the moments of the features of a data set; arguments and errors as `real_features`.

    The features are cached as well, for the metrics that need them, unless there are too many.
    """
    from ganzoo import data

    shape = {key: options.get(key) for key in ("image_size", "channels", "data_dir")}
    if (num or data.info(name, split, **shape).num_examples) <= _LARGEST:
        return Moments.of(real_features(name, split, num, **options))

    def compute(*args, **more):
        moments = feature.moments(*args, **more)
        return {"count": moments.count, "mean": moments.mean, "scatter": moments.scatter}

    arrays = _cached("moments", compute, name, split, num, **options)
    return Moments(int(arrays["count"]), arrays["mean"], arrays["scatter"])


def sample_features(images: np.ndarray, network, *, progress=False, data_dir=None) -> np.ndarray:
    """Returns the features of an array of samples, and caches them.

    The cache holds the most recent sets, so that a resumed evaluation, or one with another metric,
    need not compute them again.

    Args:
        images: uint8 (N, H, W, C).
        network: From `features.extractor`, or a function; nothing is cached without a `digest`.
        progress: Show a progress bar.
        data_dir: Folder of the cache; by default $GANZOO_DATA or the user's cache.
    """

    def compute():
        return {"rows": feature.extract(images, network, progress=progress)}

    if not hasattr(network, "digest"):
        return compute()["rows"]
    key = {
        "sha256": hashlib.sha256(np.ascontiguousarray(images)).hexdigest(),
        "shape": images.shape, "features": network.digest, "precision": network.precision,
    }  # fmt: skip
    rows = _kept("samples", key, compute, data_dir)["rows"]
    sets = sorted(_folder(data_dir).glob("samples-*.npz"), key=lambda path: -path.stat().st_mtime)
    for path in sets[_SETS:]:
        path.unlink(missing_ok=True)
    return rows


def _cached(
    kind, compute, name, split, num, *, features="inception", resize="legacy", precision="float32",
    image_size=None, channels=None, data_dir=None, batch_size=32, progress=False,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Returns the arrays that `compute` returns for the data set, from the cache if possible."""
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

    def compute_arrays():
        return compute(images, network, num=num, batch_size=batch_size, progress=progress)

    if not hasattr(network, "digest"):  # a user's function may change
        return compute_arrays()
    return _kept(kind, key, compute_arrays, data_dir)


def _kept(kind: str, key: dict, compute, data_dir) -> dict[str, np.ndarray]:
    """Returns the arrays cached under this key, or those that `compute` returns."""
    text = json.dumps(key, sort_keys=True)
    label = hashlib.sha256(text.encode()).hexdigest()[:32]
    path = _folder(data_dir) / f"{kind}-{label}.npz"
    if (arrays := _read(path, text)) is None:
        arrays = compute()
        with files.replacing(path, ".npz") as temporary:
            np.savez(temporary, key=text, **arrays)
    return arrays


def _folder(data_dir) -> pathlib.Path:
    from ganzoo.data import store

    return store.folder(data_dir) / "statistics"


def _read(path: pathlib.Path, key: str) -> dict[str, np.ndarray] | None:
    """Returns the file's arrays, or None if it is missing, damaged or has another key."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except files.DAMAGED:
        return None
    return arrays if str(arrays.pop("key", None)) == key else None


def _fingerprint(name: str) -> str | None:
    """Returns a hash of the file names, sizes and times of a folder or `.npz`; else None."""
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
