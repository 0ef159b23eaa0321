"""Relativistic GAN: a discriminator that compares real with fake images."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.losses import Relativistic


@keras.saving.register_keras_serializable("ganzoo")
class RGAN(DCGAN):
    """D predicts whether the real image of a pair is more realistic than the fake; G the reverse.

    With `loss=Relativistic(average=True)` this is the relativistic average GAN.

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734.
    """

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with the relativistic loss."""
        return super().learning() | {"loss": Relativistic()}
