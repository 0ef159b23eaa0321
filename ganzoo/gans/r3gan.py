"""R3GAN: a relativistic loss, two zero-centered gradient penalties, and no other tricks."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Relativistic
from ganzoo.networks import r3gan
from ganzoo.penalties import R1, R2


@keras.saving.register_keras_serializable("ganzoo")
class R3GAN(GAN):
    """The relativistic pairing loss covers all modes, and R1 and R2 make its training converge.

    The networks are plain residual networks without normalization.

    Reference: Huang et al., 2024, arXiv:2501.05441.
    """

    @classmethod
    def networks(cls, image_shape, width=64, latent_dim=64, group_size=None) -> dict:
        """Returns the paper's pair at small scale; for points, multilayer perceptrons.

        Args:
            group_size: Channels in a group of the 3 x 3 convolutions, which then have twice the
                width: 16 in the paper. By default they are not grouped, which is faster on a CPU.
        """
        return r3gan.pair(image_shape, width, latent_dim, group_size)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with betas 0 and 0.99, R1 and R2 with gamma 1.

        The paper anneals the learning rate, beta_2 and gamma.
        """
        return super().learning() | {
            "loss": Relativistic(),
            "penalties": [R1(1.0), R2(1.0)],
            "g_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99),
        }
