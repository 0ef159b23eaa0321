"""`folder:PATH`: a tree of images, read as it is needed; memory holds only their names.

A top-level `train` or `test` folder is the split of that name. If a split holds two or more folders
and no images beside them, the folders are its classes, in sorted order.
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

# Only these decoders are tried, whatever a file calls itself: PIL has others that run programs.
_FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF"]
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
_LOGGED = 20  # warnings about one folder
_LIMIT = 8 * 2**30  # bytes of pixels that `arrays` returns
_broken: dict[str, dict[str, str]] = {}


def report(path: str) -> dict[str, str]:
    """Returns the broken images below `path` met so far by this process: name -> reason."""
    return dict(_broken.get(os.path.realpath(os.path.expanduser(path)), {}))


def opened(path) -> Image.Image:
    """Returns the picture in a file, upright. On damaged files PIL raises errors of any kind."""
    with Image.open(path, formats=_FORMATS) as image:
        if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels: over PIL's limit")
        image = ImageOps.exif_transpose(image)
        image.load()
        return image


def read(path, size: tuple[int, int], channels: int) -> np.ndarray:
    """Returns the picture in a file as uint8 (height, width, channels).

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return images.fit(opened(path), size, channels)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot read {path} as an image: {reason}.") from error


class Folder(Source):
    """One split of a tree of images.

    A broken image (damaged, or over PIL's limit of pixels) is named in the log and in `report`. An
    endless stream has the next readable one in its place, so that batch b stays a pure function of
    (seed, b); one pass leaves it out, and so cannot know its number of batches beforehand.
    """

    def __init__(
        self,
        path: str,
        split: str = "train",
        image_size: tuple[int, int] | None = None,
        channels: int | None = None,
    ):
        """Lists the images and decodes up to the first readable one. Arguments as of `load`.

        Raises:
            InputError: If there is no such folder or split, or no image in it can be read.
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
        """Keeps what is read, and begins the list of what is broken."""
        self._tree, self._split, self._classes = tree, split, classes
        self._broken = _broken.setdefault(os.path.realpath(root), {})
        self._unreadable: set[int] = set()

    def arrays(self, limit):
        """See `Source.arrays`; broken images are left out."""
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
        order.per_epoch(count)  # complains if there are too few
        read = self._replaced if order.repeat else self._readable

        def fetch(index):
            real, labels = tf.numpy_function(read, [index], [tf.uint8, tf.int32], stateful=False)
            known = order.batch_size if order.repeat else None
            batch = {"real": tf.ensure_shape(real, (known, *self.info.image_shape))}
            if self._classes:
                batch["label"] = tf.ensure_shape(labels, (known,))
            return batch

        if order.repeat:
            return order.indices(count).map(fetch, num_parallel_calls=4)
        # Which images are broken is only known once they are read: batches are formed after that.
        whole = dataclasses.replace(order, drop_remainder=False)
        batches = whole.indices(count).map(fetch, num_parallel_calls=4)
        return batches.rebatch(order.batch_size, order.drop_remainder)

    def _replaced(self, index):
        """Returns images and labels; for a broken one those of the next that can be read."""
        found = [self._next(int(i), self._pixels) for i in index]
        return np.stack([pixels for pixels, _ in found]), self._labels([i for _, i in found])

    def _readable(self, index):
        """Returns the images and labels that can be read."""
        tried = ((self._try(int(i), self._pixels), i) for i in index)
        found = [(pixels, i) for pixels, i in tried if pixels is not None]
        real = np.empty((len(found), *self.info.image_shape), np.uint8)
        for place, (pixels, _) in zip(real, found, strict=True):
            place[:] = pixels
        return real, self._labels([i for _, i in found])

    def _labels(self, index):
        if not self._classes:
            return np.zeros(len(index), np.int32)
        return np.array([self._classes[self._tree.top(i)] for i in index], np.int32)

    def _next(self, i, read):
        """Returns what `read` makes of the first readable image from `i` on, and its index."""
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
        except Exception as error:  # on damaged files PIL raises errors of any kind
            self._unreadable.add(i)
            name = os.path.join(self._split, self._tree.name(i))
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            if name not in self._broken and len(self._broken) < _LOGGED:
                logging.warning("%s: broken image left out: %r: %s", self._tree.root, name, reason)
            if name not in self._broken and len(self._broken) == _LOGGED:
                logging.warning("%s: further broken images are only counted", self._tree.root)
            self._broken[name] = reason
            return None

    def _pixels(self, path):
        return images.fit(opened(path), self._size, self._channels)


def _classes(root: str, splits: list[str], tree: Tree) -> dict[str, int] | None:
    """Returns class name -> label, over all splits so that a label means the same in each."""
    if tree.flat or len(tree.tops) < 2:
        return None
    every = set(tree.tops)
    for split in splits:
        with os.scandir(os.path.join(root, split)) as entries:
            every |= {e.name for e in entries if e.is_dir() and not e.name.startswith(".")}
    return {name: label for label, name in enumerate(sorted(every))}
