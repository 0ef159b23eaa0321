"""MNIST, Fashion-MNIST and CIFAR-10, from imported original files or else from TFDS."""

from ganzoo.data import cifar10, idx, store, tfds
from ganzoo.data.source import Memory
from ganzoo.errors import unknown

CLASSES = {**idx.CLASSES, "cifar10": cifar10.CLASSES}


def source(
    name: str,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | None = None,
) -> Memory:
    """Returns one split, "train" or "test", of a data set in `CLASSES`.

    Imported originals keep their order; a TFDS copy has the same examples in a different order.

    Raises:
        InputError: If the data set is not available and cannot be downloaded, or is damaged.
    """
    if split not in ("train", "test"):
        raise unknown(f"split of {name}", split, ["train", "test"])
    arrays = store.read(name, split, data_dir)
    if arrays is None:
        arrays = tfds.TFDS(name, split, data_dir=data_dir).arrays(None)
    return Memory(name, split, *arrays, CLASSES[name], image_size, channels)


def import_files(name: str, path: str, data_dir: str | None = None) -> str:
    """Imports the original files in or below `path` for use by `source`; returns a report.

    Raises:
        InputError: If the files are missing or are not the originals.
    """
    arrays = (cifar10 if name == "cifar10" else idx).read_originals(name, path)
    target = store.save(name, arrays, data_dir)
    train, test = len(arrays["train_labels"]), len(arrays["test_labels"])
    return f"imported {name}: {train} training and {test} test images, all as published, {target}"
