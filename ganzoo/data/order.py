"""Which examples make up batch b: index vectors, without a shuffle buffer."""

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from ganzoo.errors import InputError, check_whole

_ALIGNED = 64  # bytes: where TensorFlow's buffers start


@dataclasses.dataclass(frozen=True)
class Order:
    """The order of the examples; fields as in `ganzoo.data.load`.

    Endless (`repeat`): batch b is a pure function of (seed, b). Epoch e = b // (n // batch_size)
    is a permutation by (seed, e), whose last n % batch_size examples are left out.
    Otherwise one pass; the e-th time that the dataset is iterated it is in the order of epoch e.
    """

    batch_size: int
    seed: int = 0
    shuffle: bool = True
    repeat: bool = False
    start_batch: int = 0
    drop_remainder: bool = True

    def __post_init__(self):
        """Checks the values.

        Raises:
            InputError: On a wrong one.
        """
        check_whole("batch_size", self.batch_size, 1, 2**31 - 1)
        check_whole("seed", self.seed, -(2**63), 2**63 - 1)
        check_whole("start_batch", self.start_batch, 0, 2**62)
        if self.start_batch and not self.repeat:
            raise InputError("start_batch needs repeat=True: one pass has no place to resume at.")
        if self.repeat and not self.drop_remainder:
            raise InputError("drop_remainder=False needs repeat=False: endless batches are full.")

    def per_epoch(self, count: int) -> int:
        """Returns the number of batches in an epoch of `count` examples.

        Raises:
            InputError: If there is not even one.
        """
        if not self.drop_remainder:
            return -(-count // self.batch_size)
        if count < self.batch_size:
            raise InputError(
                f"batch_size {self.batch_size} is more than the {count} examples there are: "
                f"try {count} or less."
            )
        return count // self.batch_size

    def indices(self, count: int) -> tf.data.Dataset:
        """Returns a dataset of int64 vectors (batch_size,) of indices below `count`."""
        per_epoch = self.per_epoch(count)
        if self.repeat:
            return self._endless(count, per_epoch)
        batches = self.passes(count).flat_map(lambda i: self._one_pass(count, per_epoch, i))
        return batches.apply(tf.data.experimental.assert_cardinality(per_epoch))

    def gathered(self, columns: Mapping[str, np.ndarray]) -> tf.data.Dataset:
        """Returns batches of arrays that are held in memory: a batch is one gather of each."""
        held = {key: _held(column) for key, column in columns.items()}
        count = len(next(iter(columns.values())))
        options = tf.data.Options()  # its rewriting of graphs would keep a copy of what is held
        options.experimental_optimization.apply_default_optimizations = False
        batches = self.indices(count).map(
            lambda index: {key: tf.gather(column, index) for key, column in held.items()},
            num_parallel_calls=2,
        )
        return batches.with_options(options)

    def passes(self, count: int) -> tf.data.Dataset:
        """Returns a dataset of int64, one for each pass over the examples, to shuffle it by."""
        if self.repeat:
            first = self.start_batch // self.per_epoch(count)
            return tf.data.Dataset.range(first, tf.int64.max)
        # 0 the first time the dataset is iterated, 1 the next time. `Dataset.random` would do too,
        # but its numbers change with TensorFlow's global seed.
        number = itertools.count()
        return tf.data.Dataset.from_generator(
            lambda: [next(number)], output_signature=tf.TensorSpec([], tf.int64)
        )

    def shuffled(self, index: tf.Tensor, count: int, number: tf.Tensor) -> tf.Tensor:
        """Returns where permutation `number` of `count` examples sends each index."""
        if not self.shuffle:
            return index
        # Of a seed `index_shuffle` uses no more than the low 8 bits of each number (at up to 65,536
        # examples), so epoch 256 would be epoch 0 again: it gets keys drawn from our seed instead.
        # It is applied twice, as its 4 rounds leave neighbours near each other (at 60,000 examples
        # a correlation of 0.3 with the next but one); 8 rounds do not.
        seed = tf.stack([tf.constant(self.seed, tf.int64), number])
        keys = tf.random.stateless_uniform([2, 2], seed, None, None, tf.int64, alg="philox")
        index = tf.random.experimental.index_shuffle(index, keys[0], count - 1)
        return tf.random.experimental.index_shuffle(index, keys[1], count - 1)

    def _endless(self, count: int, per_epoch: int) -> tf.data.Dataset:
        def indices(number):
            index = number % per_epoch * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
            return self.shuffled(index, count, number // per_epoch)

        return tf.data.Dataset.range(self.start_batch, tf.int64.max).map(indices)

    def _one_pass(self, count: int, per_epoch: int, number: tf.Tensor) -> tf.data.Dataset:
        def indices(batch):
            first = batch * self.batch_size
            if self.drop_remainder:  # the static shape is known
                index = first + tf.range(self.batch_size, dtype=tf.int64)
            else:
                index = tf.range(first, tf.minimum(first + self.batch_size, count), dtype=tf.int64)
            return self.shuffled(index, count, number)

        return tf.data.Dataset.range(per_epoch).map(indices)


def _held(array: np.ndarray) -> tf.Tensor:
    """Returns the array as a tensor on the host: one copy, where `tf.constant` takes two."""
    room = np.empty(array.nbytes + _ALIGNED, np.uint8)
    start = -room.ctypes.data % _ALIGNED
    aligned = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    aligned[...] = array
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())
