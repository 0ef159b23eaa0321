"""`unpaired:A,B`: images `x` of one set and `y` of another, which are independent of each other.

A and B are folders or names of data sets. `unpaired:PATH` takes a folder that holds both domains,
such as trainA, trainB, testA and testB (see `layout`). `unpaired:NAME`, with the name of a set of
pairs, takes `x` from every other pair and `y` from the pairs between, so that no image has its
partner in the other domain; the "test" split keeps the pairs, for the evaluation of translations.
"""

import dataclasses
import os

import tensorflow as tf

from ganzoo.data.folder import Folder
from ganzoo.data.layout import KNOWN, layout
from ganzoo.data.order import Order
from ganzoo.data.source import Info, Source, chosen
from ganzoo.data.tree import Tree
from ganzoo.errors import InputError

_APART = 0x5EED  # XORed with the seed of `x` to get the seed of `y`


class Unpaired(Source):
    """Two independent sources, each with its own epochs and order.

    A single pass ends with the smaller source.
    """

    def __init__(self, name: str, x: Source, y: Source, split: str | None = None):
        """Stores the sources; the split is called as that of `x` by default.

        Raises:
            InputError: If their images have different shapes.
        """
        shapes = [side.info.image_shape for side in (x, y)]
        if shapes[0] != shapes[1] or len(shapes[0]) != 3:
            raise InputError(
                f"{name}: expected images of one shape, got {shapes[0]} and {shapes[1]}: give "
                "image_size and channels."
            )
        self._sides = {"x": x, "y": y}
        count = min(side.info.num_examples for side in (x, y))
        self.info = Info(name, split or x.info.split, count, shapes[0])

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`, whose numbers can differ."""
        return {key: side.arrays(limit)[0] for key, side in self._sides.items()}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self._sides["y"].arrays(limit)

    def batches(self, order):
        """See `Source.batches`."""
        x, y = self._sides["x"].batches(order), self._sides["y"].batches(other(order))
        return tf.data.Dataset.zip(x, y).map(lambda x, y: {"x": x["real"], "y": y["real"]})

    def part(self, keep):
        """See `Source.part`: of both sides, so that files of one name are in the same part."""
        sides = (side.part(keep) for side in self._sides.values())
        return Unpaired(self.info.name, *sides, self.info.split)


def of_folders(path: str, split: str, options: dict) -> Unpaired:
    """Returns a split of a folder that holds the folders of two domains.

    Args:
        path: The folder.
        split: Name of the split.
        options: Further arguments of `Folder`.

    Raises:
        InputError: If it holds something else, or the images have different shapes.
    """
    name, found = f"unpaired:{path}", layout(path)
    folders = found.folders(split, name, ("train", "all"))
    if len(folders) == 1:
        tree = Tree(folders[0])
        folders = tuple(os.path.join(tree.root, top) for top in tree.tops)
        if tree.flat or len(folders) != 2:
            raise InputError(
                f"{name}: expected the folders of two domains, such as {KNOWN}; got "
                f"{', '.join(tree.tops[:8]) or 'no folders with images'}. Or give two folders, "
                "unpaired:A,B."
            )
    sources = [Folder(folder, "all", **options) for folder in folders]
    channels = max(source.info.image_shape[2] for source in sources)
    sources = [
        source
        if source.info.image_shape[2] == channels
        else Folder(folder, "all", **(options | {"channels": channels}))
        for source, folder in zip(sources, folders, strict=True)
    ]
    return Unpaired(name, *sources, split)


class Apart(Source):
    """A set of pairs in memory whose pairs are separated, except in the split "test"."""

    def __init__(self, pairs: Source):
        """Stores the set of pairs.

        Raises:
            InputError: If the set does not have pairs.
        """
        info, self._pairs = pairs.info, pairs
        name = f"unpaired:{info.name}"
        if "x" not in pairs.examples(1):
            raise InputError(f"{name}: {info.name} has no pairs: give two sets, unpaired:A,B.")
        self._whole = info.split == "test"
        count = info.num_examples if self._whole else info.num_examples // 2
        self.info = Info(name, info.split, count, info.image_shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        if self._whole:
            return self._pairs.examples(limit)
        pairs = self._pairs.examples(None)
        sides = {"x": pairs["x"][0::2], "y": pairs["y"][1::2]}
        count = len(sides["y"])
        keep = chosen(count, limit or count)
        return {key: side[keep] for key, side in sides.items()}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, the target domain of a translation."""
        return self.examples(limit)["y"], None

    def batches(self, order):
        """See `Source.batches`."""
        columns = self.examples(None)
        if self._whole:
            return order.gathered(columns)
        x, y = (
            turn.gathered({key: columns[key]}) for key, turn in (("x", order), ("y", other(order)))
        )
        return tf.data.Dataset.zip(x, y).map(lambda x, y: x | y)

    def part(self, keep):
        """See `Source.part`: of the pairs, before they are separated."""
        return Apart(self._pairs.part(keep))


def other(order: Order) -> Order:
    """Returns an order with an independent seed."""
    return dataclasses.replace(order, seed=order.seed ^ _APART)
