"""BigGAN at small scale: labels, attention, shared embeddings and truncation combined."""

import keras

from ganzoo.gan import GAN
from ganzoo.losses import Hinge
from ganzoo.networks import biggan
from ganzoo.penalties import Orthogonal


@keras.saving.register_keras_serializable("ganzoo")
class BigGAN(GAN):
    """A conditional GAN that trades variety for fidelity by truncating its latents.

    `sample(truncation=0.7)` generates better images that vary less. The orthogonal regularization
    of G's kernels makes G work with truncated latents.

    Reference: Brock et al., 2019, arXiv:1809.11096. As in the paper, D is updated twice for each
    update of G; the paper's batch size is 2,048.
    """

    @classmethod
    def networks(cls, image_shape, num_classes, width=32, latent_dim=120) -> dict:
        """Returns the paper's pair at small scale."""
        return biggan.pair(image_shape, num_classes, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam with betas 0 and 0.999 at 5e-5 for G and 2e-4 for D, two turns of D, hinge loss."""
        return super().learning() | {
            "loss": Hinge(),
            "n_critic": 2,
            "penalties": [Orthogonal(1e-4)],
            "g_optimizer": keras.optimizers.Adam(5e-5, beta_1=0.0, beta_2=0.999, epsilon=1e-8),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.999, epsilon=1e-8),
        }
