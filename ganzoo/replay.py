"""Replay: the discriminator is also shown fakes of the past, so that it does not forget them."""

import keras
from keras import ops

from ganzoo import parts, random
from ganzoo.batch import inputs_of
from ganzoo.errors import InputError


class Replay(keras.layers.Layer):
    """A buffer of past fakes. At each of D's turns a share of its fakes comes from the buffer.

    Until the buffer is full every fake goes in and is shown. Then, for a share of the places of
    the batch, the image shown comes out of the buffer, and the new fake takes its place there.

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
        """Makes room for `capacity` images of the generator's size."""
        if self.built:
            return
        if not isinstance(gan.generator, keras.Model) or inputs_of(gan.discriminator) > 1:
            raise InputError(
                "Replay keeps images alone: it needs one generator and a discriminator that is not "
                "given labels or conditions."
            )
        shape = (self.capacity, *gan.image_shape)
        # Each replica keeps its own past: "none" leaves the copies unsynchronised.
        self.images = self.add_weight(
            name="images", shape=shape, initializer="zeros", trainable=False, aggregation="none"
        )
        self.seen = self.add_weight(
            name="seen", shape=(), dtype="int32", initializer="zeros", trainable=False,
            aggregation="none",
        )  # fmt: skip
        self.built = True

    def __call__(self, fake):
        """Returns the fakes to show, and keeps those that came; shape (N, ...) both.

        Raises:
            InputError: If the batch is larger than the buffer.
        """
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
        """Returns the arguments."""
        return super().get_config() | {"capacity": self.capacity, "share": self.share}


CLASSES = parts.table(Replay)


def get(identifier) -> Replay | None:
    """Returns the buffer that a capacity, a {class_name, config} dict or a `Replay` stands for."""
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        return Replay(identifier)
    return parts.get("replay", identifier, CLASSES)
