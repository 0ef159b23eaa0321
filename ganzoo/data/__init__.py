"""Data: one source per file, all of them read as `tf.data.Dataset`s of dict batches.

Imports `engine`; metrics, evaluation, training and the commands import it.
"""

import numpy as np
import tensorflow as tf

from ganzoo.data import pairs, sources
from ganzoo.data.images import parse_channels, parse_size
from ganzoo.data.report import Report, check
from ganzoo.data.source import Info, Source
from ganzoo.data.sources import SourceKind, names, register
from ganzoo.engine import pixels
from ganzoo.errors import InputError, unknown

__all__ = [
    "Info", "Report", "Source", "SourceKind", "arrays", "check", "examples", "has_split",
    "import_files", "info", "load", "names", "open", "register",
]  # fmt: skip

DIRECTIONS = ("AtoB", "BtoA")


def open(
    name: str,
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
    levels: int | str | tuple[float, float] | None = None,
    direction: str | None = None,
) -> Source:
    """Opens one split of a data set: what is known of it, its arrays, and batches of them.

    Args:
        name: One of `names()`.
        split: "train" or, where the set has one, "test" or "validation".
        image_size: Height and width in pixels; images are resized to cover it, then center-cropped.
            `None` keeps the size.
        channels: 1 for grayscale, 3 for RGB; `None` keeps them.
        data_dir: Where imported and TFDS sets are; by default $GANZOO_DATA or the cache.
        levels: For your own files whose values are not of a usual range (see
            `engine.pixels.ValueRange`): their number of gray levels, such as 4096, or the values of
            black and white, such as `(0, 1)` or "0:1".
        direction: For translation, "AtoB", the default, or "BtoA", which swaps `x` and `y`.

    Raises:
        InputError: If a value is wrong or the data are not available.
    """
    size, channels = parse_size(image_size), parse_channels(channels)
    pixels.parse_levels(levels)
    if direction not in (None, *DIRECTIONS):
        raise unknown("direction", direction, DIRECTIONS)
    request = sources.Request(name, "", split, size, channels, data_dir, levels)
    source = sources.opened(request)
    return pairs.Swapped(source) if direction == "BtoA" else source


def load(
    name: str,
    split: str = "train",
    batch_size: int = 64,
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
    levels: int | str | tuple[float, float] | None = None,
    direction: str | None = None,
    **options,
) -> tf.data.Dataset:
    """Returns batches: `real` float32 (N, H, W, C) in [-1, 1], and `label` int32 (N,) if any.

    Sets of pairs, for translation, have `x` and `y` of that shape in place of `real`.

    Args:
        name: One of `names()`.
        split: "train" or, where the set has one, "test".
        batch_size: Examples in a batch.
        image_size: Height and width in pixels; images are resized to cover it, then center-cropped.
            `None` keeps the size.
        channels: 1 for grayscale, 3 for RGB; `None` keeps them.
        data_dir: Where imported and TFDS sets are; by default $GANZOO_DATA or the cache.
        levels: See `open`.
        direction: See `open`.
        **options: `seed`, `shuffle`, `repeat`, `start_batch`, `drop_remainder` and `num_labels`;
            see `Source.load`.

    Raises:
        InputError: If a value is wrong or the data are not available.

    Example:
    ```python
    dataset = ganzoo.data.load("fashion_mnist_10k", batch_size=64)
    photos = ganzoo.data.load("folder:photos", image_size=64, channels=3)
    gan.fit(photos, epochs=5)
    ```
    """
    source = open(
        name, split, image_size=image_size, channels=channels, data_dir=data_dir, levels=levels,
        direction=direction,
    )  # fmt: skip
    return source.load(batch_size, **options)


def info(name: str, split: str = "train", **options) -> Info:
    """Returns what is known of a data set; arguments and errors as in `open`."""
    return open(name, split, **options).info


def arrays(
    name: str, split: str = "train", *, limit: int | None = None, **options
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the images, uint8 (N, H, W, C), and int32 labels (N,) or None.

    Points are float32 (N, 2), sequences int32 (N, T). Of a set of pairs it returns the images `y`.

    Args:
        name: One of `names()`.
        split: "train" or, where the set has one, "test".
        limit: Return only this many examples: a fixed random choice.
        **options: `image_size`, `channels`, `data_dir`, `levels` and `direction`; see `open`.

    Raises:
        InputError: If a value is wrong or the data are not available.
    """
    return open(name, split, **options).arrays(checked_limit(limit))


def examples(
    name: str, split: str = "train", *, limit: int | None = None, **options
) -> dict[str, np.ndarray]:
    """Returns what `arrays` does as a dict: `real` (and `label`), or `x` and `y` of pairs.

    Arguments and errors as in `arrays`.
    """
    return open(name, split, **options).examples(checked_limit(limit))


def checked_limit(limit: int | None) -> int | None:
    """Returns a number of examples, or None for all.

    Raises:
        InputError: If it is something else.
    """
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError(f"limit must be a whole number of examples from 1, got {limit!r}.")
    return limit


def has_split(name: str, split: str, **options) -> bool:
    """Returns whether a data set is available and has this split; options as in `open`."""
    try:
        return bool(info(name, split, **options))
    except InputError:
        return False


def import_files(name: str, source: str, data_dir: str | None = None) -> str:
    """Stores a published set's original files, checked by SHA-256; returns what was done.

    Args:
        name: One of the sets that `ganzoo data --help` lists.
        source: A folder that holds the files, at any depth.
        data_dir: Where to store them; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If the files are missing or are not the originals.
    """
    known = {kind.key: kind for kind in sources.SOURCES.values() if kind.imports}
    if name not in known:
        raise unknown("data set to import", name, known)
    return known[name].imports(source, data_dir)
