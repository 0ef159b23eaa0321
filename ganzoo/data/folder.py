"""`folder:PATH`: a tree of images, which are read when needed; only their names are in memory.

A top-level folder `train` or `test` is the split of that name. If a split consists of two or more
folders, without images next to them, the folders are its classes, in sorted order.
"""

import dataclasses
import os

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import Image, ImageOps

from ganzoo.data import images
from ganzoo.data.source import Info, Source, chosen
from ganzoo.data.tree import Tree
from ganzoo.errors import InputError, unknown

# Only these decoders are used, whatever the suffix of a file: some others of PIL run programs.
_FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF"]
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
_LOGGED = 20  # maximum number of warnings about one folder
_LIMIT = 8 * 2**30  # maximum size of the array that `arrays` returns
_broken: dict[str, dict[str, str]] = {}


def report(path: str) -> dict[str, str]:
    """Returns the broken images that this process has found below `path`: name -> reason."""
    return dict(_broken.get(os.path.realpath(os.path.expanduser(path)), {}))


def opened(path) -> Image.Image:
    """Returns the image in a file, rotated as its EXIF data says.

    Damaged files can make PIL raise any kind of exception.
    """
    with Image.open(path, formats=_FORMATS) as image:
        if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels: over PIL's limit")
        image = ImageOps.exif_transpose(image)
        image.load()
        return image


def read(path, size: tuple[int, int], channels: int) -> np.ndarray:
    """Returns the image in a file as uint8 (height, width, channels).

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        return images.fit(opened(path), size, channels)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot read {path} as an image: {reason}.") from error


class Folder(Source):
    """One split of a tree of images.

    Broken images (damaged, or over PIL's limit of pixels) are listed in the log and in `report`. An
    endless stream replaces a broken image by the next readable one, so that batch b depends only on
    the seed and b. A single pass skips it, so its number of batches is not known in advance.
    """

    def __init__(
        self,
        path: str,
        split: str = "train",
        image_size: tuple[int, int] | None = None,
        channels: int | None = None,
    ):
        """Lists the images and decodes the first readable one; for the arguments see `load`.

        Raises:
            InputError: If the folder or split does not exist, or has no readable image.
        """
        root = os.path.expanduser(path)
        if not os.path.isdir(root):
            raise InputError(f"no folder {path!r}: give one that holds images.")
        splits = [s for s in ("train", "test") if os.path.isdir(os.path.join(root, s))]
        if split not in (splits or ("train", "all")):
            raise unknown(f"split of folder:{path}", split, splits or ["train", "all"])
        tree = Tree(os.path.join(root, split) if splits else root)
        if not len(tree):
            raise InputError(f"no images in or below {tree.root}: expected {tree.expected}.")
        self._watch(root, split if splits else "", tree, _classes(root, splits, tree))
        self._size, self._channels = image_size, channels
        first, _ = self._next(0, opened)
        self._size = image_size or (first.height, first.width)
        self._channels = channels or (1 if first.mode in GREY else 3)
        names = self._classes and tuple(self._classes)
        shape = (*self._size, self._channels)
        self.info = Info(f"folder:{path}", split, len(tree), shape, names and len(names), names)

    def _watch(self, root, split, tree, classes) -> None:
        """Stores the tree, and starts the list of broken images."""
        self._tree, self._split, self._classes = tree, split, classes
        self._broken = _broken.setdefault(os.path.realpath(root), {})
        self._unreadable: set[int] = set()

    def arrays(self, limit):
        """See `Source.arrays`; broken images are skipped."""
        count = len(self._tree)
        index = chosen(count, min(count, limit or count))
        size = len(index) * int(np.prod(self.info.image_shape))
        if size > _LIMIT:
            raise InputError(f"{self.info.name} takes {size / 2**30:.0f} GiB: give a limit.")
        real, labels = self._readable(index)
        return real, labels if self._classes else None

    def batches(self, order):
        """See `Source.batches`."""
        count = len(self._tree)
        order.per_epoch(count)  # raises an error if there are too few images
        read = self._replaced if order.repeat else self._readable

        def fetch(index):
            real, labels = tf.numpy_function(read, [index], [tf.uint8, tf.int32], stateful=False)
            size = order.batch_size if order.repeat else None
            batch = {"real": tf.ensure_shape(real, (size, *self.info.image_shape))}
            if self._classes:
                batch["label"] = tf.ensure_shape(labels, (size,))
            return batch

        if order.repeat:
            return order.indices(count).map(fetch, num_parallel_calls=4)
        # Broken images are only known when they are read, so batches are formed after reading.
        all_images = dataclasses.replace(order, drop_remainder=False)
        batches = all_images.indices(count).map(fetch, num_parallel_calls=4)
        return batches.rebatch(order.batch_size, order.drop_remainder)

    def _replaced(self, index):
        """Returns images and labels, with the next readable image in place of a broken one."""
        readable = [self._next(int(i), self._pixels) for i in index]
        return np.stack([pixels for pixels, _ in readable]), self._labels([i for _, i in readable])

    def _readable(self, index):
        """Returns the images that can be read, and their labels."""
        results = ((self._try(int(i), self._pixels), i) for i in index)
        readable = [(pixels, i) for pixels, i in results if pixels is not None]
        real = np.empty((len(readable), *self.info.image_shape), np.uint8)
        for target, (pixels, _) in zip(real, readable, strict=True):
            target[:] = pixels
        return real, self._labels([i for _, i in readable])

    def _labels(self, index):
        if not self._classes:
            return np.zeros(len(index), np.int32)
        return np.array([self._classes[self._tree.top(i)] for i in index], np.int32)

    def _next(self, i, read):
        """Returns the result of `read` for the first readable image from `i` on, and its index."""
        count = len(self._tree)
        for j in range(i, i + count):
            if (result := self._try(j % count, read)) is not None:
                return result, j % count
        raise InputError(
            f"none of the {count} images in {self._tree.root} can be read; the first: "
            f"{next(iter(self._broken.values()))}."
        )

    def _try(self, i, read):
        if i in self._unreadable:
            return None
        try:
            return read(self._tree.path(i))
        except Exception as error:  # damaged files can make PIL raise any kind of exception
            self._unreadable.add(i)
            name = os.path.join(self._split, self._tree.name(i))
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            if name not in self._broken and len(self._broken) < _LOGGED:
                logging.warning("%s: skipping broken image %r: %s", self._tree.root, name, reason)
            if name not in self._broken and len(self._broken) == _LOGGED:
                logging.warning("%s: further broken images are only counted", self._tree.root)
            self._broken[name] = reason
            return None

    def _pixels(self, path):
        return images.fit(opened(path), self._size, self._channels)


def _classes(root: str, splits: list[str], tree: Tree) -> dict[str, int] | None:
    """Returns the labels by class name, over all splits, so that splits have the same labels."""
    if tree.flat or len(tree.tops) < 2:
        return None
    names = set(tree.tops)
    for split in splits:
        with os.scandir(os.path.join(root, split)) as entries:
            names |= {e.name for e in entries if e.is_dir() and not e.name.startswith(".")}
    return {name: label for label, name in enumerate(sorted(names))}
