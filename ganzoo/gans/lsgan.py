"""LSGAN: a least-squares loss in place of cross-entropy."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import LeastSquares
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class LSGAN(GAN):
    """The loss also penalizes fakes that D takes for real but whose scores are far from the target.

    Reference: Mao et al., 2017, arXiv:1611.04076.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """As the base class, with targets -1 for fakes, 1 for real images and 0 for G."""
        return super().learning() | {"loss": LeastSquares()}
