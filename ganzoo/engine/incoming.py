"""What comes into `fit`: every kind of data that Keras takes becomes checked batches.

Arrays are checked as a whole. Of a dataset, a `PyDataset` or a generator the first batches tell how
its images are to be read, and every batch is checked on its way.
"""

import contextlib
import itertools
import re
import types
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from ganzoo.engine import pixels
from ganzoo.engine.batch import from_arrays, named, regroup
from ganzoo.errors import InputError

_PEEKED = 8  # batches, at most, that are looked at before the first step
_SAID = re.compile(r"InputError: (?P<text>[^\n]*)")


@contextlib.contextmanager
def refusals_named() -> Iterator[None]:
    """Raises anew an `InputError` of a pipeline, which TensorFlow passes on as an error of its own.

    Raises:
        InputError: If there was one.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if not (said := _SAID.search(str(error))):
            raise
        raise InputError(said["text"]) from None


def batches_of(x, y, batch_size: int, guard: "Guard", turns: int, replicas: int):
    """Returns the data of `fit` in a form that Keras takes, each batch being that of one step.

    Args:
        x: A `tf.data.Dataset`, a `PyDataset`, a generator; or a whole set in arrays.
        y: Labels of an array.
        batch_size: Examples per turn, of arrays.
        guard: What checks them.
        turns: Turns of a step, each of which takes a batch.
        replicas: Number of replicas, by which a batch is divided.

    Raises:
        InputError: If the data are not as the guard expects, or are too few.
    """
    if isinstance(x, keras.utils.PyDataset):
        return Batches(x, guard, turns)
    if isinstance(x, types.GeneratorType):
        return generated(x, guard, turns)
    if not isinstance(x, tf.data.Dataset):
        if isinstance(x, list) and np.ndim(x[0]) == len(guard.shape):
            x = np.stack(x)  # a list of images
        guard.check_size(batch_size)
        x = from_arrays(guard.arrays(x if y is None else (x, y), whole=True), batch_size)
    else:
        x = guard.dataset(x)
    return regroup(x, turns, replicas)


class Guard:
    """Checks the batches of a set, and returns them as dicts.

    Args:
        keys: Names of the parts of a batch that is a tuple: `("real", "label")`, or `("x", "y")`.
        shape: Shape of the images that the networks expect.
        num_classes: Number of classes of the labels; None if the networks take none.
        pack: Number of images that the discriminator judges together, which divides a batch.
    """

    def __init__(self, keys: tuple, shape: tuple, num_classes: int | None, pack: int = 1):
        self.keys, self.shape, self.num_classes, self.pack = keys, shape, num_classes, pack
        self.images = [key for key in keys if key != "label"]
        self.values = {key: pixels.ValueRange(what=f"images {key!r}") for key in self.images}

    # What is known without the values.

    def named(self, data) -> dict:
        """Returns a batch in any accepted form as a dict.

        Raises:
            InputError: If a part is missing or superfluous.
        """
        batch = named(data, self.keys)
        for key in self.images:
            if key not in batch:
                raise InputError(
                    f"expected batches of {' and '.join(map(repr, self.images))}, got the keys "
                    f"{sorted(batch)}."
                )
        if self.num_classes and "label" not in batch:
            raise InputError(
                f"expected labels from 0 to {self.num_classes - 1} beside the images: batches "
                "(images, labels), or fit(images, labels)."
            )
        return batch

    def check_shapes(self, batch: dict, whole: bool = False) -> None:
        """Checks the shapes and types of the parts of a batch, as far as they are known.

        Args:
            batch: Arrays, tensors or their specs.
            whole: Whether it is the whole set, of which batches are made.

        Raises:
            InputError: If one is not as expected.
        """
        for key in self.images:
            shape = tuple(batch[key].shape)
            if shape == self.shape:
                raise InputError(
                    f"expected batches of images {key!r}, got single ones, {shape}: batch the "
                    "dataset, dataset.batch(64)."
                )
            sides = zip(shape[1:], self.shape, strict=False)
            if len(shape) != len(self.shape) + 1 or any(n not in (None, m) for n, m in sides):
                raise InputError(
                    f"expected images {key!r} of shape {('N', *self.shape)}, as the networks do, "
                    f"got {shape}: resize them, or build the networks for their shape."
                )
            if not whole:
                self.check_size(shape[0])
        if self.num_classes:
            label = batch["label"]
            rank, kind = len(label.shape), tf.as_dtype(label.dtype)
            if not kind.is_integer and (rank == 1 or not kind.is_floating):
                raise InputError(f"expected integer labels (N,), got {kind.name}: encode them.")
            if rank != 1 and (rank != 2 or label.shape[1] not in (1, self.num_classes)):
                raise InputError(
                    f"expected labels (N,), or one-hot ones (N, {self.num_classes}), got "
                    f"{tuple(label.shape)}."
                )

    def check_size(self, size: int | None) -> None:
        """Checks the size of a batch, if it is known.

        Raises:
            InputError: If the packs of a discriminator do not divide it.
        """
        if size is not None and size % self.pack:
            raise InputError(
                f"the discriminator judges {self.pack} images together: expected batches of a "
                f"multiple of {self.pack}, got {size}."
            )

    # Arrays.

    def arrays(self, data, whole: bool = False) -> dict:
        """Returns a batch, or the whole set, as arrays that are checked and converted.

        Raises:
            InputError: If they are not as expected.
        """
        batch = {key: np.asarray(value) for key, value in self.named(data).items()}
        self.check_shapes(batch, whole)
        for key in self.images:
            if self._is_image:
                self.values[key].add(batch[key])
            elif batch[key].dtype.kind == "f" and not np.isfinite(batch[key]).all():
                raise InputError(f"{key!r}: expected finite numbers, got NaN or infinity.")
            elif (
                batch[key].dtype.kind in "iu"
                and batch[key].dtype != np.uint8
                and len(self.shape) > 1
            ):
                raise InputError(
                    f"{key!r}: expected floats, or uint8 for values from 0 to 255, got "
                    f"{batch[key].dtype}: cast them to float32."
                )
            if batch[key].dtype == np.uint16 and self._is_image:
                batch[key] = (batch[key] / np.float32(32767.5) - 1).astype(np.float32)
        if self.num_classes:
            batch["label"] = self._indices(batch["label"])
        if whole:
            self._check_ranges()
        return batch

    def _indices(self, labels: np.ndarray) -> np.ndarray:
        """Returns labels (N,) of integer, column or one-hot labels."""
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim == 2:
            if not (np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all()):
                raise InputError("expected one-hot labels, a single 1 in each row, got others.")
            labels = labels.argmax(1)
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < self.num_classes:
            raise InputError(
                f"expected labels from 0 to {self.num_classes - 1}, got {labels.min()} to "
                f"{labels.max()}."
            )
        return labels.astype(np.int32)

    @property
    def _is_image(self) -> bool:
        """Whether the range of values is that of images, and not of points, tokens or signals."""
        return len(self.shape) == 3

    def _check_ranges(self) -> None:
        """Checks that what was seen uses the range that its type has.

        Raises:
            InputError: If it does not.
        """
        for values in self.values.values():
            values.check()

    def peek(self, batches: Iterator) -> list:
        """Looks at the first batches until their range of values is clear; returns them.

        Raises:
            InputError: If they are not as expected, or there are none.
        """
        seen = []
        for data in itertools.islice(batches, _PEEKED):
            seen.append(data)
            self.arrays(data)
            with contextlib.suppress(InputError):  # it may do so in a later batch
                self._check_ranges()
                return seen
        if not seen:
            raise InputError("expected batches of data, got none: is the dataset empty?")
        self._check_ranges()
        return seen

    # Pipelines.

    def dataset(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Returns the dataset with every batch checked, as dicts.

        Raises:
            InputError: If the first batches are not as expected.
        """
        self.check_shapes(self.named(dataset.element_spec))
        self.peek(dataset.as_numpy_iterator())

        @tf.autograph.experimental.do_not_convert
        def check(*data):
            return self._tensors(self.named(data if len(data) > 1 else data[0]))

        dataset = dataset.map(check)
        if self.pack == 1:
            return dataset
        return dataset.map(self._packs).filter(lambda batch: tf.size(batch[self.images[0]]) > 0)

    def _packs(self, batch: dict) -> dict:
        """Returns a batch without the images of an incomplete pack, at the end of the data."""
        size = tf.shape(batch[self.images[0]])[0]
        fixed = batch[self.images[0]].shape[0]
        if fixed is not None:
            return batch
        return {key: value[: size - size % self.pack] for key, value in batch.items()}

    def _tensors(self, batch: dict) -> dict:
        """Does in a graph what `arrays` does."""
        batch = dict(batch)
        for key in self.images:
            images = tf.ensure_shape(batch[key], (None, *self.shape))
            if self._is_image and images.dtype == tf.uint16:
                images = tf.cast(images, tf.float32) / 32767.5 - 1.0
            elif self._is_image and images.dtype.is_floating:
                limit = tf.cast(1.0 + pixels.SLACK, images.dtype)
                said = f"InputError: images {key!r}: expected floats in [-1, 1], got others."
                with tf.control_dependencies([tf.debugging.Assert(
                    tf.reduce_all(tf.abs(images) <= limit), [said]
                )]):  # fmt: skip
                    images = tf.identity(images)
            batch[key] = images
        if self.num_classes:
            batch["label"] = self._label_tensor(batch["label"])
        return batch

    def _label_tensor(self, labels):
        """Does in a graph what `_indices` does."""
        right = tf.constant(True)
        if len(labels.shape) == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if len(labels.shape) == 2:
            right = tf.reduce_all(tf.reduce_sum(tf.abs(labels), axis=1) == 1)
            right &= tf.reduce_all(tf.reduce_max(labels, axis=1) == 1)
            labels = tf.argmax(labels, axis=1)
        right &= tf.reduce_all((labels >= 0) & (labels < self.num_classes))
        said = f"InputError: expected labels from 0 to {self.num_classes - 1}, got others."
        with tf.control_dependencies([tf.debugging.Assert(right, [said])]):
            return tf.cast(labels, tf.int32)


class Batches(keras.utils.PyDataset):
    """A `PyDataset` with every batch checked, and every `turns` of them joined for one step."""

    def __init__(self, inner: keras.utils.PyDataset, guard: Guard, turns: int):
        """Stores the dataset, after a look at its first batches.

        Raises:
            InputError: If they are not as expected.
        """
        super().__init__(
            workers=inner.workers, use_multiprocessing=inner.use_multiprocessing,
            max_queue_size=inner.max_queue_size,
        )  # fmt: skip
        self._inner, self._guard, self._turns = inner, guard, turns
        count = inner.num_batches
        guard.peek(inner[i] for i in range(_PEEKED if count is None else min(count, _PEEKED)))
        if count is not None and count < turns:
            raise InputError(f"a step takes n_critic={turns} batches, but there are only {count}.")

    @property
    def num_batches(self):
        """Number of joined batches; None if it is endless."""
        count = self._inner.num_batches
        return None if count is None else count // self._turns

    def __len__(self):
        """Returns the number of joined batches."""
        return self.num_batches

    def __getitem__(self, index):
        """Returns a joined batch."""
        first = index * self._turns
        return joined([self._guard.arrays(self._inner[first + i]) for i in range(self._turns)])

    def on_epoch_begin(self):
        """Passes it on."""
        self._inner.on_epoch_begin()

    def on_epoch_end(self):
        """Passes it on."""
        self._inner.on_epoch_end()


def generated(batches: Iterator, guard: Guard, turns: int) -> Iterator[tuple]:
    """Yields the batches of a generator, checked, and every `turns` of them joined for one step.

    Raises:
        InputError: If the first ones, which are looked at here, are not as expected.
    """
    first = guard.peek(batches)

    def checked():
        stream = map(guard.arrays, itertools.chain(first, batches))
        while len(step := list(itertools.islice(stream, turns))) == turns:
            yield (joined(step),)  # Keras expects a tuple

    return checked()


def joined(batches: list[dict]) -> dict:
    """Returns batches as one, cut so that it can be divided by their number."""
    columns = {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}
    size = len(next(iter(columns.values())))
    return {key: column[: size - size % len(batches)] for key, column in columns.items()}
