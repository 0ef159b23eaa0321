"""KL and GAN together: a VAE whose samples a discriminator judges, too."""

import keras

from ganzoo import losses
from ganzoo.gans.vae import VAE
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class KLGAN(VAE):
    """The generator descends the likelihood, in pixels, and what D makes of its samples.

        G:  adv + likelihood_weight (reconstruction + kl)

    The likelihood descends KL(data || samples), which no mode may be missing from; the adversarial
    term sees to what the samples look like. Weight 0 is a GAN, a large one a VAE.

    Reference: the hybrid objective of Grover et al., 2018, Flow-GAN, arXiv:1705.08868, equation 5;
    its generator is a flow, whose likelihood is exact, this one's is the bound of a VAE.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns the VAE's networks, and DCGAN's discriminator."""
        judge = dcgan.pair(image_shape, width, latent_dim)["discriminator"]
        return super().networks(image_shape, width, latent_dim) | {"discriminator": judge}

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
        """Returns the reconstructions and their divergence, and samples, `fake`."""
        return super().generate(batch) | {"fake": self.decode(self.prior(batch))}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term, and those of the bound."""
        bound = super().generator_loss(batch)
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        return {"adv": adv} | {k: self.likelihood_weight * v for k, v in bound.items()}
