"""EMA: the exponential moving average of a side's weights, which is used for sampling."""

import itertools

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.engine.sides import clone, mapped, networks_of, side_of
from ganzoo.errors import InputError


class EMA(keras.layers.Layer):
    """Keeps a copy of a side's networks with exponentially averaged weights.

        w_ema <- beta w_ema + (1 - beta) w,  beta = min(decay, (1 + t) / (10 + t))

    The average is updated after every step t. The smaller beta at the start makes it
    forget the initial weights quickly. The moving statistics of batch normalization are copied at
    every step. Since they do not belong to the averaged weights, `recalibrate` computes them again
    after every epoch of `fit`.

    Args:
        decay: Decay of the average, in [0, 1); with 0 the copy equals the network in training.
        side: `"g"`, whose average is sampled and exported, or `"d"`.

    Example:
        from ganzoo.ema import EMA

        gan = ganzoo.create("dcgan", width=8, ema=EMA(0.9999))

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
            InputError: If the variant does not have this side.
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
        """Updates the average after a step."""
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
        """Recomputes the batch normalization statistics for the averaged weights.

        Without this, the samples of a DCGAN were brighter than the data, since the copied
        statistics belong to a generator that fluctuates around the average.

        Args:
            sampler: A `Sampler` of the averaged network, to draw its inputs. Samplers without
                random inputs, such as translators, keep the copied statistics.
            batches: Number of batches of latents, the same at each call, to average over.
            batch_size: Number of latents in a batch.
        """
        if not hasattr(sampler, "draw_inputs"):
            return
        network = sampler.network  # the averaged network that generates the images
        layers = [
            layer
            for layer in network._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        if not layers:
            return
        momenta = [layer.momentum for layer in layers]
        network.trainable = True  # otherwise the layers would not update their statistics
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
    """Returns the average for a decay, a {class_name, config} dict or an `EMA`; None for 0."""
    if isinstance(identifier, (int, float)):
        return EMA(identifier, side) if identifier else None
    return parts.get("ema", identifier, CLASSES)
