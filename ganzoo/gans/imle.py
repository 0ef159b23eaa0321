"""IMLE: every real image pulls the sample nearest to it, so none is left without one."""

import keras
import tensorflow as tf
from keras import ops

from ganzoo import distribute, random
from ganzoo.batch import split
from ganzoo.errors import InputError
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

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=32) -> dict:
        """Returns DCGAN's generator, of few latents, which a pool can cover; no discriminator."""
        return dcgan.pair(image_shape, width, latent_dim) | {"discriminator": None}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3, a pool of 1,024 samples for each update, pixels."""
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
            if not isinstance(value, int) or value < 1:
                raise InputError(f"expected {name} >= 1, a whole number, got {value!r}.")

    def play(self, batch) -> dict:
        """Plays one step: a search for the whole batch, then an update on each of its parts."""
        key = distribute.replica_key(self.seed, self.step)
        with random.scope(random.fold(key, 0)):
            batch = batch | {"latents": self.match(batch["real"])}
        found = []
        for turn, part in enumerate(split(batch, self.turns, "turns"), start=1):
            with random.scope(random.fold(key, turn)), tf.GradientTape() as tape:
                found.append(self.generator_step(part | self.generate(part), tape))
        return self.finish(
            {name: sum(logs[name] for logs in found) / self.turns for name in found[0]}
        )

    def generate(self, batch) -> dict:
        """Returns each real image's sample: that of its `latents`, or the nearest of a pool."""
        latents = batch["latents"] if "latents" in batch else self.match(batch["real"])
        return {"fake": ops.cast(self.generator(latents, training=True), "float32")}

    def match(self, real):
        """Returns the latents (N, latent_dim) of the samples nearest to the images (N, ...)."""
        rows = self.rows(real)
        best = chosen = None
        for start in range(0, self.pool, CHUNK):
            shape = (min(CHUNK, self.pool - start), self.latent_dim)
            latents = keras.random.normal(shape, seed=random.seed("pool"))
            with keras.StatelessScope():  # the statistics of the layers are not moved by it
                samples = self.rows(ops.cast(self.generator(latents, training=True), "float32"))
            # |x|^2 is the same for all samples: it does not matter to which is nearest.
            near = ops.matmul(rows, ops.transpose(samples)) - 0.5 * ops.sum(samples**2, axis=1)
            index, score = ops.argmax(near, axis=1), ops.max(near, axis=1)
            found = ops.take(latents, index, axis=0)
            if best is None:
                best, chosen = score, found
            else:
                chosen = ops.where((score > best)[:, None], found, chosen)
                best = ops.maximum(score, best)
        return ops.stop_gradient(chosen)

    def rows(self, images):
        """Returns images as rows (N, D), whose squared distance is the one that is looked at."""
        if self.perceptual is not None:
            return self.perceptual(images)
        flat = ops.reshape(images, (ops.shape(images)[0], -1))
        return flat / flat.shape[1] ** 0.5

    def generator_loss(self, batch) -> dict:
        """Returns the mean squared distance of the pairs, as of `rows`."""
        apart = ops.square(self.rows(batch["fake"]) - self.rows(batch["real"]))
        return {"distance": ops.mean(ops.sum(apart, axis=1))}
