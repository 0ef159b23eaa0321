"""Conditional GAN: both sides are told the class."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class CGAN(DCGAN):
    """G is given the class as a vector beside the latents, D as one more channel of the image.

    Reference: Mirza & Osindero, 2014, arXiv:1411.1784, with DCGAN's networks and embeddings.
    """

    @classmethod
    def networks(cls, image_shape, num_classes, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, both of it given labels."""
        return dcgan.pair(image_shape, width, latent_dim, num_classes=num_classes)
