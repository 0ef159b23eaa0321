"""WGAN: a critic that estimates the earth mover's distance."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Wasserstein
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class WGAN(GAN):
    """Clipped weights keep the critic Lipschitz; it is updated five times for each update of G.

    -d_adv estimates the distance up to a factor, the Lipschitz constant, so it falls as the samples
    improve. The optimizer has no momentum, as the authors found Adam unstable here.

    Reference: Arjovsky et al., 2017, arXiv:1701.07875.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """RMSprop at 5e-5, five critic turns, and weights clipped to [-0.01, 0.01]."""
        return super().learning() | {
            "loss": Wasserstein(),
            "n_critic": 5,
            "g_optimizer": keras.optimizers.RMSprop(5e-5),
            "d_optimizer": keras.optimizers.RMSprop(5e-5),
            "clip": 0.01,
        }
