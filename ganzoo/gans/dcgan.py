"""DCGAN: the rules that made convolutional GANs train."""

import keras

from ganzoo.gan import GAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class DCGAN(GAN):
    """The GAN of convolutional networks, built by the rules of `networks.dcgan`.

    It is learned as the base is, by Adam with rate 2e-4 and beta_1 0.5; the paper's batch is 128.

    Reference: Radford et al., 2016, arXiv:1511.06434.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)
