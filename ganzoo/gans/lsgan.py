"""LSGAN: least squares in place of cross-entropy."""

import keras

from ganzoo.gans.dcgan import DCGAN
from ganzoo.losses import LeastSquares


@keras.saving.register_keras_serializable("ganzoo")
class LSGAN(DCGAN):
    """Also penalises fakes that are on the right side of the border but far from the real images.

    Reference: Mao et al., 2017, arXiv:1611.04076.
    """

    @classmethod
    def learning(cls) -> dict:
        """Targets -1 for fake, 1 for real, 0 for G."""
        return super().learning() | {"loss": LeastSquares()}
