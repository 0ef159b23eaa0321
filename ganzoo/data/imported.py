"""Sets of labeled images that packages carry: read in parts, once `ganzoo data` stored them."""

import numpy as np

from ganzoo.data import store
from ganzoo.data.source import Memory
from ganzoo.errors import InputError, unknown


def source(
    name: str, classes, fetch: str, split: str, image_size=None, channels=None, data_dir=None
) -> Memory:
    """Returns one split, "train" or "test", of an imported set.

    Args:
        name: Name of the set.
        classes: Names of its classes.
        fetch: The command that brings its package.
        split: Name of the split.
        image_size: (height, width) to resize to, or None.
        channels: 1 or 3 to convert to, or None.
        data_dir: Where it is; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If it has not been imported, or is damaged, or there is no such split.
    """
    if split not in ("train", "test"):
        raise unknown(f"split of {name}", split, ["train", "test"])
    arrays = store.read(name, split, data_dir)
    if arrays is None:
        raise InputError(
            f"{name} is not imported: get it with `{fetch}`, and run `ganzoo data {name} "
            f"--from=PATH`."
        )
    return Memory(name, split, *arrays, tuple(classes), image_size, channels)


def save(name: str, rows, data_dir=None) -> str:
    """Stores the images of a set; returns what was done.

    Args:
        name: Name of the set.
        rows: Tuples of the split, the image, uint8 (H, W, C), and its label.
        data_dir: The folder to store in; by default $GANZOO_DATA or the cache.
    """
    columns = {f"{split}_{key}": [] for split in ("train", "test") for key in ("images", "labels")}
    for split, image, label in rows:
        columns[f"{split}_images"].append(image)
        columns[f"{split}_labels"].append(label)
    target = store.save(name, {key: np.array(column) for key, column in columns.items()}, data_dir)
    train, test = len(columns["train_labels"]), len(columns["test_labels"])
    return f"imported {name}: {train} training and {test} test images, all as published, {target}"
