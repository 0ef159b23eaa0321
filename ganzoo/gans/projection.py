"""Projection discriminator: the class enters D as an inner product with its features."""

import keras

from ganzoo.gans.sngan import SNGAN
from ganzoo.networks import resnet


@keras.saving.register_keras_serializable("ganzoo")
class ProjectionGAN(SNGAN):
    """SNGAN with labels: D adds to its score the inner product of features and class embedding.

    G has conditional batch normalization.

    Reference: Miyato & Koyama, 2018, arXiv:1802.05637.
    """

    gradient_scale = 5.0  # features are summed over the image: norms of 280 were healthy

    @classmethod
    def networks(cls, image_shape, num_classes, width=64, latent_dim=128) -> dict:
        """Returns SNGAN's pair, with labels as the second input of both networks."""
        return resnet.pair(image_shape, width, latent_dim, num_classes)
