"""EMA: the exponential moving average of a side's weights, which is what is used in the end."""

import itertools

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.engine.sides import clone, mapped, networks_of, side_of
from ganzoo.errors import InputError


class EMA(keras.layers.Layer):
    """Keeps a copy of a side's networks whose weights trail those of the ones in training.

    w_ema <- beta w_ema + (1 - beta) w after every step, with beta = min(decay, (1 + t) / (10 + t)),
    so that the random start is forgotten at once. The moving statistics of batch normalisation,
    which no gradient trains, are copied at every step; as they belong to other weights than the
    averaged ones, `recalibrate` takes them anew where it counts, after every epoch of `fit`.

    Args:
        decay: The weight of the past, in [0, 1); 0 makes the copy equal the one in training.
        side: `"g"`, whose average is sampled and exported, or `"d"`.

    Reference: Yazici et al., 2019, arXiv:1806.04498; Karras et al., 2018, arXiv:1710.10196;
    Izmailov et al., 2018, arXiv:1803.05407, section 3.2, for the statistics.
    """

    def __init__(self, decay: float = 0.999, side: str = "g", **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"expected decay in [0, 1), got {decay}")
        if side not in ("d", "g"):
            raise ValueError(f"expected side 'd' or 'g', got {side!r}")
        self.decay, self.side = decay, side

    def attach(self, gan: keras.Model) -> None:
        """Copies the side's networks.

        Raises:
            InputError: If there are none.
        """
        side = side_of(gan, self.side)
        if side is None:
            kind = "generator" if self.side == "g" else "discriminator"
            raise InputError(f"{type(gan).__name__} has no {kind} to average: drop `ema`.")
        if not self.built:
            self.network = mapped(clone, side)
            for network in networks_of(self.network):
                network.trainable = False
            self.built = True

    def update(self, gan: keras.Model) -> None:
        """Moves the copy towards the side as it is after a step."""
        t = ops.cast(gan.step, "float32")
        beta = ops.minimum(self.decay, (1.0 + t) / (10.0 + t))
        pairs = zip(networks_of(self.network), networks_of(side_of(gan, self.side)), strict=True)
        weights = (zip(copy.weights, network.weights, strict=True) for copy, network in pairs)
        for average, weight in itertools.chain.from_iterable(weights):
            if weight.trainable:
                average.assign(weight + beta * (average - weight))
            else:
                average.assign(weight)

    def recalibrate(self, sampler: keras.Model, batches: int = 8, batch_size: int = 256) -> None:
        """Sets the statistics of batch normalisation to those of the averaged weights.

        Without it the samples of a DCGAN came out brighter than the data: the copied statistics
        are those of a generator that moves about the average.

        Args:
            sampler: The averaged network as an `Sampler`, which draws its inputs. One that draws
                none, a translator, keeps the copied statistics.
            batches: Batches of latents, always the same ones, whose statistics are averaged.
            batch_size: Latents in each.
        """
        if not hasattr(sampler, "draw_inputs"):
            return
        network = sampler.network  # the average; of several networks the one that is drawn from
        layers = [
            layer
            for layer in network._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        if not layers:
            return
        momenta = [layer.momentum for layer in layers]
        network.trainable = True  # or the layers would use the statistics, not take them
        for batch in range(batches):
            for layer in layers:
                layer.momentum = 1.0 - 1.0 / (batch + 1)  # a running mean over the batches
            with random.scope(random.key(batch)):
                network(sampler.draw_inputs(batch_size, seed=batch), training=True)
        network.trainable = False
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"decay": self.decay, "side": self.side}


CLASSES = parts.table(EMA)


def get(identifier, side: str = "g") -> EMA | None:
    """Returns the average that a decay, a {class_name, config} dict or an `EMA` stands for."""
    if isinstance(identifier, (int, float)):
        return EMA(identifier, side)
    return parts.get("ema", identifier, CLASSES)
