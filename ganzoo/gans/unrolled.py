"""Unrolled GAN: G is trained against a D that is several updates ahead."""

import keras

from ganzoo import losses
from ganzoo.gans.dcgan import DCGAN


@keras.saving.register_keras_serializable("ganzoo")
class Unrolled(DCGAN):
    """DCGAN (for points, two multilayer perceptrons) with an unrolled discriminator.

    Any other variant does the same with `unroll=5`; see `ganzoo.unrolling`.

    Reference: Metz et al., 2017, arXiv:1611.02163.
    """

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with five unrolled updates and the minimax loss."""
        return super().learning() | {"unroll": 5, "loss": losses.Minimax()}
