"""SNGAN: spectral normalization keeps the discriminator Lipschitz."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Hinge
from ganzoo.networks import resnet


@keras.saving.register_keras_serializable("ganzoo")
class SNGAN(GAN):
    """Every kernel of D is divided by its largest singular value, so no penalty is needed.

    Reference: Miyato et al., 2018, arXiv:1802.05957.
    """

    @classmethod
    def networks(cls, image_shape, width=64, latent_dim=128) -> dict:
        """Returns the paper's residual networks; for points, multilayer perceptrons."""
        return resnet.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with betas 0 and 0.9, five turns of D, hinge loss (section 4)."""
        return super().learning() | {
            "loss": Hinge(),
            "n_critic": 5,
            "g_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9),
        }
