"""IMLE: every real image pulls the sample nearest to it, so none is left without one."""

import math

import keras
import tensorflow as tf
from keras import ops

from ganzoo import perceptual, random
from ganzoo.engine import distribute
from ganzoo.engine.batch import split
from ganzoo.errors import InputError, is_whole
from ganzoo.gan import GAN
from ganzoo.networks import dcgan

CHUNK = 256  # samples of the pool that are made, and compared, at a time


@keras.saving.register_keras_serializable("ganzoo")
class IMLE(GAN):
    """G alone: for each real image x the nearest of `pool` samples is drawn nearer to it.

        L = mean_i |x_i - G(z_s(i))|^2,  s(i) = argmin_j |x_i - G(z_j)|^2,  z_j ~ N(0, I)

    A GAN asks of each sample that it be near the data; this asks of the data that each have a
    sample near, which is a bound of the likelihood and leaves no mode out. There is no
    discriminator, and nothing to balance.

    The pool is drawn anew for every step, and the search through it is exact: the squared distance
    is |x|^2 - 2 x . y + |y|^2, one matrix product for each chunk of the pool. A step may take
    several `turns`, each an update on its part of the batch: then many images share one pool, and
    it can be larger.

    With `perceptual` the distance is that of a `perceptual.Perceptual`, for the search and for the
    loss. Among pixels, images that are alike but for a shift are far from each other, and what is
    nearest to all of them is smooth.

    Reference: Li & Malik, 2018, arXiv:1809.09087, algorithm 1; Li et al., 2020, arXiv:2004.03590,
    for the distance.
    """

    compares = False
    makers = GAN.makers | {"perceptual": perceptual.get}

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=32) -> dict:
        """Returns DCGAN's generator and no discriminator.

        The latent space has few dimensions, so that a pool of samples can cover it.
        """
        return dcgan.pair(image_shape, width, latent_dim) | {"discriminator": None}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3, a pool of 1,024 samples for each update, and distances between pixels.

        Returns:
            pool: Number of samples among which each image's nearest neighbor is searched.
            turns: Updates after each search of the pool, each on its part of the batch.
            perceptual: Classifier whose feature maps join the pixels in the distance: mnist or
                fashion_mnist; by default pixels only.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5),
            "d_optimizer": None,
            "loss": None,
            "pool": 1024,
            "turns": 1,
            "perceptual": None,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If the pool has no sample, a step no turn, or the distance is of images of
                another shape.
        """
        super().compile(*args, **kwargs)
        for name in ("pool", "turns"):
            value = getattr(self, name)
            if not is_whole(value, 1):
                raise InputError(f"expected {name} >= 1, a whole number, got {value!r}.")

    def play(self, batch) -> dict:
        """Plays one step: a search for the whole batch, then an update on each of its parts."""
        key = distribute.replica_key(self.seed, self.step)
        with random.scope(random.fold(key, 0)):
            batch = batch | {"latents": self.match(batch["real"])}
        parts = split(batch, self.turns, "turns")
        parts = {name: ops.stack([part[name] for part in parts]) for name in parts[0]}

        def update(turn):
            part = {name: values[turn] for name, values in parts.items()}
            with random.scope(random.fold(key, turn + 1)):
                return self.both_turns(part)

        return self.finish(distribute.in_turn(update, self.turns))

    def generate(self, batch) -> dict:
        """Returns each real image's sample: that of its `latents`, or the nearest of a pool."""
        latents = batch["latents"] if "latents" in batch else self.match(batch["real"])
        return {"fake": ops.cast(self.generator(latents, training=True), "float32")}

    def match(self, real):
        """Returns the latents (N, latent_dim) of the samples nearest to the images (N, ...)."""
        latents = keras.random.normal((self.pool, self.latent_dim), seed=random.seed("pool"))
        rows = self.rows(real)

        def look(start, best, place, size=CHUNK):
            with keras.StatelessScope():  # the statistics of the layers are not moved by it
                samples = self.generator(latents[start : start + size], training=True)
            samples = self.rows(ops.cast(samples, "float32"))
            # |x|^2 is the same for all samples: it does not matter to which is nearest.
            near = ops.matmul(rows, ops.transpose(samples)) - 0.5 * ops.sum(samples**2, axis=1)
            score, index = ops.max(near, axis=1), ops.cast(ops.argmax(near, axis=1), "int32")
            place = ops.where(score > best, start + index, place)
            return start + size, ops.maximum(score, best), place

        full = self.pool - self.pool % CHUNK
        none = ops.zeros_like(rows[:, 0])
        state = 0, none - math.inf, ops.cast(none, "int32")
        state = tf.while_loop(lambda start, *_: start < full, look, state)
        if full < self.pool:
            state = look(full, *state[1:], size=self.pool - full)
        return ops.stop_gradient(ops.take(latents, state[2], axis=0))

    def rows(self, images):
        """Returns images as rows (N, D), whose squared distance is the one that is looked at."""
        return perceptual.rows_of(images) if self.perceptual is None else self.perceptual(images)

    def generator_loss(self, batch) -> dict:
        """Returns the mean squared distance of the pairs, as of `rows`."""
        apart = ops.square(self.rows(batch["fake"]) - self.rows(batch["real"]))
        return {"distance": ops.mean(ops.sum(apart, axis=1))}
