"""PacGAN: the discriminator judges several images at once."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class PacGAN(DCGAN):
    """D is given `pack` images together, so that samples which are alike give G away.

    Packing is an argument of `networks.dcgan` and `networks.mlp`, and a layer,
    `layers.Packing`, for networks of one's own: any variant can have it.

    Reference: Lin et al., 2018, arXiv:1712.04086.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128, pack=2) -> dict:
        """Returns DCGAN's pair, D's input packed."""
        return dcgan.pair(image_shape, width, latent_dim, pack=pack)
