"""The batch: what the data, the variants and the parts hand each other.

A batch is a dict of tensors whose first axis is the example:

    real       images, (N, H, W, C), float32 in [-1, 1]; or points, (N, D), for 2-D toys; or
               tokens, integers (N, T)
    label      integer class, (N,)
    condition  whatever else both networks are given
    fake       what `generate` adds, of the shape of `real`; fake_* where a variant makes more
    x, y       the two images of a pair, or of two unpaired sets, in place of `real`

Integer images are taken as 0..255 and scaled to [-1, 1]; a bare tensor is taken as `real`, a pair
of tensors as (`real`, `label`).
"""

import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo.engine import pixels
from ganzoo.errors import InputError


def conditioned(network, x, batch):
    """Returns what to call `network` on: `x`, and the batch's label if it takes two inputs."""
    if inputs_of(network) == 1:
        return x
    return [x, batch["condition"] if "condition" in batch else batch["label"]]


def inputs_of(network) -> int:
    """Returns how many inputs a network has; one, for a class of somebody's own."""
    return len(getattr(network, "inputs", None) or [network])


def size_of(batch):
    """Returns the number of examples, as an integer where it is known."""
    first = next(iter(batch.values()))
    return first.shape[0] or ops.shape(first)[0]


def spread(examples, count: int):
    """Returns so many of the examples, evenly from the first to the last: like may lie by like."""
    return examples[np.linspace(0, len(examples) - 1, count).astype(int)]


def as_batch(data) -> dict:
    """Returns any of the forms of the batch contract as the dict, images scaled to [-1, 1]."""
    if not isinstance(data, dict):
        data = data if isinstance(data, (tuple, list)) else (data,)
        data = dict(zip(("real", "label"), data, strict=False))
    data = {name: value for name, value in data.items() if value is not None}
    return {name: scaled(value) if name != "label" else value for name, value in data.items()}


def scaled(images):
    """Returns integer images 0..255 as float32 in [-1, 1]; tokens as int32; others as float32."""
    if images.dtype.is_integer and len(images.shape) == 2:
        return tf.cast(images, tf.int32)
    if images.dtype.is_integer:
        return pixels.to_float(images)
    return tf.cast(images, tf.float32)


def split(batch: dict, turns: int, name: str = "n_critic") -> list[dict]:
    """Returns the batch in `turns` equal parts; `name` is what they are called in the complaint.

    Raises:
        InputError: If it does not divide.
    """
    if turns == 1:
        return [batch]
    size = size_of(batch)
    if isinstance(size, int) and size % turns:
        raise InputError(
            f"a step of {name}={turns} turns needs a batch that divides by {turns}, got {size}; "
            f"use a batch of {turns} x N."
        )
    parts = {name: tf.split(value, turns) for name, value in batch.items()}
    return [{name: parts[name][i] for name in parts} for i in range(turns)]


def from_arrays(x, y, batch_size: int) -> tf.data.Dataset:
    """Returns shuffled batches of arrays: of one, of a dict of them, or of images and labels.

    Raises:
        InputError: If they are too few, not of one length, or floats that are not in [-1, 1].
    """
    columns = tf.nest.map_structure(tf.convert_to_tensor, x if y is None else (x, y))
    counts = {len(column) for column in tf.nest.flatten(columns)}
    count = min(counts)
    if len(counts) > 1:
        raise InputError(f"expected arrays of one length, got {sorted(counts)}.")
    if count < batch_size:
        raise InputError(f"expected at least batch_size={batch_size} images, got {count}.")
    for column in tf.nest.flatten(columns):
        if column.dtype.is_floating and len(column.shape) == 4:
            low, high = float(tf.reduce_min(column)), float(tf.reduce_max(column))
            if not -1.001 <= low < 0.0 < high <= 1.001:
                raise InputError(
                    f"expected float images in [-1, 1], got {low:g} to {high:g}: scale them, or "
                    "give integers 0..255."
                )
    order = tf.data.Dataset.range(count).shuffle(count, seed=0)
    return order.batch(batch_size, drop_remainder=True).map(
        lambda index: tf.nest.map_structure(lambda column: tf.gather(column, index), columns)
    )


def regroup(dataset: tf.data.Dataset, turns: int, replicas: int = 1) -> tf.data.Dataset:
    """Returns the dataset with `turns` of its batches joined into each one, for `replicas`.

    A last batch that is short is left out where it could not be divided.

    Raises:
        InputError: If a batch does not divide by the replicas, or there is not one step of them.
    """
    size = tf.nest.flatten(dataset.element_spec)[0].shape[:1]
    size = size[0] if size else 0  # 0: one example, not a batch; None: the last one may be short
    if size == 0 or (turns == 1 and replicas == 1):
        return dataset  # as it is, or to be refused when its shape is checked
    even = size is not None
    if not even:
        size = int(tf.shape(tf.nest.flatten(next(iter(dataset)))[0])[0])
    if size % replicas:
        raise InputError(f"expected a batch that divides by {replicas} replicas, got {size}.")
    batches = int(dataset.cardinality())
    if 0 <= batches < turns:
        raise InputError(f"a step takes n_critic={turns} batches, and there are but {batches}.")
    joined = dataset.rebatch(size * turns, drop_remainder=True).prefetch(2)
    if batches < 0 or not even:  # endless, or not known
        return joined
    return joined.apply(tf.data.experimental.assert_cardinality(batches // turns))
