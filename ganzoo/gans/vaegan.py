"""VAE-GAN: what is alike is judged by D's features, not by pixels."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.vae import VAE, divergence
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class VAEGAN(VAE):
    """A VAE whose reconstructions are compared in a hidden layer of D, which judges its samples.

        D:        adv (x against G(z) and x'),  z of the prior, x' the reconstruction
        encoder:  kl + feature
        decoder:  style feature + adv

    `feature` is |D_l(x) - D_l(x')|^2 / 2, a mean over the features l; D is not trained by it, and
    the encoder not by `adv`. A small `style` attends to D, a large one to the likeness.

    D gives [logits, features], as `networks.vae.with_features`.

    Reference: Larsen et al., 2016, arXiv:1512.09300, algorithm 1. Departures: D_l is divided by
    its root mean square on the real images, so that D cannot change the weight of the term by its
    scale; the divergence counts over the number of features, as the term does; Adam in place of
    RMSprop.
    """

    compares = True
    fakes = ("fake", "fake_again")

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns the VAE's networks, and DCGAN's discriminator, which also gives features."""
        return vae.pair(image_shape, width, latent_dim) | {
            "discriminator": vae.with_features(image_shape, width)
        }

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides, the non-saturating loss, and a `style` of 1.

        Returns:
            kl_weight: Weight of the KL divergence from the prior.
            style: Weight of the reconstruction error in D's features relative to the adversarial
                loss, for the decoder.
        """
        return GAN.learning() | {
            "loss": losses.NonSaturating(),
            "kl_weight": 1.0,
            "style": 1.0,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If `style` is not above 0, or D has no features.
        """
        super().compile(*args, **kwargs)
        if self.style <= 0.0:
            raise InputError(f"expected style > 0, got {self.style}.")
        if len(getattr(self.discriminator, "outputs", [])) < 2:
            raise InputError("VAEGAN needs a discriminator that gives [logits, features].")

    def generate(self, batch) -> dict:
        """Returns samples, `fake`, and the reconstructions twice.

        As `again` they are on the encoder's path, whose gradient `style` is taken out of; as
        `fake_again` off it.
        """
        mean, log_variance, latents = self.posterior(batch["real"])
        kept = ops.stop_gradient(latents)
        # Apart: batch normalisation would lead the gradient of one from the other.
        again = self.decode(kept + (latents - kept) / self.style)
        off = self.decode(ops.concatenate([kept, self.prior(batch)]))
        fake_again, fake = ops.split(off, 2)
        kl = divergence(mean, log_variance)
        return {"again": again, "fake_again": fake_again, "fake": fake, "kl": kl}

    def discriminator_loss(self, batch) -> dict:
        """Returns the mean of the adversarial terms of samples and of reconstructions."""
        real = self.score(batch["real"], batch)
        terms = [self.compare(real, self.score(batch[key], batch)) for key in self.fakes]
        return {"adv": 0.5 * sum(terms)}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term, the distance of the features, and the divergence."""
        real, again = (
            ops.cast(self.discriminate(batch[key], batch)[1], "float32")
            for key in ("real", "again")
        )
        real = ops.stop_gradient(real)
        size = ops.mean(ops.square(real)) + 1e-6
        terms = [self.persuade(self.score(batch[key], batch), batch) for key in self.fakes]
        return {
            "adv": 0.5 * sum(terms),
            "feature": self.style * 0.5 * ops.mean(ops.square(real - again)) / size,
            "kl": self.kl_term(batch),
        }
