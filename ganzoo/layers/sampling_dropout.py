"""SamplingDropout: a generator's chance that stays in force when it is sampled."""

import keras
from keras import layers, ops

from ganzoo import random


@keras.saving.register_keras_serializable("ganzoo")
class SamplingDropout(layers.Layer):
    """Drops each value with chance `rate`, and scales the others up: in training and in sampling.

    In sampling the draw is the seed's, as everything is: `sample(num, seed)` gives the same images
    again. A network that is called by itself drops the same values at every call.

    Args:
        rate: Chance, in [0, 1).

    Reference: Isola et al., 2017, arXiv:1611.07004, section 3.1, whose generator's only noise it
    is; Chintala et al., How to train a GAN, NIPS workshop 2016, item 17.
    """

    def __init__(self, rate: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"expected rate in [0, 1), got {rate}")
        self.rate = rate

    def call(self, x):
        """Drops."""
        seed = random.seed(self.name) or random.FixedSeed(random.key(0))
        kept = keras.random.uniform(ops.shape(x), dtype="float32", seed=seed) >= self.rate
        return ops.where(kept, x / (1.0 - self.rate), ops.zeros((), x.dtype))

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"rate": self.rate}
