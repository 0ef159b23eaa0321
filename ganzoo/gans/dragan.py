"""DRAGAN: a gradient penalty around the real images."""

import keras

from ganzoo import penalties
from ganzoo.gan import GAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class DRAGAN(GAN):
    """The non-saturating GAN with a penalty on sharp gradients of D near real images.

    The authors attribute mode collapse to such gradients. Departure: D has no batch normalization,
    since with it an image's score, and so its gradient, would depend on the rest of the batch.

    Reference: Kodali et al., 2017, arXiv:1705.07215.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, with a discriminator without batch normalization."""
        return dcgan.pair(image_shape, width, latent_dim, normalization=None)

    @classmethod
    def learning(cls) -> dict:
        """As the base class, with a penalty of weight 10."""
        return super().learning() | {"penalties": [penalties.DRAGAN(10.0)]}
