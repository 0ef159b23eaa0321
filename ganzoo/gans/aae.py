"""AAE: an autoencoder whose codes a discriminator holds to the prior."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.vae import VAE
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class AAE(VAE):
    """D tells draws of the prior from codes; the encoder is to deceive it, in place of the KL term.

        G's side:  adv (of the codes) + reconstruction_weight mean |x - x'|^2

    Codes are drawn from the encoder's Gaussian, as of a VAE.

    Reference: Makhzani et al., 2016, arXiv:1511.05644. Both of its phases are one turn here.
    """

    compares = True

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=16) -> dict:
        """Returns the VAE's networks, and a perceptron that judges codes."""
        judge = vae.of_codes(latent_dim, width)
        return super().networks(image_shape, width, latent_dim) | {"discriminator": judge}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides and a reconstruction weight of 10.

        Returns:
            reconstruction_weight: Weight of the reconstruction error.
        """
        canonical = GAN.learning() | {"loss": losses.NonSaturating()}
        return canonical | {"reconstruction_weight": 10.0}

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If a part works on images, which D does not see.
        """
        super().compile(*args, **kwargs)
        for name in ("augment", "replay"):
            if getattr(self, name) is not None:
                raise InputError(f"{name} is for images, and the D of AAE sees codes: drop it.")

    def generate(self, batch) -> dict:
        """Returns codes as `fake`, draws of the prior as `real`, and the error `apart` (N, ...)."""
        codes = self.posterior(batch["real"])[2]
        apart = batch["real"] - self.decode(codes)
        return {"fake": codes, "real": self.prior(batch), "apart": apart}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term of the codes, and the reconstruction's."""
        adv = self.persuade(self.score(batch["fake"], batch), batch)
        error = ops.mean(ops.square(batch["apart"]))
        return {"adv": adv, "reconstruction": self.reconstruction_weight * error}
