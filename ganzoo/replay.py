"""Replay: each side also plays against the other's past, which counters forgetting."""

import contextlib

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.engine.batch import inputs_of
from ganzoo.engine.sides import holding, networks_of
from ganzoo.errors import InputError


class Past(keras.layers.Layer):
    """Base class of the replay methods; it replays nothing."""

    def attach(self, gan: keras.Model) -> None:
        """Checks the networks and builds the state; called by `compile`."""

    def fakes(self, gan: keras.Model, batch: dict) -> dict:
        """Returns the fakes that replace those of the batch in D's turn, by their keys."""
        return {}

    def judge(self, gan: keras.Model):
        """Returns a context in which the discriminator has the weights to use in G's turn."""
        return contextlib.nullcontext()

    def after_step(self, gan: keras.Model) -> None:
        """Called after each step, when both sides have been updated."""


class Replay(Past):
    """A buffer of past fakes, which replace a part of the fakes in D's turns.

    Until the buffer is full, all fakes are stored and D sees the current batch. Then, for a random
    part of the batch, D sees images of the buffer, which the new fakes replace there. If G makes
    several kinds of fakes, such as both domains of CycleGAN, each kind has its own buffer.

    Args:
        capacity: Number of images in the buffer, on each replica.
        share: Fraction of the batch that comes from the buffer, in (0, 1).

    Example:
        from ganzoo.replay import Replay

        gan = ganzoo.create("dcgan", width=8, replay=Replay(capacity=512, share=0.25))

    Reference: Shrivastava et al., 2017, arXiv:1612.07828, section 2.3.
    """

    def __init__(self, capacity: int = 1024, share: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        if capacity < 1 or not 0.0 < share < 1.0:
            raise ValueError(
                f"expected capacity >= 1 and share in (0, 1), got {capacity} and {share}"
            )
        self.capacity, self.share = capacity, share

    def attach(self, gan: keras.Model) -> None:
        """Creates a buffer of `capacity` images for each kind of fakes.

        Raises:
            InputError: If there is no generator, or the discriminator also takes labels.
        """
        if self.built:
            return
        if gan.generator is None or max(map(inputs_of, networks_of(gan.discriminator))) > 1:
            raise InputError(
                "Replay stores images only: it needs a generator, and a discriminator that takes "
                "neither labels nor conditions."
            )
        self.others = [Replay(self.capacity, self.share) for _ in gan.fakes[1:]]
        for pool in (self, *self.others):
            pool.make_room((self.capacity, *gan.image_shape))

    def make_room(self, shape) -> None:
        """Creates a buffer of this shape, (capacity, ...)."""
        # Each replica has its own buffer: with "none" the copies are not synchronized.
        self.images = self.add_weight(
            name="images", shape=shape, initializer="zeros", trainable=False, aggregation="none"
        )
        self.seen = self.add_weight(
            name="seen", shape=(), dtype="int32", initializer="zeros", trainable=False,
            aggregation="none",
        )  # fmt: skip
        self.built = True

    def fakes(self, gan, batch):
        """Returns the fakes that D sees, and stores those of the batch.

        Raises:
            InputError: If the batch is larger than the buffer.
        """
        pools = zip(gan.fakes, (self, *self.others), strict=True)
        return {key: pool(batch[key]) for key, pool in pools}

    def __call__(self, fake):
        """Returns the fakes (N, ...) that D sees, and stores the new fakes (N, ...)."""
        count = fake.shape[0] or ops.shape(fake)[0]
        if isinstance(count, int) and count > self.capacity:
            raise InputError(
                f"a replay buffer of {self.capacity} images is smaller than the batch of {count}; "
                "raise capacity."
            )
        fits = self.seen + count <= self.capacity
        # Distinct indices, so that no two images of the batch are written to the same slot. Empty
        # slots, which exist if the capacity is no multiple of the batch size, sort last and are
        # never chosen.
        draw = keras.random.uniform((self.capacity,), seed=random.seed("place"))
        indices = ops.arange(self.capacity, dtype="int32")
        chosen = ops.argsort(ops.where(indices < self.seen, draw, 2.0))[:count]
        indices = ops.where(fits, self.seen + indices[:count], ops.cast(chosen, "int32"))
        past = ops.cast(ops.take(self.images.value, indices, axis=0), fake.dtype)
        swap = keras.random.uniform((count,), seed=random.seed("share")) < self.share
        swap = ops.logical_and(swap, indices < self.seen)
        swap = ops.reshape(swap, (-1,) + (1,) * (len(fake.shape) - 1))
        stored = ops.cast(ops.where(ops.logical_or(swap, fits), fake, past), "float32")
        shown = ops.where(ops.logical_and(swap, ops.logical_not(fits)), past, fake)
        self.images.assign(ops.scatter_update(self.images.value, indices[:, None], stored))
        self.seen.assign(ops.where(fits, self.seen + count, self.seen.value))
        return shown

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"capacity": self.capacity, "share": self.share}


class PastCheckpoints(Past):
    """Past copies of both networks, against which some turns are played.

    Every `interval` steps, the current weights replace the oldest of `kept` copies. In each turn of
    D, with probability `share`, the fakes come from a past generator; in each turn of G, with the
    same probability, a past discriminator scores the fakes.

    Args:
        kept: Number of copies of the weights of both sides.
        interval: Number of steps between copies.
        share: Probability of a turn against a past copy, in (0, 1).

    Example:
        from ganzoo.replay import PastCheckpoints

        gan = ganzoo.create("dcgan", width=8, replay=PastCheckpoints(kept=2, interval=1000))

    Reference: Chintala et al., How to train a GAN, NIPS workshop 2016, item 7. The idea of past
    opponents relates to Salimans et al., 2016, arXiv:1606.03498, section 3.3.
    """

    def __init__(self, kept: int = 4, interval: int = 500, share: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        if kept < 1 or interval < 1 or not 0.0 < share < 1.0:
            raise ValueError(
                "expected kept and interval >= 1 and share in (0, 1), got "
                f"{kept}, {interval} and {share}"
            )
        self.kept, self.interval, self.share = kept, interval, share

    def attach(self, gan):
        """Creates the variables of the copies.

        Raises:
            InputError: If a side is missing, or consists of several networks.
        """
        for network in (gan.generator, gan.discriminator):
            if not isinstance(network, keras.Model):
                raise InputError("PastCheckpoints needs one generator and one discriminator.")
        if not self.built:
            networks = {"g": gan.generator, "d": gan.discriminator}
            self.copies = {
                side: [
                    self.add_weight(
                        (self.kept, *weight.shape),
                        name=f"{side}_{index}",
                        trainable=False,
                        initializer="zeros",
                        aggregation="none",
                        autocast=False,
                    )  # fmt: skip
                    for index, weight in enumerate(network.weights)
                ]
                for side, network in networks.items()
            }
            self.built = True

    def fakes(self, gan, batch):
        """Returns the fakes of the batch, or those of a past generator."""

        def past_fakes():
            with self._swapped("g", gan.generator, index):
                return gan.generate(batch)["fake"]

        past, index = self._draw(gan, "fakes")
        return {"fake": ops.cond(past, past_fakes, lambda: batch["fake"])}

    @contextlib.contextmanager
    def judge(self, gan):
        """Opens a context in which the discriminator has past weights with probability `share`.

        Assignments to variables within the context are discarded.
        """
        past, index = self._draw(gan, "judge")
        weights, copies = gan.discriminator.weights, self.copies["d"]
        values = [
            ops.cond(past, lambda c=copy: c.value[index], lambda w=weight: ops.copy(w.value))
            for weight, copy in zip(weights, copies, strict=True)
        ]
        with holding(weights, values):
            yield

    def after_step(self, gan):
        """Copies the weights every `interval` steps."""
        step = ops.cast(gan.step.value, "int32")
        index = (step // self.interval - 1) % self.kept

        copies = [*self.copies["g"], *self.copies["d"]]
        weights = [*gan.generator.weights, *gan.discriminator.weights]

        def copied(copy, weight):
            value = ops.cast(weight.value, copy.dtype)[None]
            return ops.scatter_update(copy.value, [[index]], value)

        def assign():
            for copy, weight in zip(copies, weights, strict=True):
                copy.assign(copied(copy, weight))
            return 0

        due = step % self.interval == 0
        if keras.backend.backend() == "jax":  # nothing can be assigned within its conditionals
            for copy, weight in zip(copies, weights, strict=True):
                pair = (lambda c=copy, w=weight: copied(c, w), lambda c=copy: c.value)
                copy.assign(ops.cond(due, *pair))
        else:
            tf.cond(due, assign, lambda: 0)

    def _draw(self, gan, name):
        """Returns whether to use a past copy in this turn, and the index of the copy."""
        count = ops.minimum(ops.cast(gan.step.value, "int32") // self.interval, self.kept)
        uniform = keras.random.uniform((2,), seed=random.seed(name))
        index = ops.cast(uniform[1] * ops.cast(count, "float32"), "int32")
        return ops.logical_and(count > 0, uniform[0] < self.share), index

    def _swapped(self, side, network, index):
        return holding(network.weights, [copy.value[index] for copy in self.copies[side]])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "kept": self.kept, "interval": self.interval, "share": self.share,
        }  # fmt: skip


CLASSES = parts.table(Replay, PastCheckpoints)


def get(identifier) -> Past | None:
    """Returns the replay for a capacity, a name, a config or a `Past`; None for 0."""
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        return Replay(identifier) if identifier else None
    return parts.get("replay", identifier, CLASSES, Past)
