"""WGAN-GP: a gradient penalty keeps the norm of the critic's gradient near one."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Wasserstein
from ganzoo.networks import dcgan
from ganzoo.penalties import GradientPenalty


@keras.saving.register_keras_serializable("ganzoo")
class WGANGP(GAN):
    """The critic is kept Lipschitz by a penalty on its gradient between real and fake images.

    Reference: Gulrajani et al., 2017, arXiv:1704.00028.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, with a critic without batch normalization."""
        return dcgan.pair(image_shape, width, latent_dim, normalization=None)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-4 with betas 0 and 0.9, five critic turns, penalty weight 10 (algorithm 1)."""
        return super().learning() | {
            "loss": Wasserstein(),
            "n_critic": 5,
            "penalties": [GradientPenalty(10.0)],
            "g_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            "d_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
        }
