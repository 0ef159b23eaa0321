"""`unpaired:A,B`: `x` of one set, `y` of another, which have nothing to do with each other.

A and B are folders or names of data sets. `unpaired:NAME` of a set of pairs takes `x` from every
other pair and `y` from those between, so that no example of one side has its partner on the other;
its "test" split keeps the pairs whole, to compare translations with.
"""

import dataclasses

import tensorflow as tf

from ganzoo.data.order import Order
from ganzoo.data.source import Info, Source, chosen
from ganzoo.errors import InputError

_APART = 0x5EED  # from one side's seed to the other's


class Unpaired(Source):
    """Two sources side by side; each goes through its own epochs, in an order of its own.

    One pass ends where the smaller of them does.
    """

    def __init__(self, name: str, x: Source, y: Source):
        """Takes the sources.

        Raises:
            InputError: If their images are not of one shape.
        """
        shapes = [side.info.image_shape for side in (x, y)]
        if shapes[0] != shapes[1] or len(shapes[0]) != 3:
            raise InputError(
                f"{name}: expected images of one shape, got {shapes[0]} and {shapes[1]}: give "
                "image_size and channels."
            )
        self._sides = {"x": x, "y": y}
        count = min(side.info.num_examples for side in (x, y))
        self.info = Info(name, x.info.split, count, shapes[0])

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`, as many as there are of each."""
        return {key: side.arrays(limit)[0] for key, side in self._sides.items()}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, which a translation is to look like."""
        return self._sides["y"].arrays(limit)

    def batches(self, order):
        """See `Source.batches`."""
        x, y = self._sides["x"].batches(order), self._sides["y"].batches(other(order))
        return tf.data.Dataset.zip(x, y).map(lambda x, y: {"x": x["real"], "y": y["real"]})


class Apart(Source):
    """A set of pairs, held in memory and taken apart."""

    def __init__(self, pairs: Source):
        """Takes the set.

        Raises:
            InputError: If it is not one of pairs.
        """
        of, self._pairs = pairs.info, pairs
        name = f"unpaired:{of.name}"
        if "x" not in pairs.examples(1):
            raise InputError(f"{name}: {of.name} has no pairs: give two sets, unpaired:A,B.")
        self._whole = of.split == "test"
        count = of.num_examples if self._whole else of.num_examples // 2
        self.info = Info(name, of.split, count, of.image_shape)

    def examples(self, limit):
        """See `Source.examples`: `x` and `y`."""
        if self._whole:
            return self._pairs.examples(limit)
        every = self._pairs.examples(None)
        sides = {"x": every["x"][0::2], "y": every["y"][1::2]}
        count = len(sides["y"])
        keep = chosen(count, limit or count)
        return {key: side[keep] for key, side in sides.items()}

    def arrays(self, limit):
        """See `Source.arrays`: the images `y`, which a translation is to look like."""
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


def other(order: Order) -> Order:
    """Returns an order that has nothing to do with this one."""
    return dataclasses.replace(order, seed=order.seed ^ _APART)
