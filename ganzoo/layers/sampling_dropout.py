"""SamplingDropout: dropout in a generator that stays active at inference."""

import keras
from keras import layers, ops

from ganzoo import random
from ganzoo.layers import noise


@keras.saving.register_keras_serializable("ganzoo")
class SamplingDropout(layers.Layer):
    """Dropout at training and at inference: the only noise of some generators.

    When sampling, the dropped values depend on the seed, so `sample(num, seed)` is reproducible. A
    network that is called directly drops the same values at every call, and none in the context
    `noise("none")`.

    Args:
        rate: Probability with which a value is set to zero, in [0, 1); the others are scaled up by
            1 / (1 - rate).

    Reference: Isola et al., 2017, arXiv:1611.07004, section 3.1; Chintala et al., How to train a
    GAN, NIPS workshop 2016, item 17.
    """

    def __init__(self, rate: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"expected rate in [0, 1), got {rate}")
        self.rate = rate

    def call(self, x):
        """Returns the inputs after dropout."""
        if noise.chosen("random") == "none":
            return x
        seed = random.seed(self.name) or random.FixedSeed(random.key(0))
        kept = keras.random.uniform(ops.shape(x), dtype="float32", seed=seed) >= self.rate
        return ops.where(kept, x / (1.0 - self.rate), ops.zeros((), x.dtype))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"rate": self.rate}
