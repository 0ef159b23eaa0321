"""`pairs:PATH`: pairs of images, side by side in one file, or in two folders with matching names.

The two folders hold `x` and `y`, in sorted order, under the same names except for the suffix; for
their place among folders for splits see `layout`. A file with two images side by side is twice as
wide as high, or two images of the proportions of `image_size`; its left half is `x`, its right half
`y`. Without folders for splits, one in ten names, chosen by checksum, is in "test".
"""

import os
import zlib

import numpy as np

from ganzoo.data import images
from ganzoo.data.folder import Folder, header, opened
from ganzoo.data.layout import layout
from ganzoo.data.look import Look
from ganzoo.data.source import Info, Source, chosen, kept
from ganzoo.data.tree import Tree
from ganzoo.errors import InputError

SPLITS = ("train", "test")


def split_of(identity: str) -> str:
    """Returns the split for a name, which is "test" for one in ten names, by checksum."""
    return "train" if zlib.crc32(identity.encode()) % 10 else "test"


class Pairs(Source):
    """A set of pairs of images of the same shape, `x` and `y`, in memory."""

    def __init__(
        self, name: str, split: str, x: np.ndarray, y: np.ndarray, size, channels, identities=None
    ):
        """Stores the arrays; images are resized when they are read.

        Args:
            name: Name of the data set.
            split: Name of the split.
            x: Images, uint8 (N, H, W, C).
            y: Their partners, in the same form.
            size: (height, width) to resize to, or None.
            channels: 1 or 3 to convert to, or None.
            identities: What tells which pairs show the same thing, (N,); by default their places.
        """
        self._identities = range(len(x)) if identities is None else identities
        self._x, self._y, self._size, self._channels = x, y, size, channels
        shape = (*(size or x.shape[1:3]), channels or x.shape[3])
        self.info = Info(name, split, len(x), shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        keep = slice(None) if limit is None else chosen(len(self._x), limit)
        return {
            key: images.fit_all(column[keep], self._size, self._channels)
            for key, column in (("x", self._x), ("y", self._y))
        }

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self.examples(limit)["y"], None

    def batches(self, order):
        """See `Source.batches`."""
        return order.gathered(self.examples(None))

    def part(self, keep):
        """See `Source.part`."""
        index = kept(self._identities, keep)
        part = self.copied(num_examples=int(index.sum()))
        part._identities = np.asarray(self._identities)[index]
        part._x, part._y = self._x[index], self._y[index]
        return part


class _Strips(Folder):
    """A tree of pairs, each of which is read as one image (H, 2 W, C)."""

    def __init__(self, path, split, image_size, channels, levels):
        name, found = f"pairs:{path}", layout(path)
        folders = found.folders(split, name, SPLITS)
        tree = Tree(folders[0])
        if len(folders) == 1 and not tree.flat and len(tree.tops) == 2:
            folders = tuple(os.path.join(tree.root, top) for top in tree.tops)
        self._partners = None
        if len(folders) == 2:
            tree, self._partners = _matched(found.root, *map(Tree, folders))
        if not found.splits:
            tree = tree.only(lambda i: split_of(os.path.splitext(tree.name(i))[0]) == split)
        if not len(tree):
            raise InputError(
                f"no pairs in {split!r} of {path}: expected files with two images side by side, or "
                f"two folders of files with the same names ({tree.expected})."
            )
        self._shape = image_size
        self._watch(found, tree.root, tree, None)
        self._decide(Look(name, levels, 1 if self._partners else 2), image_size, channels)
        height, width = self._size
        self.info = Info(name, split, len(tree), (height, 2 * width, self._channels))

    def _partner(self, path) -> str:
        """Returns the path of the other image of a pair in two files."""
        name = os.path.relpath(path, self._tree.root)
        return self._partners[os.path.splitext(name)[0]]

    def _headers(self, path):
        """See `Folder._headers`."""
        for file in (path,) if self._partners is None else (path, self._partner(path)):
            with header(file) as image:
                yield image

    def _opened(self, path):
        """Returns both images of a pair."""
        image = opened(path)
        if self._partners is not None:
            return [image, opened(self._partner(path))]
        height, width = self._shape or (1, 1)
        half = image.width // 2
        if image.width % 2 or abs(half - image.height * width / height) >= 1:
            raise ValueError(
                f"expected two images side by side, twice as wide as high, got {image.height} x "
                f"{image.width} pixels (height x width): give the image_size of one of them"
            )
        return [image.crop((x, 0, x + half, image.height)) for x in (0, half)]


def _matched(root: str, first: Tree, second: Tree) -> tuple[Tree, dict[str, str]]:
    """Returns the first tree, and the path of the partner in the second of each of its stems."""
    stems = [{os.path.splitext(t.name(i))[0]: t.path(i) for i in range(len(t))} for t in
             (first, second)]  # fmt: skip
    unmatched = sorted(stems[0].keys() ^ stems[1].keys())
    if unmatched or min(len(first), len(second)) != len(stems[0]):
        example = f" (e.g. {unmatched[0]!r})" if unmatched else ""
        names = [os.path.relpath(tree.root, root) for tree in (first, second)]
        raise InputError(
            f"{root}: expected the same names, apart from suffixes, in {names[0]!r} and "
            f"{names[1]!r}, but {len(unmatched) or 'some'} names{example} have no unique "
            f"partner: if they are no pairs, use unpaired:{root}."
        )
    return first, stems[1]


class Swapped(Source):
    """Pairs, or unpaired images, translated the other way: `x` and `y` are swapped."""

    def __init__(self, source: Source):
        """Stores the source.

        Raises:
            InputError: If it has no `x` and `y`.
        """
        if source.examples(1).keys() != {"x", "y"}:
            raise InputError(f"direction: {source.info.name} has no pairs to swap: drop it.")
        self._source, self.info = source, source.info

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        return _swapped(self._source.examples(limit))

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self.examples(limit)["y"], None

    def batches(self, order):
        """See `Source.batches`."""
        return self._source.batches(order).map(_swapped)

    def part(self, keep):
        """See `Source.part`."""
        return Swapped(self._source.part(keep))


def _swapped(columns: dict) -> dict:
    return {"x": columns["y"], "y": columns["x"]}


class PairFolder(Source):
    """One split of a tree of pairs, which are read when needed.

    For broken images see `folder.Folder`.
    """

    def __init__(
        self, path: str, split: str = "train", image_size=None, channels=None, levels=None
    ):
        """Lists the pairs; for the arguments see `open`.

        Raises:
            InputError: If the folder or the split does not exist, or names do not match.
        """
        self._strips = _Strips(path, split, image_size, channels, levels)
        height, width, channels = self._strips.info.image_shape
        shape = (height, width // 2, channels)
        self.info = Info(f"pairs:{path}", split, self._strips.info.num_examples, shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        return self._halved(self._strips.arrays(limit)[0])

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self.examples(limit)["y"], None

    def batches(self, order):
        """See `Source.batches`."""
        return self._strips.batches(order).map(lambda batch: self._halved(batch["real"]))

    def part(self, keep):
        """See `Source.part`."""
        strips = self._strips.part(keep)
        part = self.copied(num_examples=strips.info.num_examples)
        part._strips = strips
        return part

    def _halved(self, strips) -> dict:
        width = self.info.image_shape[1]
        return {"x": strips[:, :, :width], "y": strips[:, :, width:]}
