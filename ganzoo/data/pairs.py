"""`pairs:PATH`: pairs of images, side by side in one file, or in two folders with matching names.

PATH, or its subfolders `train` and `test`, contains either two folders, for `x` and `y` in sorted
order, with files of the same names except for the suffix; or images whose left half is `x` and
whose right half is `y`. Without `train` and `test`, one in ten names, chosen by checksum, is in
"test".
"""

import os
import zlib

import numpy as np

from ganzoo.data import images
from ganzoo.data.folder import GREY, Folder, opened
from ganzoo.data.source import Info, Source, chosen
from ganzoo.data.tree import Tree
from ganzoo.errors import InputError, unknown

SPLITS = ("train", "test")


def split_of(identity: str) -> str:
    """Returns the split for a name, which is "test" for one in ten names, by checksum."""
    return "train" if zlib.crc32(identity.encode()) % 10 else "test"


class Pairs(Source):
    """A set of pairs of images of the same shape, `x` and `y`, in memory."""

    def __init__(self, name: str, split: str, x: np.ndarray, y: np.ndarray, size, channels):
        """Stores the arrays; images are resized when they are read.

        Args:
            name: Name of the data set.
            split: Name of the split.
            x: Images, uint8 (N, H, W, C).
            y: Their partners, in the same form.
            size: (height, width) to resize to, or None.
            channels: 1 or 3 to convert to, or None.
        """
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


class _Strips(Folder):
    """A tree of pairs, each of which is read as one image (H, 2 W, C)."""

    def __init__(self, path, split, image_size, channels):
        root = os.path.expanduser(path)
        if not os.path.isdir(root):
            raise InputError(f"no folder {path!r}: give one that has pairs of images.")
        splits = [s for s in SPLITS if os.path.isdir(os.path.join(root, s))]
        if split not in (splits or SPLITS):
            raise unknown(f"split of pairs:{path}", split, splits or SPLITS)
        tree = Tree(os.path.join(root, split) if splits else root)
        self._partners = None
        if not tree.flat and len(tree.tops) == 2:
            tree, self._partners = _matched(tree)
        if not splits:
            tree = tree.only(lambda i: split_of(os.path.splitext(tree.name(i))[0]) == split)
        if not len(tree):
            raise InputError(
                f"no pairs in {split!r} of {path}: expected files with two images side by side, or "
                f"two folders of files with the same names ({tree.expected})."
            )
        self._watch(root, split if splits else "", tree, None)
        self._size, self._channels = image_size, channels
        (x, y), _ = self._next(0, self._sides)
        height, width = image_size or (x.height, x.width)
        self._size = height, width
        gray = x.mode in GREY and y.mode in GREY
        self._channels = channels or (1 if gray else 3)
        self.info = Info(f"pairs:{path}", split, len(tree), (height, 2 * width, self._channels))

    def _sides(self, path):
        """Returns both images of a pair."""
        image = opened(path)
        if self._partners is not None:
            name = os.path.relpath(path, self._tree.root)
            return image, opened(self._partners[os.path.splitext(name)[0]])
        if image.width < 2 or image.width % 2:
            raise ValueError(f"expected two images side by side, got an odd width, {image.width}")
        half = image.width // 2
        return (
            image.crop((0, 0, half, image.height)),
            image.crop((half, 0, image.width, image.height)),
        )

    def _pixels(self, path):
        halves = [images.fit(side, self._size, self._channels) for side in self._sides(path)]
        return np.concatenate(halves, axis=1)


def _matched(tree: Tree) -> tuple[Tree, dict[str, str]]:
    """Returns the tree of the first folder, and the path of the partner of each of its stems."""
    first, second = (Tree(os.path.join(tree.root, top)) for top in tree.tops)
    stems = [{os.path.splitext(t.name(i))[0]: t.path(i) for i in range(len(t))} for t in
             (first, second)]  # fmt: skip
    unmatched = sorted(stems[0].keys() ^ stems[1].keys())
    if unmatched or min(len(first), len(second)) != len(stems[0]):
        example = f" (e.g. {unmatched[0]!r})" if unmatched else ""
        raise InputError(
            f"{tree.root}: expected the same names, apart from suffixes, in {tree.tops[0]!r} and "
            f"{tree.tops[1]!r}, but {len(unmatched) or 'some'} names{example} have no unique "
            "partner."
        )
    return first, stems[1]


class PairFolder(Source):
    """One split of a tree of pairs, which are read when needed.

    For broken images see `folder.Folder`.
    """

    def __init__(self, path: str, split: str = "train", image_size=None, channels=None):
        """Lists the pairs; for the arguments see `load`.

        Raises:
            InputError: If the folder or the split does not exist, or names do not match.
        """
        self._strips = _Strips(path, split, image_size, channels)
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

    def _halved(self, strips) -> dict:
        width = self.info.image_shape[1]
        return {"x": strips[:, :, :width], "y": strips[:, :, width:]}
