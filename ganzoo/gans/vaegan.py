"""VAE-GAN: a VAE whose reconstruction error is measured in D's features, not in pixels."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.vae import VAE, divergence
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class VAEGAN(VAE):
    """A VAE with an adversarial loss, whose reconstruction error is that of a hidden layer of D.

        D:        adv (x against G(z) and x'),  z from the prior, x' the reconstruction
        encoder:  kl + feature
        decoder:  style feature + adv

    `feature` is |D_l(x) - D_l(x')|^2 / 2, averaged over the features l. It does not train D, and
    `adv` does not train the encoder. A small `style` favors realistic images, a large one faithful
    reconstructions.

    D returns [logits, features], as `networks.vae.with_features` does.

    Reference: Larsen et al., 2016, arXiv:1512.09300, algorithm 1. Departures: D_l is divided by
    its root mean square on the real images, so that the scale of D's features does not change the
    weight of the term; `feature` is a mean over the features, and `kl` is divided by the number of
    pixels, where the paper has sums; and the optimizer is Adam, not RMSprop.
    """

    compares = True
    fakes = ("fake", "fake_again")

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns the VAE's networks, and DCGAN's discriminator, which also returns features."""
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
            InputError: If `style` is not positive, or D does not return features.
        """
        super().compile(*args, **kwargs)
        if self.style <= 0.0:
            raise InputError(f"expected style > 0, got {self.style}.")
        if len(getattr(self.discriminator, "outputs", [])) < 2:
            raise InputError("VAEGAN needs a discriminator that returns [logits, features].")

    def generate(self, batch) -> dict:
        """Returns samples as `fake`, and the reconstructions twice.

        `again` propagates gradients to the encoder, divided by `style`, since the loss contains
        that factor; `fake_again` propagates none.
        """
        mean, log_variance, latents = self.posterior(batch["real"])
        detached = ops.stop_gradient(latents)
        # Two calls, since batch normalization would mix the gradients of one batch.
        again = self.decode(detached + (latents - detached) / self.style)
        images = self.decode(ops.concatenate([detached, self.prior(batch)]))
        fake_again, fake = ops.split(images, 2)
        kl = divergence(mean, log_variance)
        return {"again": again, "fake_again": fake_again, "fake": fake, "kl": kl}

    def discriminator_loss(self, batch) -> dict:
        """Returns the mean of the adversarial terms on samples and on reconstructions."""
        real = self.score(batch["real"], batch)
        terms = [self.compare(real, self.score(batch[key], batch)) for key in self.fakes]
        return {"adv": 0.5 * sum(terms)}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term, the distance between features, and the KL divergence."""
        real, again = (
            ops.cast(self.discriminate(batch[key], batch)[1], "float32")
            for key in ("real", "again")
        )
        real = ops.stop_gradient(real)
        mean_square = ops.mean(ops.square(real)) + 1e-6
        terms = [self.persuade(self.score(batch[key], batch), batch) for key in self.fakes]
        return {
            "adv": 0.5 * sum(terms),
            "feature": self.style * 0.5 * ops.mean(ops.square(real - again)) / mean_square,
            "kl": self.kl_term(batch),
        }
