"""IMLE: each real image attracts its nearest sample, so that no mode is dropped."""

import math

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import distribute
from ganzoo.engine.batch import split
from ganzoo.errors import InputError, is_whole
from ganzoo.gan import GAN
from ganzoo.metrics import perceptual
from ganzoo.networks import dcgan

CHUNK = 256  # samples of the pool that are generated and compared at a time


@keras.saving.register_keras_serializable("ganzoo")
class IMLE(GAN):
    """A generator trained alone: of `pool` samples, the nearest to each real image moves closer.

        L = mean_i |x_i - G(z_s(i))|^2,  s(i) = argmin_j |x_i - G(z_j)|^2,  z_j ~ N(0, I)

    |.|^2 is the mean square over the pixels, where the paper has the sum.

    A GAN requires each sample to be close to the data. IMLE requires each training image to have a
    sample close to it, which maximizes a bound of the likelihood and drops no mode. There is no
    discriminator and nothing to balance.

    A new pool is sampled for every step, and the search is exact: the squared distance is
    |x|^2 - 2 x . y + |y|^2, one matrix product for each chunk of the pool. A step can have several
    `turns`, each an update on its part of the batch; more images then share one pool, which can
    therefore be larger.

    With `perceptual`, the search and the loss use the distance of a `perceptual.Perceptual`. In
    pixel space, images that differ by a small shift are far apart, and the samples become blurry.

    Reference: Li & Malik, 2018, arXiv:1809.09087, algorithm 1; Li et al., 2020, arXiv:2004.03590,
    for the perceptual distance.
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
            InputError: If `pool` or `turns` is below 1, or `perceptual` is for images of another
                shape.
        """
        super().compile(*args, **kwargs)
        for name in ("pool", "turns"):
            value = getattr(self, name)
            if not is_whole(value, 1):
                raise InputError(f"expected {name} >= 1, a whole number, got {value!r}.")

    def play(self, batch) -> dict:
        """Runs one step: a search for the whole batch, then an update on each of its parts."""
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
        """Returns each real image's nearest sample, from `latents` if the batch has them."""
        latents = batch["latents"] if "latents" in batch else self.match(batch["real"])
        return {"fake": ops.cast(self.generator(latents, training=True), "float32")}

    def match(self, real):
        """Returns the latents (N, latent_dim) of the samples nearest to the images (N, ...)."""
        latents = keras.random.normal((self.pool, self.latent_dim), seed=random.seed("pool"))
        rows = self.rows(real)

        def search(start, best_score, best_index, size=CHUNK):
            with keras.StatelessScope():  # leaves the layers' moving statistics unchanged
                samples = self.generator(latents[start : start + size], training=True)
            samples = self.rows(ops.cast(samples, "float32"))
            # |x|^2 is the same for all samples, so the nearest one does not depend on it.
            scores = ops.matmul(rows, ops.transpose(samples)) - 0.5 * ops.sum(samples**2, axis=1)
            score, index = ops.max(scores, axis=1), ops.cast(ops.argmax(scores, axis=1), "int32")
            best_index = ops.where(score > best_score, start + index, best_index)
            return start + size, ops.maximum(score, best_score), best_index

        whole_chunks = self.pool - self.pool % CHUNK
        zeros = ops.zeros_like(rows[:, 0])
        state = 0, zeros - math.inf, ops.cast(zeros, "int32")
        state = tf.while_loop(lambda start, *_: start < whole_chunks, search, state)
        if whole_chunks < self.pool:
            state = search(whole_chunks, *state[1:], size=self.pool - whole_chunks)
        return ops.stop_gradient(ops.take(latents, state[2], axis=0))

    def rows(self, images):
        """Returns images as rows (N, D); the distance is the squared distance between rows."""
        return perceptual.rows_of(images) if self.perceptual is None else self.perceptual(images)

    def generator_loss(self, batch) -> dict:
        """Returns the mean squared distance between real images and their nearest samples."""
        squared = ops.square(self.rows(batch["fake"]) - self.rows(batch["real"]))
        return {"distance": ops.mean(ops.sum(squared, axis=1))}
