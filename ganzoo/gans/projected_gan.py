"""Projected GAN: critics that look at random mixtures of a frozen network's features."""

import keras

from ganzoo.augment import DiffAugment
from ganzoo.gan import GAN
from ganzoo.losses import Hinge
from ganzoo.networks import projected


@keras.saving.register_keras_serializable("ganzoo")
class ProjectedGAN(GAN):
    """The hinge loss of critics on features of a network that was trained on ImageNet.

        L_D = sum_l E max(0, 1 - D_l(P_l(x))) + E max(0, 1 + D_l(P_l(G(z))))

    P_l is the l-th of four random, fixed projections of the frozen features, and D_l its critic.
    D need not learn what photos are made of, so that a few hundred thousand images are enough. G is
    FastGAN's. It learns labels if the data have some.

    The features need their weights, imported once: `ganzoo data efficientnet_lite --from=PATH`.

    Reference: Sauer et al., 2021, arXiv:2111.01007, equation 4. Departures: see
    `networks.projected`; the terms are the mean over all logits, as in the authors' code, whose
    blur of the first images is left out.
    """

    @classmethod
    def networks(
        cls, image_shape, num_classes=None, width=16, latent_dim=256,
        features="efficientnet_lite0", features_side=None, features_width=64,
    ) -> dict:  # fmt: skip
        """Returns FastGAN's generator and the projected critics.

        Args:
            features: The frozen network: `efficientnet_lite0` or `efficientnet_lite1`, whose
                weights are imported once; or `untrained`, a small one with random weights.
            features_side: Pixels of the longer side of the images that it sees; by default 224, or
                the images' own if they are larger. A step costs four times as much at twice of it.
            features_width: Channels of the mixture of the largest map; 64 in the authors' code.
        """
        return projected.pair(
            image_shape, width, latent_dim, num_classes, features, features_side, features_width
        )

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with betas 0 and 0.99 for both sides, the hinge loss, and DiffAugment."""
        return super().learning() | {
            "loss": Hinge(),
            "augment": DiffAugment("color,translation,cutout=0.2"),
            "g_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99),
        }
