"""`folder:PATH`: a tree of images, which are read when needed; only their names are in memory.

Folders that are called like splits are the splits (see `layout`). If a split consists of two or
more folders, without images next to them, the folders are its classes, in sorted order.
"""

import dataclasses
import os
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import Image, ImageOps

from ganzoo.data import images
from ganzoo.data.layout import Layout, layout
from ganzoo.data.look import Look, has_color, spread
from ganzoo.data.source import Info, Source, chosen
from ganzoo.data.tree import FORMATS, Tree
from ganzoo.errors import InputError

_LOGGED = 20  # maximum number of warnings about one folder
_LIMIT = 8 * 2**30  # maximum size of the array that `arrays` returns
_broken: dict[str, dict[str, str]] = {}


def report(path: str) -> dict[str, str]:
    """Returns the broken images that this process has found below `path`: name -> reason."""
    return dict(_broken.get(os.path.realpath(os.path.expanduser(path)), {}))


def header(path) -> Image.Image:
    """Returns the image in a file, of which only the header is read.

    Damaged files can make PIL raise any kind of exception.
    """
    image = Image.open(path, formats=FORMATS)
    if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        image.close()
        raise ValueError(f"{image.width} x {image.height} pixels: over PIL's limit")
    return image


def opened(path) -> Image.Image:
    """Returns the image in a file, rotated as its EXIF data says; errors as in `header`."""
    with header(path) as image:
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

    Whether the images have color, and which size and range of values, is decided by a spread of
    them: see `look.Look`.

    Broken images (damaged, over PIL's limit of pixels, or not like the spread) are listed in the
    log and in `report`. An endless stream replaces a broken image by the next readable one, so that
    batch b depends only on the seed and b. A single pass skips it, so its number of batches is not
    known in advance.
    """

    def __init__(
        self,
        path: str,
        split: str = "train",
        image_size: tuple[int, int] | None = None,
        channels: int | None = None,
        levels=None,
    ):
        """Lists the images and looks at a spread of them; for the arguments see `open`.

        Raises:
            InputError: If the folder or split does not exist, or has no readable image; or if the
                images have several sizes and no `image_size` is given, or values of an unknown
                range and no `levels` are given.
        """
        name, found = f"folder:{path}", layout(path)
        if found.two:
            raise InputError(
                f"{name} has images of two domains: use unpaired:{path} or, if they are pairs, "
                f"pairs:{path}; or one of the folders, such as "
                f"folder:{next(iter(found.splits.values()))[0]}."
            )
        root = found.root
        splits = [os.path.relpath(folder, root) for (folder,) in found.splits.values()]
        found = dataclasses.replace(found, domains=())  # here they are classes
        (folder,) = found.folders(split, name, ("train", "all"))
        tree = Tree(folder)
        self._watch(found, folder, tree, _classes(root, splits, tree))
        self._decide(Look(name, levels), image_size, channels)
        names = self._classes and tuple(self._classes)
        shape = (*self._size, self._channels)
        self.info = Info(name, split, len(tree), shape, names and len(names), names)

    def _watch(self, found: Layout, folder: str, tree: Tree, classes) -> None:
        """Stores the tree, and starts the list of broken images."""
        if not len(tree):
            others = f"; {tree.others}" if tree.others else ""
            raise InputError(
                f"no images in or below {tree.root}: expected {tree.expected}{others}."
            )
        tree.say_left_out()
        self._tree, self._classes = tree, classes
        self._split = "" if folder == found.root else os.path.relpath(folder, found.root)
        self._broken = _broken.setdefault(os.path.realpath(found.root), {})
        self._unreadable: set[int] = set()

    def _decide(self, look: Look, image_size, channels) -> None:
        """Decides size, channels and range of values by a spread of the images."""
        _, first = self._next(0, self._opened)  # one can be read, or it ends here
        for i in sorted({first, *spread(len(self._tree))}):
            if i in self._unreadable:
                continue
            try:
                look.at(self._headers(self._tree.path(i)))
            except InputError:
                raise
            except Exception:  # a damaged file, which is logged when it is read
                continue
        look.values.check()
        self._given = image_size, channels
        self._size = image_size or look.size()
        self._channels = channels or (3 if look.color else 1)
        self._values = look.values

    def _headers(self, path) -> Iterator[Image.Image]:
        """Yields the images of an example, opened but not decoded."""
        with header(path) as image:
            yield image

    def _opened(self, path) -> list[Image.Image]:
        """Returns the images of an example."""
        return [opened(path)]

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

    def part(self, keep):
        """See `Source.part`; the identity is the path without its suffix."""
        tree = self._tree.only(lambda i: keep(os.path.splitext(self._tree.name(i))[0]))
        part = self.copied(num_examples=len(tree))
        part._tree, part._unreadable = tree, set()
        return part

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
        """Returns an example as uint8 (H, W, C), its images side by side."""
        return np.concatenate([self._fit(image) for image in self._opened(path)], axis=1)

    def _fit(self, image: Image.Image) -> np.ndarray:
        """Returns an image as uint8 (H, W, C).

        Raises:
            ValueError: If it is not like the spread that decided about the set.
        """
        size, channels = self._given
        if size is None and (image.height, image.width) != self._size:
            raise ValueError(
                f"{image.height} x {image.width} pixels, where others have {self._size[0]} x "
                f"{self._size[1]}: give image_size"
            )
        if channels is None and self._channels == 1 and has_color(image):
            raise ValueError("in color, where others are gray: give channels")
        return images.fit(image, self._size, self._channels, self._values)


def pictures(path: str) -> Iterator[np.ndarray]:
    """Yields the images in or below a folder as uint8 (H, W, C), each of its own size.

    Broken images are skipped.

    Raises:
        InputError: As in `Folder`, except that sizes may differ.
    """
    source = Folder(path, "all", image_size=(1, 1))

    def read(file):
        image = opened(file)
        return images.fit(image, (image.height, image.width), source._channels, source._values)

    for i in range(len(source._tree)):
        if (pixels := source._try(i, read)) is not None:
            yield pixels


def _classes(root: str, splits: list[str], tree: Tree) -> dict[str, int] | None:
    """Returns the labels by class name, over all splits, so that splits have the same labels."""
    names = set(tree.tops)
    for split in splits:
        with os.scandir(os.path.join(root, split)) as entries:
            names |= {e.name for e in entries if e.is_dir() and not e.name.startswith(".")}
    if tree.flat or len(names) < 2:
        return None
    return {name: label for label, name in enumerate(sorted(names))}
