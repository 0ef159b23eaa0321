"""LSGAN: least squares in place of cross-entropy."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import LeastSquares
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class LSGAN(GAN):
    """Also penalises fakes that are on the right side of the border but far from the real images.

    Reference: Mao et al., 2017, arXiv:1611.04076.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Targets -1 for fake, 1 for real, 0 for G."""
        return super().learning() | {"loss": LeastSquares()}
