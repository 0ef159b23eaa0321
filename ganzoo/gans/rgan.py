"""Relativistic GAN: a discriminator that compares."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.losses import Relativistic


@keras.saving.register_keras_serializable("ganzoo")
class RGAN(DCGAN):
    """D says which of a real and a fake image is the more real, and G descends the reverse.

    With `loss=Relativistic(average=True)` it is the relativistic average GAN.

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734.
    """

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with the relativistic loss."""
        return super().learning() | {"loss": Relativistic()}
