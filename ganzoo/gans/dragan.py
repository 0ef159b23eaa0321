"""DRAGAN: a slope of one around the real images."""

import keras

from ganzoo import penalties
from ganzoo.gan import GAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class DRAGAN(GAN):
    """The non-saturating game with a D that is not allowed sharp gradients at real images.

    The authors blame mode collapse on those. Departure: D has no batch normalisation, for under
    it the gradient of one image's score is not defined.

    Reference: Kodali et al., 2017, arXiv:1705.07215.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, the discriminator without batch normalisation."""
        return dcgan.pair(image_shape, width, latent_dim, normalization=None)

    @classmethod
    def learning(cls) -> dict:
        """As the base, with the penalty of weight 10."""
        return super().learning() | {"penalties": [penalties.DRAGAN(10.0)]}
