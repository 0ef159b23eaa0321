"""Conditional GAN: both networks take the class label as an input."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class CGAN(DCGAN):
    """The class enters G as an embedding next to the latents, and D as an extra image channel.

    Reference: Mirza & Osindero, 2014, arXiv:1411.1784. Departures: DCGAN's networks, and learned
    embeddings in place of one-hot vectors.
    """

    @classmethod
    def networks(cls, image_shape, num_classes, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, with labels as the second input of both networks."""
        return dcgan.pair(image_shape, width, latent_dim, num_classes=num_classes)
