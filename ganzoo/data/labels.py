"""Semi-supervised data: a small labeled set next to a large unlabeled one."""

import numpy as np
import tensorflow as tf

from ganzoo.data.order import Order
from ganzoo.errors import InputError, is_whole


def few(batches: tf.data.Dataset, source, count: int, order: Order) -> tf.data.Dataset:
    """Returns the batches with additional `labelled` images, whose labels replace `label`.

    The labeled images of batch b depend only on the seed and b, as the other images do.

    Args:
        batches: Batches of `source`, in this order.
        source: The data set, which must have labels.
        count: Number of labeled images, with the same number for each class.
        order: The order of the batches, with their size, the start and the seed.

    Raises:
        InputError: If there are no labels, or a class has too few images.
    """
    classes = source.info.num_classes
    if classes is None:
        raise InputError(f"num_labels: {source.info.name} has no labels.")
    if not is_whole(count, 1) or count % classes:
        raise InputError(f"num_labels: expected a multiple of {classes} classes, got {count!r}.")
    images, labels = source.arrays(None)
    rng, each = np.random.default_rng(order.seed), count // classes
    by_class = [np.flatnonzero(labels == k) for k in range(classes)]
    if (least := min(map(len, by_class))) < each:
        raise InputError(f"num_labels: expected at least {each} images of a class, got {least}.")
    chosen = np.concatenate([rng.choice(index, each, replace=False) for index in by_class])
    with tf.device("CPU"):
        images, labels = tf.constant(images[chosen]), tf.constant(labels[chosen])

    def join(number, batch):
        size = tf.shape(batch["real"])[0] if not order.drop_remainder else order.batch_size
        seed = tf.stack([tf.constant(order.seed, tf.int64), number])
        index = tf.random.stateless_uniform([size], seed, 0, count, tf.int32, alg="philox")
        return batch | {"labelled": tf.gather(images, index), "label": tf.gather(labels, index)}

    numbers = tf.data.Dataset.range(order.start_batch, tf.int64.max)
    return tf.data.Dataset.zip(numbers, batches).map(join)
