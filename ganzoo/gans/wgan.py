"""WGAN: a critic that estimates the earth mover's distance."""

import keras

from ganzoo.engine.sides import weights_of
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.losses import Wasserstein
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class Clip(keras.constraints.Constraint):
    """Keeps every entry of a weight within [-bound, bound]."""

    def __init__(self, bound: float = 0.01):
        if not isinstance(bound, (int, float)) or not bound > 0:
            raise InputError(f"expected clip > 0, got {bound!r}.")
        self.bound = bound

    def __call__(self, weight):
        """Returns the clipped weight."""
        return keras.ops.clip(weight, -self.bound, self.bound)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return {"bound": self.bound}


@keras.saving.register_keras_serializable("ganzoo")
class WGAN(GAN):
    """Clipped weights keep the critic Lipschitz; it is updated five times for each update of G.

    -d_adv estimates the distance up to a factor, the Lipschitz constant, so it falls as the samples
    improve. The optimizer has no momentum, as the authors found Adam unstable here.

    Reference: Arjovsky et al., 2017, arXiv:1701.07875.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair for images of this shape."""
        return dcgan.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """RMSprop at 5e-5, five critic turns, and weights clipped to [-0.01, 0.01].

        Returns:
            clip: Largest absolute value of the critic's weights.
        """
        return super().learning() | {
            "loss": Wasserstein(),
            "n_critic": 5,
            "g_optimizer": keras.optimizers.RMSprop(5e-5),
            "d_optimizer": keras.optimizers.RMSprop(5e-5),
            "clip": 0.01,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`; all weights of the critic are clipped to [-clip, clip]."""
        super().compile(*args, **kwargs)
        for weight in weights_of(self.discriminator):
            weight.constraint = Clip(self.clip)
            weight.assign(weight.constraint(weight))
