"""IMLE: every real image pulls the sample nearest to it, so none is left without one."""

import keras
from keras import ops

from ganzoo import random
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

    The pool is drawn anew for every batch, and the search through it is exact: the squared distance
    is |x|^2 - 2 x . y + |y|^2, one matrix product for each chunk of the pool.

    Reference: Li & Malik, 2018, arXiv:1809.09087, algorithm 1, with one step for each matching,
    where the paper takes several before it matches anew.
    """

    compares = False

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=32) -> dict:
        """Returns DCGAN's generator, of few latents, which a pool can cover; no discriminator."""
        return dcgan.pair(image_shape, width, latent_dim) | {"discriminator": None}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3, and a pool of 1,024 samples."""
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5),
            "d_optimizer": None,
            "loss": None,
            "pool": 1024,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If the pool has no sample.
        """
        super().compile(*args, **kwargs)
        if not isinstance(self.pool, int) or self.pool < 1:
            raise InputError(f"expected pool >= 1 samples, got {self.pool!r}.")

    def generate(self, batch) -> dict:
        """Returns, for each real image, the nearest sample of a fresh pool, and its latents."""
        latents = self.match(batch["real"])
        fake = self.generator(latents, training=True)
        return {"fake": ops.cast(fake, "float32"), "latents": latents}

    def match(self, real):
        """Returns the latents (N, latent_dim) of the samples nearest to the images (N, ...)."""
        rows = _flat(real)
        best = chosen = None
        for start in range(0, self.pool, CHUNK):
            shape = (min(CHUNK, self.pool - start), self.latent_dim)
            latents = keras.random.normal(shape, seed=random.seed("pool"))
            with keras.StatelessScope():  # the statistics of the layers are not moved by it
                samples = _flat(self.generator(latents, training=True))
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

    def generator_loss(self, batch) -> dict:
        """Returns the mean squared distance of the pairs, a mean over pixels, too."""
        return {"distance": ops.mean(ops.square(batch["fake"] - batch["real"]))}


def _flat(images):
    return ops.reshape(ops.cast(images, "float32"), (ops.shape(images)[0], -1))
