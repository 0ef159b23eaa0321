"""The projection discriminator: a class is a direction among the features."""

import keras

from ganzoo.gans.sngan import SNGAN
from ganzoo.networks import resnet


@keras.saving.register_keras_serializable("ganzoo")
class ProjectionGAN(SNGAN):
    """SNGAN with labels: D adds the product of its features and the class's vector to the score.

    G's batch normalisation is conditional.

    Reference: Miyato & Koyama, 2018, arXiv:1802.05637.
    """

    gradient_scale = 5.0  # features are summed over the image: norms of 280 were healthy

    @classmethod
    def networks(cls, image_shape, num_classes, width=64, latent_dim=128) -> dict:
        """Returns SNGAN's pair, both of it given labels."""
        return resnet.pair(image_shape, width, latent_dim, num_classes)
