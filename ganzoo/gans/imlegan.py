"""Inclusive GAN: a GAN with an IMLE term, for samples that are realistic and cover all modes."""

import keras
from keras import ops

from ganzoo import losses, random
from ganzoo.errors import InputError
from ganzoo.gans.imle import IMLE
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class IMLEGAN(IMLE):
    """A GAN whose generator also keeps a sample near every training image.

        L_G = adv + imle_weight mean_i d(x_i, G(z_s(i)))

    The adversarial term, on random samples, makes them sharp but drops modes; IMLE's term, on the
    nearest sample of a pool to each real image, covers all modes but blurs. A weight of 0 gives a
    plain GAN.

    Reference: Yu et al., 2020, Inclusive GAN, arXiv:2004.03355. Departures: a new pool is sampled
    for each step rather than once for many steps, and latents are not interpolated.
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
            InputError: If `n_critic` is not 1.
        """
        super().compile(*args, **kwargs)
        if self.n_critic != 1:
            raise InputError(
                f"IMLEGAN updates D and G alternately: expected n_critic 1, got {self.n_critic}"
            )

    def generate(self, batch) -> dict:
        """Returns random samples as `fake`, and the samples nearest to real images as `near`."""
        matched = batch["latents"] if "latents" in batch else self.match(batch["real"])
        prior = keras.random.normal(ops.shape(matched), seed=random.seed("latent"))
        # One call for both, so that batch normalization uses the same statistics for them.
        samples = self.generator(ops.concatenate([prior, matched]), training=True)
        fake, near = ops.split(ops.cast(samples, "float32"), 2)
        return {"fake": fake, "near": near}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term of random samples and the distance of matched samples."""
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        distance = super().generator_loss(batch | {"fake": batch["near"]})["distance"]
        return {"adv": adv, "distance": self.imle_weight * distance}
