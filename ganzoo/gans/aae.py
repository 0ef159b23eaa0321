"""AAE: an autoencoder whose codes are matched to the prior by a discriminator."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.vae import VAE
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class AAE(VAE):
    """A VAE with an adversarial loss on the codes in place of the KL term.

    D learns to tell samples of the prior from the encoder's codes, and the encoder to fool it:

        L_G = adv(codes) + reconstruction_weight mean |x - x'|^2

    Codes are sampled from the encoder's Gaussian, as in a VAE.

    Reference: Makhzani et al., 2016, arXiv:1511.05644. The paper's two phases, reconstruction and
    regularization, are a single update here.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=16) -> dict:
        """Returns the VAE's networks, and a multilayer perceptron as the discriminator of codes."""
        discriminator = vae.of_codes(latent_dim, width)
        return super().networks(image_shape, width, latent_dim) | {"discriminator": discriminator}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides and a reconstruction weight of 10.

        Returns:
            reconstruction_weight: Weight of the reconstruction error.
        """
        defaults = GAN.learning() | {"loss": losses.NonSaturating()}
        return defaults | {"reconstruction_weight": 10.0}

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If `augment` or `replay` is given: both are for a D that takes images.
        """
        super().compile(*args, **kwargs)
        for name in ("augment", "replay"):
            if getattr(self, name) is not None:
                raise InputError(f"{name} is for images, but the D of AAE sees codes: drop it.")

    def generate(self, batch) -> dict:
        """Returns codes as `fake`, prior samples as `real`, and the reconstruction `error`."""
        codes = self.posterior(batch["real"])[2]
        error = batch["real"] - self.decode(codes)
        return {"fake": codes, "real": self.prior(batch), "error": error}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term of the codes and the reconstruction term."""
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        error = ops.mean(ops.square(batch["error"]))
        return {"adv": adv, "reconstruction": self.reconstruction_weight * error}
