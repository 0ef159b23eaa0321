"""FastGAN: a light GAN for a few hundred images, whose D must draw its real images again."""

import keras
from keras import ops

from ganzoo import random
from ganzoo.augment import DiffAugment
from ganzoo.engine.batch import conditioned
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.losses import Hinge
from ganzoo.networks import fastgan


@keras.saving.register_keras_serializable("ganzoo")
class FastGAN(GAN):
    """The hinge loss, and an autoencoder on D's features that regularizes D.

        L_D = E max(0, m - D(x)) + E max(0, m + D(G(z))) + reconstruction
        reconstruction = reconstruction_weight (|x - x'| + |y - y'|)

    m is drawn from [0.8, 1] for each image. x' is the real image x at half size, drawn again from
    D's last map, and y' a random quarter y of it at full size, from an earlier map. D sees
    augmented images, and draws those.

    It learns labels if the data have some.

    Reference: Liu et al., 2021, arXiv:2101.04775, equations 3 to 6. Departure: images that are
    drawn again are compared by the mean absolute difference of pixels, where the authors' code has
    LPIPS.
    """

    @classmethod
    def networks(cls, image_shape, num_classes=None, width=16, latent_dim=256) -> dict:
        """Returns the paper's pair: G with skip-layer excitation, D with two decoders."""
        return fastgan.pair(image_shape, width, latent_dim, num_classes)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with a beta_1 of 0.5 for both sides, and DiffAugment.

        Returns:
            reconstruction_weight: Weight of the difference of the images that D draws again.
        """
        return super().learning() | {
            "loss": Hinge(margin=[0.8, 1.0]),
            "augment": DiffAugment("color,translation"),
            "reconstruction_weight": 1.0,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If D does not draw its images again.
        """
        super().compile(*args, **kwargs)
        if len(getattr(self.discriminator, "outputs", None) or ()) < 3:
            raise InputError("FastGAN needs a discriminator that returns [logits, whole, detail].")

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial term and that of the images that are drawn again."""
        shown = self.augmented(batch["real"])
        inputs = conditioned(self.discriminator, shown, batch)
        real, whole, detail = self.discriminator(inputs, training=True)
        adv = self.compare(real, self.score(batch["fake"], batch))
        small = ops.average_pool(shown, 2, 2, "same")  # as D's own view at half size
        difference = ops.mean(ops.abs(small - whole)) + self.quarter(ops.abs(shown - detail))
        return {"adv": adv, "reconstruction": self.reconstruction_weight * difference}

    def quarter(self, images):
        """Returns the mean of one of the four quarters of images, a random one."""
        height, width = (side // 2 for side in images.shape[1:3])
        quarters = [
            ops.mean(images[:, top : top + height, left : left + width])
            for top in (0, images.shape[1] - height)
            for left in (0, images.shape[2] - width)
        ]
        chosen = keras.random.randint((), 0, 4, seed=random.seed("quarter"))
        return ops.take(ops.stack(quarters), chosen)
