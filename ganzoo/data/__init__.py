"""Data: one source a file, all of them read as `tf.data.Dataset`s of dict batches."""

import os

import numpy as np
import tensorflow as tf

from ganzoo.data import (
    classics,
    emoji,
    fashion_mnist_10k,
    folder,
    labels,
    npz,
    oracle,
    pairs,
    quatrains,
    stacked,
    store,
    toys,
)
from ganzoo.data.edges import Edges
from ganzoo.data.images import parse_channels, parse_size
from ganzoo.data.order import Order
from ganzoo.data.source import Info, Source
from ganzoo.data.unpaired import Apart, Unpaired
from ganzoo.errors import InputError, unknown

__all__ = ["Info", "arrays", "examples", "has_split", "import_files", "info", "load", "names"]

_SEQUENCES = ("oracle", "quatrains")
_PATTERNS = (
    "tfds:NAME", "folder:PATH", "npz:PATH", "pairs:PATH", "edges:NAME", "stacked:NAME",
    "unpaired:A,B", "unpaired:NAME",
)  # fmt: skip


def names() -> list[str]:
    """Returns what can be loaded; NAME and PATH stand for the caller's own."""
    own = ["fashion_mnist_10k", *classics.CLASSES, *toys.MIXTURES, *emoji.SETS, *_SEQUENCES]
    return [*own, *_PATTERNS]


def load(
    name: str,
    split: str = "train",
    batch_size: int = 64,
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    seed: int = 0,
    shuffle: bool | None = None,
    repeat: bool = False,
    start_batch: int = 0,
    drop_remainder: bool = True,
    num_labels: int | None = None,
    data_dir: str | None = None,
) -> tf.data.Dataset:
    """Returns batches: `real` float32 (N, H, W, C) in [-1, 1], `label` int32 (N,) if there are any.

    Sets of pairs, for translation, have `x` and `y` of that shape in place of `real`.

    With `num_labels`, for semi-supervised learning, `label` is that of other images, `labelled`
    (N, H, W, C), which are drawn, with replacement, from so few; those of `real` are not told.

    With `repeat=True` batch b is a pure function of (seed, b), so that a run which stopped after
    b batches goes on with `start_batch=b` as if it had not stopped. The e-th pass over a dataset
    of one pass has the order of endless epoch e. A folder's one pass leaves out broken images, so
    its cardinality is unknown; a TFDS set over 1 GiB is shuffled in blocks (see `tfds.TFDS`).

    Args:
        name: One of `names()`.
        split: "train" or, where there is one, "test".
        batch_size: Examples in a batch.
        image_size: Height and width in pixels; images are resized to cover it, then cropped about
            the centre. `None` keeps the size.
        channels: 1 for grey, 3 for RGB; `None` keeps them.
        seed: Of the order.
        shuffle: `None` means yes for "train" only.
        repeat: An endless stream instead of one pass. An endless epoch leaves out its last
            incomplete batch.
        start_batch: Where an endless stream starts.
        drop_remainder: Leave out a last incomplete batch of one pass.
        num_labels: Use the labels of only so many images, as many of each class, chosen by `seed`.
        data_dir: Where imported and TFDS sets are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If a value is wrong or the data are not to be had.
    """
    shuffle = split == "train" if shuffle is None else shuffle
    order = Order(batch_size, seed, shuffle, repeat, start_batch, drop_remainder)
    options = tf.data.Options()
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    source = _open(name, split, image_size, channels, data_dir)
    batches = source.batches(order)
    if num_labels is not None:
        batches = labels.few(batches, source, num_labels, order)
    return batches.map(_to_float, num_parallel_calls=2).prefetch(2).with_options(options)


def info(
    name: str,
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
) -> Info:
    """Returns what is known of a data set; arguments and errors as of `load`."""
    return _open(name, split, image_size, channels, data_dir).info


def arrays(
    name: str,
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
    limit: int | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the images, uint8 (N, H, W, C), and int32 labels (N,) or None.

    Of points they are float32 (N, 2), of sequences int32 (N, T).

    Of a set of pairs they are the images `y`.

    Args:
        name: As in `load`, like the arguments up to `data_dir`.
        split: See there.
        image_size: See there.
        channels: See there.
        data_dir: See there.
        limit: Return only so many, a random choice that is always the same.

    Raises:
        InputError: As `load` does.
    """
    _check_limit(limit)
    return _open(name, split, image_size, channels, data_dir).arrays(limit)


def examples(
    name: str,
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
    limit: int | None = None,
) -> dict[str, np.ndarray]:
    """Returns what `arrays` does as a batch's dict: `real` (and `label`), or of pairs `x` and `y`.

    Arguments and errors as of `arrays`.
    """
    _check_limit(limit)
    return _open(name, split, image_size, channels, data_dir).examples(limit)


def _check_limit(limit) -> None:
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError(f"limit must be a whole number of examples from 1, got {limit!r}.")


def has_split(name: str, split: str, **options) -> bool:
    """Returns whether a data set can be had, and has this split; options as of `info`."""
    try:
        return bool(info(name, split, **options))
    except InputError:
        return False


def import_files(name: str, source: str, data_dir: str | None = None) -> str:
    """Stores a published set's own files, checked by SHA-256; returns what was done.

    Args:
        name: "mnist", "fashion_mnist", "cifar10", one of `emoji.SETS`, "quatrains", or "inception"
            for the feature network's weights.
        source: A folder which holds the files, at any depth; of "inception", also the file.
        data_dir: Where to; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If the files are missing or are not the originals.
    """
    if name == "inception":
        from ganzoo.metrics.weights import import_inception

        return import_inception(source, data_dir)
    if name == "quatrains":
        return quatrains.import_files(source, data_dir)
    if name in emoji.SETS:
        found = emoji.read_originals(name, source)
        train, test = len(found["train_x"]), len(found["test_x"])
        target = store.save(name, found, data_dir)
        return f"imported {name}: {train} training and {test} test pairs, {target}"
    if name not in classics.CLASSES:
        raise unknown(
            "data set to import", name, [*classics.CLASSES, *emoji.SETS, "inception", "quatrains"]
        )
    return classics.import_files(name, source, data_dir)


def _open(name, split, image_size, channels, data_dir) -> Source:
    size, channels = parse_size(image_size), parse_channels(channels)
    if name == "fashion_mnist_10k":
        return fashion_mnist_10k.source(split, size, channels)
    if name in classics.CLASSES:
        return classics.source(name, split, size, channels, data_dir)
    if name in toys.MIXTURES:
        return toys.source(name, split, size, channels)
    if name in emoji.SETS:
        return emoji.source(name, split, size, channels, data_dir)
    if name == "oracle":
        return oracle.source(split, size, channels)
    if name == "quatrains":
        return quatrains.source(split, size, channels, data_dir)
    kind, _, rest = str(name).partition(":")
    if rest and kind == "folder":
        return folder.Folder(rest, split, size, channels)
    if rest and kind == "npz":
        return npz.source(rest, split, size, channels)
    if rest and kind == "pairs":
        return pairs.PairFolder(rest, split, size, channels)
    if rest and kind == "edges":
        return Edges(_open(rest, split, size, channels, data_dir))
    if rest and kind == "stacked":
        if channels == 1:
            raise InputError(f"{name} has three channels, an image in each: leave out channels.")
        return stacked.source(_open(rest, split, size, 1, data_dir))
    if rest and kind == "unpaired":
        return _unpaired(name, rest, split, size, channels, data_dir)
    if rest and kind == "tfds":
        from ganzoo.data import tfds  # its import of tensorflow_datasets is slow

        return tfds.TFDS(rest, split, size, channels, data_dir)
    raise unknown("data set", name, names())


def _unpaired(name, rest, split, size, channels, data_dir) -> Source:
    names = [f"folder:{part}" if os.path.isdir(os.path.expanduser(part)) else part
             for part in rest.split(",")]  # fmt: skip
    if len(names) > 2:
        raise InputError(f"{name}: expected two sets, A,B, got {len(names)}.")
    if len(names) == 1:
        return Apart(_open(names[0], split, size, channels, data_dir))
    first, second = (_open(part, split, size, channels, data_dir).info for part in names)
    if len(first.image_shape) == len(second.image_shape) == 3:  # the first's, unless it is grey
        size = size or first.image_shape[:2]
        channels = channels or max(first.image_shape[2], second.image_shape[2])
    return Unpaired(name, *(_open(part, split, size, channels, data_dir) for part in names))


def _to_float(batch: dict) -> dict:
    return {
        key: tf.cast(value, tf.float32) / 127.5 - 1.0 if value.dtype == tf.uint8 else value
        for key, value in batch.items()
    }
