"""What the situations share: a few images, the doors of `fit`, and small GANs."""

import functools
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import ganzoo
from ganzoo.engine import incoming
from ganzoo.engine.batch import as_batch

SHAPE = (8, 8, 1)
LEVELS = np.random.default_rng(0).integers(0, 256, (16, *SHAPE))  # 0..255: what was meant
LEVELS.flat[:2] = 0, 255
PIXELS = LEVELS.astype("uint8")
FLOATS = (LEVELS / 127.5 - 1).astype("float32")


def paint(path: Path, color=128, size=(8, 8), mode="RGB") -> None:
    """Writes an image of one color, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


class Sequence(keras.utils.PyDataset):
    """A `PyDataset` of batches of some columns."""

    def __init__(self, *columns, size=4):
        super().__init__()
        self.columns, self.size = columns, size

    def __len__(self):
        """Returns the number of batches."""
        return len(self.columns[0]) // self.size

    def __getitem__(self, i):
        """Returns a batch."""
        batch = tuple(c[i * self.size : (i + 1) * self.size] for c in self.columns)
        return batch if len(batch) > 1 else batch[0]


def generator(*columns, size=4):
    """Yields batches of some columns."""
    sequence = Sequence(*columns, size=size)
    for i in range(len(sequence)):
        yield sequence[i]


def dataset(*columns, size=4):
    """Returns a `tf.data.Dataset` of batches of some columns."""
    columns = columns if len(columns) > 1 else columns[0]
    return tf.data.Dataset.from_tensor_slices(columns).batch(size)


DOORS = {
    "fit of an array": lambda x: x,
    "fit of a tf.data.Dataset": dataset,
    "fit of a PyDataset": Sequence,
    "fit of a generator": generator,
}


def game(**learning):
    """Returns a small GAN."""
    return ganzoo.create("dcgan", SHAPE, width=4, latent_dim=4, run_eagerly=True, **learning)


@functools.cache
def untrained(of_classes: bool = False):
    """Returns a small GAN that is not to be trained, so that it can be used again."""
    if of_classes:
        return ganzoo.create("cgan", SHAPE, num_classes=3, width=4, latent_dim=4, run_eagerly=True)
    return game()


def named_sampler():
    """Returns a sampler of classes with names."""
    gan = untrained(True)
    gan.class_names = ("ant", "bee", "cat")
    return gan.sampler


def order(images):
    """Returns an order of images that depends on nothing but their values."""
    return np.lexsort(images.reshape(len(images), -1).T)


def seen(gan, x, y=None) -> dict:
    """Returns all that a training on these data would see, in the `order` of the images."""
    batches = incoming.batches_of(x, y, 4, gan.guard(), 1, 1)
    if isinstance(batches, keras.utils.PyDataset):
        batches = [batches[i] for i in range(len(batches))]
    with incoming.refusals_named():
        rows = [
            {k: np.asarray(v) for k, v in as_batch(tensors(b), gan.columns).items()}
            for b in batches
        ]
    columns = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
    ranks = order(columns["real"])
    return {key: column[ranks] for key, column in columns.items()}


def tensors(batch):
    """Returns a batch with tensors for its arrays."""
    return tf.nest.map_structure(tf.convert_to_tensor, batch)
