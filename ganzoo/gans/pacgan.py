"""PacGAN: the discriminator judges several images at once."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan, tricks


@keras.saving.register_keras_serializable("ganzoo")
class PacGAN(DCGAN):
    """D is given `pack` images together, so that samples which are alike give G away.

    Packing is a trick of architecture, `pack`, that any variant can have whose D gives nothing but
    a score; and a layer, `layers.Packing`, for networks of one's own.

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
