"""KL-GAN: a VAE with an adversarial loss on its samples."""

import keras

from ganzoo import losses
from ganzoo.gans.vae import VAE
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class KLGAN(VAE):
    """The generator minimizes the sum of an adversarial loss and a VAE's bound on -log p(x).

        L_G = adv + likelihood_weight (reconstruction + kl)

    Maximizing the likelihood minimizes KL(data || samples), which covers all modes; the adversarial
    term makes the samples realistic. A weight of 0 gives a GAN, a large weight a VAE.

    Reference: the hybrid objective of Grover et al., 2018, Flow-GAN, arXiv:1705.08868, equation 5.
    Departure: the paper's generator is a flow with an exact likelihood; here it is a VAE, and its
    lower bound is used.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns the VAE's networks and DCGAN's discriminator."""
        discriminator = dcgan.pair(image_shape, width, latent_dim)["discriminator"]
        return super().networks(image_shape, width, latent_dim) | {"discriminator": discriminator}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides, the non-saturating loss, and a likelihood weight of 1.

        Returns:
            likelihood_weight: Weight of the VAE's two terms relative to the adversarial loss.
        """
        adam = {"learning_rate": 2e-4, "beta_1": 0.5}
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(**adam),
            "d_optimizer": keras.optimizers.Adam(**adam),
            "loss": losses.NonSaturating(),
            "likelihood_weight": 1.0,
        }

    def generate(self, batch) -> dict:
        """Returns the reconstructions `again`, their divergence `kl`, and samples as `fake`."""
        return super().generate(batch) | {"fake": self.decode(self.prior(batch))}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term and the weighted terms of the bound."""
        bound = super().generator_loss(batch)
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        return {"adv": adv} | {k: self.likelihood_weight * v for k, v in bound.items()}
