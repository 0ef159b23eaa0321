"""The batch: the dict of tensors that data sources, variants and parts exchange.

A batch is a dict of tensors whose first axis is the example:

    real       images, (N, H, W, C), float32 in [-1, 1]; or points, (N, D), of a 2-D toy data set;
               or tokens, integers (N, T)
    label      integer class, (N,)
    condition  any other input that both networks take
    fake       the generated images, added by `generate`, of the shape of `real`; `fake_*` if a
               variant generates several
    x, y       the two images of a pair, or images of two unpaired sets, instead of `real`

uint8 images are scaled to [-1, 1]. A single tensor is treated as `real`, a pair of tensors as
(`real`, `label`) or, in translations, as (`x`, `y`). What comes in is checked by `incoming`.
"""

import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo.engine import pixels
from ganzoo.errors import InputError


def conditioned(network, x, batch):
    """Returns the inputs of `network`: `x`, and the batch's label if it takes two inputs."""
    if inputs_of(network) == 1:
        return x
    return [x, batch["condition"] if "condition" in batch else batch["label"]]


def inputs_of(network) -> int:
    """Returns the number of inputs of a network; 1 for a user-defined subclass of `Model`."""
    return len(getattr(network, "inputs", None) or [network])


def size_of(batch):
    """Returns the number of examples, as a Python integer if it is known statically."""
    first = next(iter(batch.values()))
    return first.shape[0] or ops.shape(first)[0]


def spread(examples, count: int):
    """Returns `count` evenly spaced examples: neighboring ones may be similar."""
    return examples[np.linspace(0, len(examples) - 1, count).astype(int)]


def named(data, names: tuple[str, ...] = ("real", "label")) -> dict:
    """Returns a batch in any accepted form as a dict, without parts that are None.

    Args:
        data: A dict; a tensor; or a tuple or list of tensors.
        names: Keys of the parts of a tuple.

    Raises:
        InputError: If a tuple has more parts.
    """
    if isinstance(data, (tuple, list)) and len(data) == 1 and isinstance(data[0], dict):
        (data,) = data
    if not isinstance(data, dict):
        data = data if isinstance(data, (tuple, list)) else (data,)
        if len(data) > len(names):
            raise InputError(
                f"expected batches of {' and '.join(names)}, got tuples of {len(data)}: drop the "
                "others, such as sample weights, which a GAN does not take."
            )
        data = dict(zip(names, data, strict=False))
    return {name: value for name, value in data.items() if value is not None}


def as_batch(data, names: tuple[str, ...] = ("real", "label")) -> dict:
    """Returns a batch in any form that `named` takes, with images scaled to [-1, 1]."""
    batch = named(data, names)
    return {key: value if key == "label" else scaled(value) for key, value in batch.items()}


def scaled(images):
    """Converts integer images to float32 in [-1, 1], tokens to int32 and the rest to float32."""
    if images.dtype.is_integer and len(images.shape) == 2:
        return tf.cast(images, tf.int32)
    if images.dtype.is_integer:
        return pixels.to_float(images)
    return tf.cast(images, tf.float32)


def split(batch: dict, turns: int, name: str = "n_critic") -> list[dict]:
    """Splits the batch into `turns` equal parts.

    Args:
        batch: The batch.
        turns: Number of parts.
        name: The argument that sets `turns`, for the error message.

    Raises:
        InputError: If the batch size is not divisible by `turns`.
    """
    if turns == 1:
        return [batch]
    size = size_of(batch)
    if isinstance(size, int) and size % turns:
        raise InputError(
            f"a step with {name}={turns} needs a batch size that is divisible by {turns}, got "
            f"{size}: use a batch size of {turns} x N."
        )
    parts = {name: tf.split(value, turns) for name, value in batch.items()}
    return [{name: parts[name][i] for name in parts} for i in range(turns)]


def from_arrays(columns: dict, batch_size: int) -> tf.data.Dataset:
    """Returns shuffled batches of a dict of arrays.

    Raises:
        InputError: If there are too few examples, or the arrays differ in length.
    """
    counts = sorted({len(column) for column in columns.values()})
    if len(counts) > 1:
        raise InputError(f"expected arrays of the same length, got lengths {counts}.")
    if counts[0] < batch_size:
        raise InputError(f"expected at least batch_size={batch_size} images, got {counts[0]}.")
    columns = {key: tf.convert_to_tensor(column) for key, column in columns.items()}
    order = tf.data.Dataset.range(counts[0]).shuffle(counts[0], seed=0)
    return order.batch(batch_size, drop_remainder=True).map(
        lambda index: {key: tf.gather(column, index) for key, column in columns.items()}
    )


def regroup(dataset: tf.data.Dataset, turns: int, replicas: int = 1) -> tf.data.Dataset:
    """Joins every `turns` batches of the dataset into one, the data of one step.

    An incomplete last batch is dropped if it could not be split.

    Raises:
        InputError: If the batch size is not divisible by the number of replicas, or the dataset has
            fewer than `turns` batches.
    """
    size = tf.nest.flatten(dataset.element_spec)[0].shape[:1]
    size = size[0] if size else 0  # 0: single examples; None: the last batch may be smaller
    if size == 0 or (turns == 1 and replicas == 1):
        return dataset
    fixed_size = size is not None
    if not fixed_size:
        size = int(tf.shape(tf.nest.flatten(next(iter(dataset)))[0])[0])
    if size % replicas:
        raise InputError(f"expected a batch size divisible by {replicas} replicas, got {size}.")
    batches = int(dataset.cardinality())
    if 0 <= batches < turns:
        raise InputError(f"a step takes n_critic={turns} batches, but there are only {batches}.")
    joined = dataset.rebatch(size * turns, drop_remainder=True).prefetch(2)
    if batches < 0 or not fixed_size:  # infinite or unknown
        return joined
    return joined.apply(tf.data.experimental.assert_cardinality(batches // turns))
