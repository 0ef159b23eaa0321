"""BiGAN and ALI: an encoder learns to invert the generator, since D judges pairs of both."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.vae import VAE
from ganzoo.networks import bigan


@keras.saving.register_keras_serializable("ganzoo")
class BiGAN(VAE):
    """D tells pairs (x, E(x)) of an image and its code from pairs (G(z), z) of a latent.

        D:  -log D(x, E(x)) - log(1 - D(G(z), z))
        G:  -log D(G(z), z),  E:  -log(1 - D(x, E(x)))

    Both sides of the pair are fooled at once, and at the optimum E and G invert each other, without
    a term that compares an image with its reconstruction. `encode`, `reconstruct`, `attribute` and
    `shifted` are those of `VAE`.

    E(x) is a single code, as in BiGAN. With `stochastic`, E(x) is a sample of a Gaussian of which
    the encoder predicts mean and log-variance, as in ALI.

    Gradient penalties are with respect to image and code together, and an augmentation changes the
    images only.

    Reference: Donahue et al., 2017, arXiv:1605.09782, equation 3 and section 3.4 (labels exchanged
    for G and E in place of the negative loss); Dumoulin et al., 2017, arXiv:1606.00704. Departure:
    the latents are Gaussian, as everywhere here, where BiGAN's are uniform.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64, stochastic=False) -> dict:
        """Returns an encoder, DCGAN's generator, and a discriminator of pairs.

        Args:
            stochastic: Whether codes are sampled from a Gaussian that the encoder predicts (ALI);
                else the encoder is deterministic (BiGAN).
        """
        return bigan.pair(image_shape, width, latent_dim, stochastic)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with a beta_1 of 0.5 for both sides, as in both papers."""
        return GAN.learning() | {"loss": losses.NonSaturating()}

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If D does not take pairs.
        """
        super().compile(*args, **kwargs)
        if len(getattr(self.discriminator, "inputs", None) or ()) != 2:
            raise InputError("BiGAN needs a discriminator of [images, codes].")

    def codes(self, images):
        """Returns the codes of images in training mode, float32 (N, latent_dim)."""
        if len(self.generator["encoder"].outputs) > 1:
            return self.posterior(images)[2]
        return ops.cast(self.generator["encoder"](images, training=True), "float32")

    def generate(self, batch) -> dict:
        """Returns the fakes, the latents that they were generated from, and the images' codes."""
        latents = self.prior(batch)
        fake = self.decode(latents)
        return {"fake": fake, "fake_code": latents, "real_code": self.codes(batch["real"])}

    def judged(self, key, batch) -> tuple:
        """Returns the images and their codes."""
        return batch[key], batch[f"{key}_code"]

    def seen(self, judged, batch) -> list:
        """Returns the inputs of D: the images, augmented, and their codes."""
        images, codes = judged
        return [self.augmented(images), codes]

    def generator_loss(self, batch) -> dict:
        """Returns G's adversarial term, and the encoder's.

        A relativistic loss has both in one.
        """
        real, fake = (self.score(self.judged(key, batch), batch) for key in ("real", "fake"))
        if self.loss.relative:
            return {"adv": self.loss.generator(fake, real)}
        encoding = ops.mean(self.loss.on_fake(ops.cast(real, "float32")))
        return {"adv": self.loss.generator(fake), "encode": encoding}
