"""f-GAN: a GAN loss for any f-divergence."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.losses import FDivergence


@keras.saving.register_keras_serializable("ganzoo")
class FGAN(DCGAN):
    """D estimates an f-divergence between data and samples, and G minimizes it.

    Choose the divergence by the loss, e.g. `loss=FDivergence("reverse_kl")`; see
    `losses.FDivergence` for the list.

    Reference: Nowozin et al., 2016, arXiv:1606.00709.
    """

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with KL(data || samples)."""
        return super().learning() | {"loss": FDivergence("kl")}
