"""Batches: their sizes, their number, and their shapes."""

import warnings

import numpy as np
import tensorflow as tf

import ganzoo

from .shared import DOORS, FLOATS, SHAPE, Sequence, dataset, game, generator
from .situation import situation


@situation("batches", "fit", "EBGAN on single images")
def _(folder):
    gan = ganzoo.create("ebgan", SHAPE, width=4, latent_dim=4, run_eagerly=True)
    gan.fit(FLOATS[:3], batch_size=1, verbose=0)
    return all(np.isfinite(weight.numpy()).all() for weight in gan.weights)


@situation("batches", "fit", "PacGAN on a batch that packs do not divide", "multiple of 2, got 3")
def _(folder):
    return ganzoo.create("pacgan", SHAPE, width=4).fit(FLOATS, batch_size=3, verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "PacGAN with a last batch of one image")
def _(folder):
    gan = ganzoo.create("pacgan", SHAPE, width=4, latent_dim=4, run_eagerly=True)
    gan.fit(dataset(FLOATS[:5]), verbose=0)
    return int(gan.step.numpy()) == 1


for door in ("fit of a PyDataset", "fit of a generator"):

    @situation("batches", door, "n_critic = 2: two batches a step")
    def _(folder, form=DOORS[door]):
        gan = game(n_critic=2)
        gan.fit(form(FLOATS), verbose=0)
        return int(gan.step.numpy()) == 2


@situation("batches", "fit of a PyDataset", "fewer batches than n_critic", "n_critic=5")
def _(folder):
    return game(n_critic=5).fit(Sequence(FLOATS), verbose=0) is None


@situation("batches", "fit", "steps_per_epoch beyond the data", "the data have 4 steps")
def _(folder):
    return game().fit(dataset(FLOATS), steps_per_epoch=10, verbose=0) is None


@situation("batches", "fit of a generator", "steps_per_epoch beyond the data: said")
def _(folder):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        game().fit(generator(FLOATS), steps_per_epoch=10, verbose=0)
    return any("ended after 4 of 10 steps" in str(one.message) for one in said)


@situation("batches", "fit of a tf.data.Dataset", "an empty dataset", "is the dataset empty")
def _(folder):
    return game().fit(dataset(FLOATS).take(0), verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "single images", "dataset.batch(64)")
def _(folder):
    return game().fit(tf.data.Dataset.from_tensor_slices(FLOATS), verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "images of another size", "got (None, 9, 8, 1)")
def _(folder):
    return game().fit(dataset(np.zeros((8, 9, 8, 1), "float32")), verbose=0) is None


@situation(
    "batches", "fit of a tf.data.Dataset", "another size, known at run time", "got (4, 9, 8, 1)"
)
def _(folder):
    images = np.linspace(-1, 1, 8 * 72).reshape(8, 9, 8, 1)
    unknown = dataset(images).map(
        lambda x: tf.ensure_shape(tf.py_function(lambda y: y, [x], x.dtype), [None] * 4)
    )
    return game().fit(unknown, verbose=0) is None
