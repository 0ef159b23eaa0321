"""What every source of data offers: its `Info`, its examples as arrays, and batches of them."""

import abc
import dataclasses

import numpy as np
import tensorflow as tf

from ganzoo.data import images
from ganzoo.data.order import Order
from ganzoo.errors import InputError


@dataclasses.dataclass(frozen=True)
class Info:
    """What is known of a data set before it is read.

    Attributes:
        name: As given to `ganzoo.data.load`.
        split: E.g. `"train"`.
        num_examples: Of this split, broken files included where they are not known yet.
        image_shape: (height, width, channels), or (2,) for points of the plane, or (T,) for
            sequences of tokens.
        num_classes: `None` if there are no labels.
        class_names: One for each class; `None` if there are no labels.
        vocabulary: Of sequences, the number of tokens, or the word that each stands for.
    """

    name: str
    split: str
    num_examples: int
    image_shape: tuple[int, ...]
    num_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    vocabulary: int | tuple[str, ...] | None = None


class Source(abc.ABC):
    """One split of one data set. `real` is uint8 images; or float32 points or int32 tokens.

    A set of pairs has `x` and `y`, uint8 images of one shape, in place of `real`.

    Attributes:
        info: An `Info`.
    """

    info: Info

    @abc.abstractmethod
    def batches(self, order: Order) -> tf.data.Dataset:
        """Returns a dataset of dicts: `real` (N, H, W, C) or (N, 2), `label` int32 (N,) if any."""

    @abc.abstractmethod
    def arrays(self, limit: int | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns all examples and their labels, or a fixed random `limit` of them."""

    def examples(self, limit: int | None) -> dict[str, np.ndarray]:
        """Returns what `arrays` does as the dict that a batch is."""
        real, labels = self.arrays(limit)
        return {"real": real} if labels is None else {"real": real, "label": labels}


class Memory(Source):
    """A set that is held as one array; a batch is one gather."""

    def __init__(
        self,
        name: str,
        split: str,
        real: np.ndarray,
        labels: np.ndarray | None,
        class_names: tuple[str, ...] | None,
        image_size: tuple[int, int] | None = None,
        channels: int | None = None,
    ):
        """Keeps the arrays; resizing waits until the examples are asked for.

        Args:
            name: Of the data set.
            split: Of the data set.
            real: uint8 (N, H, W, C), or float32 (N, 2).
            labels: Integers (N,), or None.
            class_names: One for each class, or None.
            image_size: (height, width) to resize to, or None.
            channels: 1 or 3 to convert to, or None.
        """
        self._real, self._labels = real, labels
        self._size, self._channels = image_size, channels
        shape = real.shape[1:]
        if len(shape) == 3:
            shape = (*(image_size or shape[:2]), channels or shape[2])
        elif image_size or channels:
            raise InputError(f"{name} has no images: leave out image_size and channels.")
        num_classes = None if labels is None else len(class_names)
        self.info = Info(name, split, len(real), shape, num_classes, class_names)

    def arrays(self, limit):
        """See `Source.arrays`."""
        real, labels = self._real, self._labels
        if limit is not None and limit < len(real):
            keep = chosen(len(real), limit)
            real, labels = real[keep], None if labels is None else labels[keep]
        if real.ndim == 4:
            real = images.fit_all(real, self._size, self._channels)
        return real, None if labels is None else np.asarray(labels, np.int32)

    def batches(self, order):
        """See `Source.batches`."""
        return order.gathered(self.examples(None))


def chosen(count: int, limit: int) -> np.ndarray:
    """Returns `limit` indices below `count` in order, always the same ones.

    They are drawn, as sets may be sorted by class, or have their classes take turns.
    """
    if limit >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, limit, replace=False))
