"""ACGAN: the discriminator also classifies the images."""

import keras
from keras import ops

from ganzoo.errors import InputError
from ganzoo.gans.dcgan import DCGAN
from ganzoo.networks import dcgan


@keras.saving.register_keras_serializable("ganzoo")
class ACGAN(DCGAN):
    """Adds to D a second output, class logits, and to both losses its weighted cross-entropy.

    Reference: Odena et al., 2017, arXiv:1610.09585.
    """

    @classmethod
    def networks(cls, image_shape, num_classes, width=32, latent_dim=128) -> dict:
        """Returns DCGAN's pair, with a G that takes labels and a D that also gives class logits."""
        heads = {"classes": num_classes}
        return {
            "generator": dcgan.generator(image_shape, width, latent_dim, num_classes),
            "discriminator": dcgan.discriminator(image_shape, width, heads=heads),
            "latent_dim": latent_dim,
            "num_classes": num_classes,
        }

    @classmethod
    def learning(cls) -> dict:
        """As DCGAN, with class terms of weight 1.

        Returns:
            class_weight: Weight of the classification loss, on both sides.
        """
        return super().learning() | {"class_weight": 1.0}

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If D has a single output.
        """
        super().compile(*args, **kwargs)
        if len(self.discriminator.outputs) < 2:
            raise InputError("ACGAN needs a D with two outputs: [logits, class logits].")

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial term and the cross-entropy on real and fake images."""
        real, real_class = self.discriminate(batch["real"], batch)
        fake, fake_class = self.discriminate(batch["fake"], batch)
        classes = cross_entropy(batch["label"], real_class)
        classes += cross_entropy(batch["label"], fake_class)
        return {
            "adv": self.compare(real, fake),
            "class": self.class_weight * classes / 2.0,
        }

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term and the cross-entropy on the fakes."""
        fake, fake_class = self.discriminate(batch["fake"], batch)
        return {
            "adv": self.persuade(fake, batch),
            "class": self.class_weight * cross_entropy(batch["label"], fake_class),
        }


def cross_entropy(labels, logits):
    """Returns the mean cross-entropy between labels (N,) and logits (N, K), in float32."""
    logits = ops.cast(logits, "float32")
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    return ops.mean(losses)
