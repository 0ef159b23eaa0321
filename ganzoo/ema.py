"""EMA: the exponential moving average of the generator, which is what is sampled and exported."""

import keras
from keras import ops

from ganzoo import parts


class EMA(keras.layers.Layer):
    """Keeps a copy of the generator whose weights trail those of the one in training.

    w_ema <- beta w_ema + (1 - beta) w after every step, with beta = min(decay, (1 + t) / (10 + t)),
    so that the random start is forgotten at once. Statistics that no gradient trains (the moving
    ones of batch normalisation) are copied: they are averages already.

    Args:
        decay: The weight of the past, in [0, 1); 0 makes the copy equal the generator.

    Reference: Yazici et al., 2019, arXiv:1806.04498; Karras et al., 2018, arXiv:1710.10196.
    """

    def __init__(self, decay: float = 0.999, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"expected decay in [0, 1), got {decay}")
        self.decay = decay

    def attach(self, gan: keras.Model) -> None:
        """Copies the generator."""
        if not self.built:
            self.network = clone(gan.generator)
            self.network.trainable = False
            self.built = True

    def update(self, generator: keras.Model, step) -> None:
        """Moves the copy towards `generator`, after `step` steps."""
        t = ops.cast(step, "float32")
        beta = ops.minimum(self.decay, (1.0 + t) / (10.0 + t))
        for average, weight in zip(self.network.weights, generator.weights, strict=True):
            if weight.trainable:
                average.assign(weight + beta * (average - weight))
            else:
                average.assign(weight)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"decay": self.decay}


def clone(network: keras.Model) -> keras.Model:
    """Returns a network of the same architecture and the same weights."""
    copy = type(network).from_config(network.get_config())
    if not copy.built:
        copy.build_from_config(network.get_build_config())
    copy.set_weights(network.get_weights())
    return copy


CLASSES = parts.table(EMA)


def get(identifier) -> EMA | None:
    """Returns the average that a decay, a {class_name, config} dict or an `EMA` stands for."""
    if isinstance(identifier, (int, float)):
        return EMA(identifier)
    return parts.get("ema", identifier, CLASSES)
