"""Few labels: a small labelled set beside a large one without."""

import numpy as np
import tensorflow as tf

from ganzoo.data.order import Order
from ganzoo.errors import InputError, is_whole


def few(batches: tf.data.Dataset, source, count: int, order: Order) -> tf.data.Dataset:
    """Returns the batches with `labelled` images and their `label` in place of their own labels.

    Batch b's are a pure function of (seed, b), as its other images are.

    Args:
        batches: Of `source`, in `order`.
        source: The `source.Source` they are from; it must have labels.
        count: How many images are labelled, as many of each class.
        order: Says how many there are in a batch, from where, and by which seed.

    Raises:
        InputError: If there are no labels, or too few of a class.
    """
    classes = source.info.num_classes
    if classes is None:
        raise InputError(f"num_labels: {source.info.name} has no labels.")
    if not is_whole(count, 1) or count % classes:
        raise InputError(f"num_labels: expected a multiple of {classes} classes, got {count!r}.")
    images, labels = source.arrays(None)
    rng, each = np.random.default_rng(order.seed), count // classes
    places = [np.flatnonzero(labels == k) for k in range(classes)]
    if (least := min(map(len, places))) < each:
        raise InputError(f"num_labels: expected at least {each} images of a class, got {least}.")
    chosen = np.concatenate([rng.choice(own, each, replace=False) for own in places])
    with tf.device("CPU"):
        images, labels = tf.constant(images[chosen]), tf.constant(labels[chosen])

    def join(number, batch):
        size = tf.shape(batch["real"])[0] if not order.drop_remainder else order.batch_size
        seed = tf.stack([tf.constant(order.seed, tf.int64), number])
        index = tf.random.stateless_uniform([size], seed, 0, count, tf.int32, alg="philox")
        return batch | {"labelled": tf.gather(images, index), "label": tf.gather(labels, index)}

    numbers = tf.data.Dataset.range(order.start_batch, tf.int64.max)
    return tf.data.Dataset.zip(numbers, batches).map(join)
