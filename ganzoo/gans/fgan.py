"""f-GAN: any f-divergence is a game."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.losses import FDivergence


@keras.saving.register_keras_serializable("ganzoo")
class FGAN(DCGAN):
    """D estimates an f-divergence between data and samples, which G descends.

    `loss=FDivergence("reverse_kl")` and so on; see there for which there are.

    Reference: Nowozin et al., 2016, arXiv:1606.00709.
    """

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with KL(data || samples)."""
        return super().learning() | {"loss": FDivergence("kl")}
