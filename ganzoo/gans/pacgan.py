"""PacGAN: the discriminator judges several images together."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan, tricks


@keras.saving.register_keras_serializable("ganzoo")
class PacGAN(DCGAN):
    """D takes packs of `pack` images, so it can detect mode collapse by samples that are alike.

    Packing is also available as the architecture trick `pack`, for any variant whose D takes only
    images and returns only scores, and as the layer `layers.Packing`, for custom networks.

    Reference: Lin et al., 2018, arXiv:1712.04086.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128, pack=2) -> dict:
        """Returns DCGAN's pair, with a D that takes packs of images.

        Args:
            pack: Number of images that D judges together.
        """
        pair = dcgan.pair(image_shape, width, latent_dim)
        return pair | {"discriminator": tricks.pack(pair["discriminator"], pack)}
