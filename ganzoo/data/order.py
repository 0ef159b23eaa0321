"""The order of examples: index vectors for each batch, without a shuffle buffer.

What is mapped here and on every batch has no control flow, and is not converted by AutoGraph, which
would delay the first step by half a second.
"""

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from ganzoo.errors import InputError, check_whole

_ALIGNED = 64  # bytes, the alignment of TensorFlow's buffers


@dataclasses.dataclass(frozen=True)
class Order:
    """The order of the examples; for the fields see `ganzoo.data.load`.

    With `repeat`, the stream is endless, and batch b depends only on the seed and b: epoch
    e = b // (n // batch_size) is a permutation that depends on the seed and e, without its last
    n % batch_size examples. Without `repeat`, the dataset is a single pass over the examples, and
    its e-th iteration has the order of epoch e.
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
            InputError: If a value is invalid.
        """
        check_whole("batch_size", self.batch_size, 1, 2**31 - 1)
        check_whole("seed", self.seed, -(2**63), 2**63 - 1)
        check_whole("start_batch", self.start_batch, 0, 2**62)
        if self.start_batch and not self.repeat:
            raise InputError("start_batch needs repeat=True: a single pass cannot be resumed.")
        if self.repeat and not self.drop_remainder:
            raise InputError("drop_remainder=False needs repeat=False: endless batches are full.")

    def per_epoch(self, count: int) -> int:
        """Returns the number of batches in an epoch of `count` examples.

        Raises:
            InputError: If there are fewer examples than a batch needs.
        """
        if not self.drop_remainder:
            return -(-count // self.batch_size)
        if count < self.batch_size:
            raise InputError(
                f"batch_size {self.batch_size} is more than the {count} examples of the data: "
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
        """Returns batches of arrays in memory, each gathered by its index vector."""
        tensors = {key: _held(column) for key, column in columns.items()}
        count = len(next(iter(columns.values())))
        options = tf.data.Options()  # graph optimizations would keep a copy of the tensors
        options.experimental_optimization.apply_default_optimizations = False

        @tf.autograph.experimental.do_not_convert
        def gather(index):
            return {key: tf.gather(column, index) for key, column in tensors.items()}

        return self.indices(count).map(gather, num_parallel_calls=2).with_options(options)

    def passes(self, count: int) -> tf.data.Dataset:
        """Returns a dataset of the numbers of the passes over the examples, int64."""
        if self.repeat:
            first = self.start_batch // self.per_epoch(count)
            return tf.data.Dataset.range(first, tf.int64.max)
        # 0 in the first iteration of the dataset, then 1, and so on. `Dataset.random` would work,
        # too, but its numbers depend on TensorFlow's global seed.
        number = itertools.count()
        return tf.data.Dataset.from_generator(
            lambda: [next(number)], output_signature=tf.TensorSpec([], tf.int64)
        )

    def shuffled(self, index: tf.Tensor, count: int, number: tf.Tensor) -> tf.Tensor:
        """Returns each index mapped by permutation `number` of `count` examples."""
        if not self.shuffle:
            return index
        # For up to 65,536 examples, `index_shuffle` uses only the low 8 bits of each number of its
        # seed, so epoch 256 would equal epoch 0. Therefore it gets keys drawn from our seed. It is
        # applied twice, since after its 4 rounds the positions of neighbors are still correlated
        # (0.3 with the next but one at 60,000 examples); after 8 rounds they are not.
        seed = tf.stack([tf.constant(self.seed, tf.int64), number])
        keys = tf.random.stateless_uniform([2, 2], seed, None, None, tf.int64, alg="philox")
        index = tf.random.experimental.index_shuffle(index, keys[0], count - 1)
        return tf.random.experimental.index_shuffle(index, keys[1], count - 1)

    def _endless(self, count: int, per_epoch: int) -> tf.data.Dataset:
        @tf.autograph.experimental.do_not_convert
        def indices(number):
            index = number % per_epoch * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
            return self.shuffled(index, count, number // per_epoch)

        return tf.data.Dataset.range(self.start_batch, tf.int64.max).map(indices)

    def _one_pass(self, count: int, per_epoch: int, number: tf.Tensor) -> tf.data.Dataset:
        @tf.autograph.experimental.do_not_convert
        def indices(batch):
            first = batch * self.batch_size
            if self.drop_remainder:  # gives a static shape
                index = first + tf.range(self.batch_size, dtype=tf.int64)
            else:
                index = tf.range(first, tf.minimum(first + self.batch_size, count), dtype=tf.int64)
            return self.shuffled(index, count, number)

        return tf.data.Dataset.range(per_epoch).map(indices)


def _held(array: np.ndarray) -> tf.Tensor:
    """Returns the array as a tensor on the host, with one copy, where `tf.constant` makes two."""
    buffer = np.empty(array.nbytes + _ALIGNED, np.uint8)
    start = -buffer.ctypes.data % _ALIGNED
    aligned = buffer[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    aligned[...] = array
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())
