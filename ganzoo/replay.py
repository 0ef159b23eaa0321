"""Replay: each side also meets the other's past, so that it does not forget how to answer it."""

import contextlib

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.engine.batch import inputs_of
from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError


class Past(keras.layers.Layer):
    """What either side may be shown of the other's past; as it stands, nothing."""

    def attach(self, gan: keras.Model) -> None:
        """Checks that it fits the networks, and makes room; called by `compile`."""

    def fakes(self, gan: keras.Model, batch: dict) -> dict:
        """Returns the fakes to show to D at its turn in place of the batch's, by their keys."""
        return {}

    def judge(self, gan: keras.Model):
        """Returns a context in which the discriminator is the one that judges G's turn."""
        return contextlib.nullcontext()

    def after_step(self, gan: keras.Model) -> None:
        """Called when both sides had their turns."""


class Replay(Past):
    """A buffer of past fakes. At each of D's turns a share of its fakes comes from the buffer.

    Until the buffer is full every fake goes in and is shown. Then, for a share of the places of
    the batch, the image shown comes out of the buffer, and the new fake takes its place there.
    Where G makes images of several kinds, each kind has a buffer of its own.

    Args:
        capacity: Number of images kept, on each replica.
        share: Part of the batch that comes from the past, in (0, 1).

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
        """Makes room for `capacity` images of the generator's size, of each kind."""
        if self.built:
            return
        if gan.generator is None or max(map(inputs_of, networks_of(gan.discriminator))) > 1:
            raise InputError(
                "Replay keeps images alone: it needs a generator, and a discriminator that is not "
                "given labels or conditions."
            )
        self.others = [Replay(self.capacity, self.share) for _ in gan.fakes[1:]]
        for pool in (self, *self.others):
            pool.make_room((self.capacity, *gan.image_shape))

    def make_room(self, shape) -> None:
        """Makes room for images of this shape, (N, ...)."""
        # Each replica keeps its own past: "none" leaves the copies unsynchronised.
        self.images = self.add_weight(
            name="images", shape=shape, initializer="zeros", trainable=False, aggregation="none"
        )
        self.seen = self.add_weight(
            name="seen", shape=(), dtype="int32", initializer="zeros", trainable=False,
            aggregation="none",
        )  # fmt: skip
        self.built = True

    def fakes(self, gan, batch):
        """Returns the fakes to show, and keeps those of the batch.

        Raises:
            InputError: If the batch is larger than the buffer.
        """
        pools = zip(gan.fakes, (self, *self.others), strict=True)
        return {key: pool(batch[key]) for key, pool in pools}

    def __call__(self, fake):
        """Returns the fakes to show, and keeps those that came; shape (N, ...) both."""
        count = fake.shape[0] or ops.shape(fake)[0]
        if isinstance(count, int) and count > self.capacity:
            raise InputError(
                f"a replay buffer of {self.capacity} images is smaller than the batch of {count}; "
                "raise capacity."
            )
        fits = self.seen + count <= self.capacity
        # Distinct places, so that no two images of the batch are written to the same one; the
        # empty ones, if the capacity is no multiple of the batch, sort last and are never drawn.
        draw = keras.random.uniform((self.capacity,), seed=random.seed("place"))
        places = ops.arange(self.capacity, dtype="int32")
        drawn = ops.argsort(ops.where(places < self.seen, draw, 2.0))[:count]
        places = ops.where(fits, self.seen + places[:count], ops.cast(drawn, "int32"))
        past = ops.cast(ops.take(self.images.value, places, axis=0), fake.dtype)
        swap = keras.random.uniform((count,), seed=random.seed("share")) < self.share
        swap = ops.logical_and(swap, places < self.seen)
        swap = ops.reshape(swap, (-1,) + (1,) * (len(fake.shape) - 1))
        kept = ops.cast(ops.where(ops.logical_or(swap, fits), fake, past), "float32")
        shown = ops.where(ops.logical_and(swap, ops.logical_not(fits)), past, fake)
        self.images.assign(ops.scatter_update(self.images.value, places[:, None], kept))
        self.seen.assign(ops.where(fits, self.seen + count, self.seen.value))
        return shown

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"capacity": self.capacity, "share": self.share}


class PastCheckpoints(Past):
    """Copies of both networks of the past, which are swapped in for single turns.

    Every `interval` steps the oldest of `kept` copies is replaced by the present weights. At each
    of D's turns, with chance `share`, the fakes are a past generator's; at each of G's, with the
    same chance, the judge is a past discriminator.

    Args:
        kept: Number of copies, of all weights of both sides.
        interval: Steps from one copy to the next.
        share: Chance of a turn against the past, in (0, 1).

    Reference: Chintala et al., How to train a GAN, NIPS workshop 2016, item 7; as opponents drawn
    from the past, Salimans et al., 2016, arXiv:1606.03498, section 3.3 argues alike.
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
        """Makes room, and puts the weights as they are in every place."""
        for network in (gan.generator, gan.discriminator):
            if not isinstance(network, keras.Model):
                raise InputError("past checkpoints are of one generator and one discriminator.")
        if not self.built:
            networks = {"g": gan.generator, "d": gan.discriminator}
            self.copies = {
                side: [
                    self.add_weight(
                        (self.kept, *weight.shape),
                        name=f"{side}_{place}",
                        trainable=False,
                        initializer="zeros",
                        aggregation="none",
                        autocast=False,
                    )  # fmt: skip
                    for place, weight in enumerate(network.weights)
                ]
                for side, network in networks.items()
            }
            self.built = True

    def fakes(self, gan, batch):
        """Returns the batch's fakes, or those of a past generator."""

        def old():
            with self._swapped("g", gan.generator, index):
                return gan.generate(batch)["fake"]

        past, index = self._draw(gan, "fakes")
        return {"fake": tf.cond(past, old, lambda: batch["fake"])}

    @contextlib.contextmanager
    def judge(self, gan):
        """Opens a context in which the discriminator has, by chance, weights of the past.

        No variable that is assigned to inside of it keeps what it was given.
        """
        past, index = self._draw(gan, "judge")
        weights, copies = gan.discriminator.weights, self.copies["d"]
        values = [
            tf.cond(past, lambda c=copy: c.value[index], lambda w=weight: tf.identity(w.value))
            for weight, copy in zip(weights, copies, strict=True)
        ]
        with keras.StatelessScope(list(zip(weights, values, strict=True))):
            yield

    def after_step(self, gan):
        """Copies the weights, if it is time to."""
        step = ops.cast(gan.step.value, "int32")
        place = (step // self.interval - 1) % self.kept

        def copy():
            for side, network in (("g", gan.generator), ("d", gan.discriminator)):
                for room, weight in zip(self.copies[side], network.weights, strict=True):
                    value = ops.cast(weight.value, room.dtype)[None]
                    room.assign(ops.scatter_update(room.value, [[place]], value))
            return 0

        tf.cond(step % self.interval == 0, copy, lambda: 0)

    def _draw(self, gan, name):
        """Returns whether the past is met this time, and which of the copies."""
        count = ops.minimum(ops.cast(gan.step.value, "int32") // self.interval, self.kept)
        chance = keras.random.uniform((2,), seed=random.seed(name))
        index = ops.cast(chance[1] * ops.cast(count, "float32"), "int32")
        return ops.logical_and(count > 0, chance[0] < self.share), index

    def _swapped(self, side, network, index):
        pairs = zip(network.weights, self.copies[side], strict=True)
        return keras.StatelessScope([(weight, copy.value[index]) for weight, copy in pairs])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "kept": self.kept, "interval": self.interval, "share": self.share,
        }  # fmt: skip


CLASSES = parts.table(Replay, PastCheckpoints)


def get(identifier) -> Past | None:
    """Returns the past that a capacity, a name, a {class_name, config} dict or a `Past` means."""
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        return Replay(identifier)
    return parts.get("replay", identifier, CLASSES)
