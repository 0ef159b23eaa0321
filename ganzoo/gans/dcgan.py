"""DCGAN: the architecture guidelines that made convolutional GANs trainable."""

import keras

from ganzoo.gan import GAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class DCGAN(GAN):
    """A GAN with convolutional networks, which follow the guidelines in `networks.dcgan`.

    Training uses the settings of the base class, which are the paper's: Adam with a learning rate
    of 2e-4 and beta_1 0.5. The paper's batch size is 128.

    Reference: Radford et al., 2016, arXiv:1511.06434.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)
