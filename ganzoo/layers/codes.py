"""Codes: latents that mean something, made of Gaussian ones."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Codes(layers.Layer):
    """Turns the first of the Gaussian latents into a class and uniform numbers; keeps the rest.

    Of (N, D): the first `categorical` latents become one-hot, of the place of the largest, so that
    all classes are as likely; the next `uniform` are made uniform in [-1, 1] by the normal's
    distribution function; the next `gaussian` and all others stay as they are. A generator that
    begins with this layer is drawn from like any other.

    Args:
        categorical: Classes; 0 for no categorical code.
        uniform: Number of uniform codes.
        gaussian: Number of Gaussian codes.
    """

    def __init__(self, categorical: int = 10, uniform: int = 2, gaussian: int = 0, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.categorical, self.uniform, self.gaussian = categorical, uniform, gaussian

    @property
    def size(self) -> int:
        """How many of the latents are codes."""
        return self.categorical + self.uniform + self.gaussian

    def call(self, latents):
        """Returns latents of the same shape."""
        classes, even, rest = self.parts(latents)
        return ops.concatenate([classes, even, rest], axis=-1)

    def parts(self, latents) -> tuple:
        """Returns one-hot classes, uniform codes, and the rest, its Gaussian codes first."""
        k, u = self.categorical, self.uniform
        if k:
            classes = ops.one_hot(ops.argmax(latents[:, :k], axis=-1), k)
        else:
            classes = latents[:, :0]
        even = ops.erf(latents[:, k : k + u] / math.sqrt(2.0))
        return classes, even, latents[:, k + u :]

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {
            "categorical": self.categorical,
            "uniform": self.uniform,
            "gaussian": self.gaussian,
        }
