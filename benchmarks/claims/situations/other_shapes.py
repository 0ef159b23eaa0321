"""Samples of other shapes than images."""

import keras
import numpy as np
from PIL import Image

import ganzoo

from .situation import situation

SHAPES = {
    "points in the plane": (2,),
    "single numbers": (1,),
    "signals": (32, 2),
    "images of 2 channels": (8, 8, 2),
    "images of 5 channels": (8, 8, 5),
    "volumes": (6, 8, 8, 1),
}


def shaped(shape):
    """Trains a GAN of samples of any shape for a step, with its pictures; returns the grid."""

    def run(folder):
        latents, samples = keras.Input((4,)), keras.Input(shape)
        x = keras.layers.Dense(int(np.prod(shape)), activation="tanh")(latents)
        score = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
        gan = ganzoo.GAN(
            keras.Model(latents, keras.layers.Reshape(shape)(x)), keras.Model(samples, score),
            latent_dim=4,
        )  # fmt: skip
        gan.compile(run_eagerly=True)
        real = np.random.default_rng(0).uniform(-1, 1, (8, *shape)).astype("float32")
        grid = ganzoo.callbacks.SampleGrid(folder, num=4)
        gan.fit(real, batch_size=8, verbose=0, callbacks=[grid])
        picture = np.asarray(Image.open(folder / "epoch-0001.png"))
        return picture.std() > 0

    return run


for what, shape in SHAPES.items():
    situation("other shapes", "fit with SampleGrid", what)(shaped(shape))


@situation("other shapes", "fit", "signals of whole numbers", "expected floats, or uint8")
def _(folder):
    latents, samples = keras.Input((4,)), keras.Input((8, 1))
    x = keras.layers.Reshape((8, 1))(keras.layers.Dense(8)(latents))
    score = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
    gan = ganzoo.GAN(keras.Model(latents, x), keras.Model(samples, score), latent_dim=4)
    gan.compile(run_eagerly=True)
    return gan.fit(np.arange(64).reshape(8, 8, 1), batch_size=8, verbose=0) is None
