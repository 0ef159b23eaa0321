"""IMLE and GAN together: no real image without a sample near it, no sample that looks unreal."""

import keras
from keras import ops

from ganzoo import losses, random
from ganzoo.errors import InputError
from ganzoo.gans.imle import IMLE
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class IMLEGAN(IMLE):
    """A GAN whose generator is drawn to every real image, too.

        G:  adv + imle_weight mean_i d(x_i, G(z_s(i)))

    The adversarial term is that of samples drawn as ever, which leaves modes out and keeps what is
    left sharp; IMLE's, of the nearest of a pool, is the other way about. Weight 0 is a GAN.

    Reference: Yu et al., 2020, Inclusive GAN, arXiv:2004.03355. Departures: the pool is drawn anew
    for each step rather than once for many, and no latents are interpolated.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=32) -> dict:
        """Returns DCGAN's pair, with few latent dimensions, so that a pool can cover the space."""
        return dcgan.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides, the non-saturating loss, and IMLE's term with weight 1.

        Returns:
            imle_weight: Weight of the distance from each real image to its nearest sample.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "loss": losses.NonSaturating(),
            "imle_weight": 1.0,
        }

    def compile(self, *args, **kwargs):
        """As `IMLE.compile`.

        Raises:
            InputError: If D is to have several turns for one of G.
        """
        super().compile(*args, **kwargs)
        if self.n_critic != 1:
            raise InputError(
                f"IMLEGAN plays D and G in turn: expected n_critic 1, got {self.n_critic}"
            )

    def generate(self, batch) -> dict:
        """Returns samples, `fake`, and those that were matched to the real images, `near`."""
        near = batch["latents"] if "latents" in batch else self.match(batch["real"])
        prior = keras.random.normal(ops.shape(near), seed=random.seed("latent"))
        # In one call: batch normalisation would tell two kinds of batches from each other.
        samples = self.generator(ops.concatenate([prior, near]), training=True)
        fake, near = ops.split(ops.cast(samples, "float32"), 2)
        return {"fake": fake, "near": near}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term of the samples and the distance of the matched ones."""
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        distance = super().generator_loss(batch | {"fake": batch["near"]})["distance"]
        return {"adv": adv, "distance": self.imle_weight * distance}
