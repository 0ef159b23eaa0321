"""Networks of one's own: how they end, layers of any kind, and subclasses without a config."""

import warnings

import keras
import numpy as np

import ganzoo

from .shared import FLOATS, SHAPE
from .situation import situation


def networks(g_end="tanh", d_end=None, middle=None):
    """Returns a small generator and discriminator."""
    latents = keras.Input((4,))
    x = keras.layers.Dense(64)(latents)
    x = middle(x) if middle else x
    x = keras.layers.Activation(g_end)(keras.layers.Reshape(SHAPE)(x))
    images = keras.Input(SHAPE)
    score = keras.layers.Dense(1, activation=d_end)(keras.layers.Flatten()(images))
    return keras.Model(latents, x), keras.Model(images, score)


def warned(**ends) -> str:
    """Returns what is said of networks with these ends."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ganzoo.GAN(*networks(**ends), latent_dim=4)
    return " ".join(str(one.message) for one in said)


def trained(middle) -> bool:
    """Returns whether a GAN whose generator has this layer trains."""
    gan = ganzoo.GAN(*networks(middle=middle), latent_dim=4)
    gan.compile(run_eagerly=True)
    gan.fit(FLOATS[:4], batch_size=4, verbose=0)
    return gan.sample(2).shape == (2, *SHAPE)


class Doubled(keras.layers.Layer):
    """An unregistered layer."""

    def call(self, x):
        """Returns twice the input."""
        return 2.0 * x


class Subclassed(keras.Model):
    """A generator as a subclass, which cannot be made from its config."""

    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width, activation="tanh")

    def call(self, x):
        """Returns images."""
        return keras.ops.reshape(self.dense(x), (-1, *SHAPE))


ENDINGS = (  # what ends, how, and what is said
    ("discriminator", "sigmoid", "ends in sigmoid"),
    ("discriminator", "softmax", "ends in softmax"),
    ("generator", "sigmoid", "use tanh"),
    ("generator", "relu", "use tanh"),
)
for side, end, said in ENDINGS:

    @situation("own networks", "GAN", f"a {side} that ends in {end}: said")
    def _(folder, key=f"{side[0]}_end", end=end, said=said):
        return said in warned(**{key: end})


@situation("own networks", "GAN", "networks that end as they should: nothing is said")
def _(folder):
    return warned() == ""


@situation("own networks", "fit", "a Lambda layer")
def _(folder):
    return trained(keras.layers.Lambda(lambda x: 2.0 * x))


@situation("own networks", "fit", "an unregistered layer")
def _(folder):
    return trained(Doubled())


def subclassed():
    """Returns a GAN whose generator is a subclass."""
    network = Subclassed(64)
    network(np.zeros((1, 4), "float32"))
    return ganzoo.GAN(network, networks()[1], latent_dim=4)


@situation("own networks", "compile", "a subclass that has no config", "compile with ema=0")
def _(folder):
    return subclassed().compile() is None


@situation("own networks", "fit", "the same with ema=0, which makes no copy")
def _(folder):
    gan = subclassed()
    gan.compile(ema=0, run_eagerly=True)
    gan.fit(FLOATS[:4], batch_size=4, verbose=0)
    return gan.ema is None and gan.sample(2).shape == (2, *SHAPE)
