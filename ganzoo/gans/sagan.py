"""SAGAN: self-attention in both networks."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Hinge
from ganzoo.networks import resnet


@keras.saving.register_keras_serializable("ganzoo")
class SAGAN(GAN):
    """SNGAN with self-attention and spectral normalization in G and D, and two learning rates.

    Reference: Zhang et al., 2019, arXiv:1805.08318. Departure: the paper's networks are
    conditional, these are not.
    """

    @classmethod
    def networks(cls, image_shape, width=64, latent_dim=128) -> dict:
        """Returns SNGAN's pair with self-attention."""
        return resnet.pair(image_shape, width, latent_dim, spectral=True, attention=True)

    @classmethod
    def learning(cls) -> dict:
        """Adam with betas 0 and 0.9, at 1e-4 for G and 4e-4 for D, one turn each, hinge loss."""
        return super().learning() | {
            "loss": Hinge(),
            "g_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            "d_optimizer": keras.optimizers.Adam(4e-4, beta_1=0.0, beta_2=0.9),
        }
