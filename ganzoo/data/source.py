"""The interface of data sources: their `Info`, their examples as arrays, and batches of them."""

import abc
import dataclasses

import numpy as np
import tensorflow as tf

from ganzoo.data import images
from ganzoo.data.order import Order
from ganzoo.errors import InputError


@dataclasses.dataclass(frozen=True)
class Info:
    """Properties of a data set that are known before its examples are read.

    Attributes:
        name: Name, as in `ganzoo.data.load`.
        split: Name of the split, e.g. `"train"`.
        num_examples: Number of examples in this split, which may include broken files.
        image_shape: (height, width, channels); (2,) for points in the plane; or (T,) for sequences
            of tokens.
        num_classes: Number of classes; None if there are no labels.
        class_names: Name of each class; None if there are no labels.
        vocabulary: For sequences, the number of tokens, or the string that each token stands for.
    """

    name: str
    split: str
    num_examples: int
    image_shape: tuple[int, ...]
    num_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    vocabulary: int | tuple[str, ...] | None = None


class Source(abc.ABC):
    """Base class of the data sources: one split of a data set.

    The examples have the key `real`: uint8 images, float32 points or int32 tokens. A set of pairs
    has `x` and `y`, uint8 images of the same shape, instead.

    Attributes:
        info: An `Info`.
    """

    info: Info

    @abc.abstractmethod
    def batches(self, order: Order) -> tf.data.Dataset:
        """Returns a dataset of dicts of `real` (N, ...) and, if there are labels, `label` (N,)."""

    @abc.abstractmethod
    def arrays(self, limit: int | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the examples and their labels, all or a fixed random subset of size `limit`."""

    def examples(self, limit: int | None) -> dict[str, np.ndarray]:
        """Returns the result of `arrays` as a dict with the keys of a batch."""
        real, labels = self.arrays(limit)
        return {"real": real} if labels is None else {"real": real, "label": labels}


class Memory(Source):
    """A data set in memory."""

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
        """Stores the arrays; images are resized when they are read.

        Args:
            name: Name of the data set.
            split: Name of the split.
            real: Images, uint8 (N, H, W, C); points, float32 (N, 2); or tokens, int32 (N, T).
            labels: Integer labels (N,), or None.
            class_names: Name of each class, or None.
            image_size: (height, width) to resize to, or None.
            channels: 1 or 3 to convert to, or None.
        """
        self._real, self._labels = real, labels
        self._size, self._channels = image_size, channels
        shape = real.shape[1:]
        if len(shape) == 3:
            shape = (*(image_size or shape[:2]), channels or shape[2])
        elif image_size or channels:
            raise InputError(f"{name} has no images: drop image_size and channels.")
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
    """Returns `limit` sorted indices below `count`, the same ones at each call.

    They are random, as data sets can be sorted by class, or have classes in a cyclic order.
    """
    if limit >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, limit, replace=False))
