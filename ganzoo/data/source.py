"""The interface of data sources: their `Info`, their examples as arrays, and batches of them."""

import abc
import copy
import dataclasses
import zlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ganzoo.data import images, labels
from ganzoo.data.order import Order
from ganzoo.engine import pixels
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
        teacher_dim: For images that a generator drew, the dimension of its latents.
    """

    name: str
    split: str
    num_examples: int
    image_shape: tuple[int, ...]
    num_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    vocabulary: int | tuple[str, ...] | None = None
    teacher_dim: int | None = None


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

    def load(
        self,
        batch_size: int = 64,
        *,
        seed: int = 0,
        shuffle: bool | None = None,
        repeat: bool = False,
        start_batch: int = 0,
        drop_remainder: bool = True,
        num_labels: int | None = None,
    ) -> tf.data.Dataset:
        """Returns the batches that a training takes, images as float32 in [-1, 1].

        With `num_labels`, for semi-supervised learning, `label` belongs to other images,
        `labelled` (N, H, W, C), which are drawn with replacement from only that many; the labels of
        `real` are left out.

        With `repeat=True` batch b is a pure function of (seed, b), so that a run that stopped after
        b batches continues with `start_batch=b` as if it had not stopped. Pass e over a dataset of
        one pass has the order of endless epoch e. One pass over a folder leaves out broken images,
        so its cardinality is unknown; a TFDS set over 1 GiB is shuffled in blocks (see
        `tfds.TFDS`).

        Args:
            batch_size: Examples in a batch.
            seed: Seed of the order.
            shuffle: `None` shuffles the split "train" only.
            repeat: An endless stream instead of one pass. An endless epoch leaves out its last
                incomplete batch.
            start_batch: Where an endless stream starts.
            drop_remainder: Leave out a last incomplete batch of one pass.
            num_labels: Use the labels of only this many images, as many of each class, chosen by
                `seed`.

        Raises:
            InputError: If a value is wrong.
        """
        shuffle = self.info.split == "train" if shuffle is None else shuffle
        order = Order(batch_size, seed, shuffle, repeat, start_batch, drop_remainder)
        options = tf.data.Options()
        options.deterministic = True
        options.autotune.enabled = False  # nothing to tune, and its thread may keep an end waiting
        policy = tf.data.experimental.AutoShardPolicy.DATA
        options.experimental_distribute.auto_shard_policy = policy
        batches = self.batches(order)
        if num_labels is not None:
            batches = labels.few(batches, self, num_labels, order)
        to_float = tf.autograph.experimental.do_not_convert(_to_float)
        return batches.map(to_float, num_parallel_calls=2).prefetch(2).with_options(options)

    @abc.abstractmethod
    def arrays(self, limit: int | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the examples and their labels, all or a fixed random subset of size `limit`."""

    def examples(self, limit: int | None) -> dict[str, np.ndarray]:
        """Returns the result of `arrays` as a dict with the keys of a batch."""
        real, labels = self.arrays(limit)
        return {"real": real} if labels is None else {"real": real, "label": labels}

    def divided(self) -> tuple["Source", "Source"]:
        """Returns the part of a split to train on, and the other tenth, called "validation".

        Which examples are in the validation part depends on their identities: the names of files,
        the code points of emoji, or the place in the set. So both images of a pair are in the same
        part, and what is added to a folder moves no other image.

        Raises:
            InputError: If the validation part is empty.

        Example:
            training, validation = ganzoo.data.open("edges:fashion_mnist").divided()
        """
        training = self.part(lambda identity: not _held_out(identity))
        validation = self.part(_held_out).copied(split="validation")
        if not min(part.info.num_examples for part in (training, validation)):
            raise InputError(
                f"{self.info.name}: {self.info.num_examples} examples are too few to keep a tenth "
                "for validation, by which the best checkpoint is chosen: give more."
            )
        return training, validation

    def part(self, keep: Callable[[str], bool]) -> "Source":
        """Returns a source of only the examples for whose identities `keep` is true.

        By default the identity of an example is its place, and the part is held in memory.
        """
        real, labels = self.arrays(None)
        whole = Memory(self.info.name, self.info.split, real, labels, self.info.class_names)
        whole.info = self.info
        return whole.part(keep)

    def copied(self, **changes) -> "Source":
        """Returns a copy of this source whose `info` has these changes."""
        other = copy.copy(self)
        other.info = dataclasses.replace(self.info, **changes)
        return other


def kept(identities, keep: Callable[[str], bool]) -> np.ndarray:
    """Returns which of the identities are to be kept, bool (N,)."""
    return np.fromiter((keep(str(identity)) for identity in identities), bool)


def _held_out(identity: str) -> bool:
    """Returns whether an example is in the validation part: one in ten, by checksum.

    The checksum is not that of `pairs.split_of`, which decides about the test split.
    """
    return zlib.crc32(f"validation {identity}".encode()) % 10 == 0


def _to_float(batch: dict) -> dict:
    return {
        key: pixels.to_float(value) if value.dtype == tf.uint8 else value
        for key, value in batch.items()
    }


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

    def part(self, keep):
        """See `Source.part`."""
        index = kept(range(len(self._real)), keep)
        part = self.copied(num_examples=int(index.sum()))
        part._real = self._real[index]
        part._labels = None if self._labels is None else self._labels[index]
        return part


def chosen(count: int, limit: int) -> np.ndarray:
    """Returns `limit` sorted indices below `count`, the same ones at each call.

    They are random, as data sets can be sorted by class, or have classes in a cyclic order.
    """
    if limit >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, limit, replace=False))
