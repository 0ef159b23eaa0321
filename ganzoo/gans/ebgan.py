"""EBGAN: the discriminator is an energy function, low on the data."""

import keras
from keras import ops

from ganzoo.gan import GAN
from ganzoo.networks import autoencoder


@keras.saving.register_keras_serializable("ganzoo")
class EBGAN(GAN):
    """D is an autoencoder whose squared error E is the energy; D raises it on fakes up to a margin.

        L_D = E(x) + max(0, margin - E(G(z))),  L_G = E(G(z)) + pull PT

    The pulling-away term PT is the mean squared cosine similarity between the codes of a batch of
    fakes; it keeps the fakes from being alike.

    Reference: Zhao et al., 2016, arXiv:1609.03126. E is a mean over pixels. The default networks
    are BEGAN's; for those of the paper set `convolutions="strided"`.
    """

    compares = False

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64, convolutions="elu") -> dict:
        """Returns a decoder as G and an autoencoder as D.

        Args:
            convolutions: Type of convolution blocks: elu (3 x 3, ELU, nearest-neighbor upsampling,
                no normalization) or strided (those of DCGAN, with batch normalization).
        """
        return autoencoder.pair(image_shape, width, latent_dim, convolutions)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4, a margin of 0.2, and a pulling-away term of weight 0.1.

        Returns:
            margin: Energy up to which D raises the energy of fakes.
            pull: Weight of the pulling-away term.
        """
        return super().learning() | {"margin": 0.2, "pull": 0.1}

    def energy(self, images, batch) -> tuple:
        """Returns the reconstruction error (N,) and the codes (N, D) of images."""
        images = self.augmented(images)
        reconstructed, code = self.discriminator(images, training=True)
        axes = tuple(range(1, len(images.shape)))
        return ops.mean(ops.square(ops.cast(reconstructed, "float32") - images), axis=axes), code

    def score(self, images, batch):
        """Returns the negative energy, (N, 1)."""
        return -self.energy(images, batch)[0][:, None]

    def discriminator_loss(self, batch) -> dict:
        """Returns the energy of the real images and the hinge loss on the energy of the fakes."""
        real, fake = (self.energy(batch[key], batch)[0] for key in ("real", "fake"))
        return {"real": ops.mean(real), "fake": ops.mean(ops.relu(self.margin - fake))}

    def generator_loss(self, batch) -> dict:
        """Returns the energy of the fakes and the weighted pulling-away term."""
        energy, code = self.energy(batch["fake"], batch)
        return {"adv": ops.mean(energy), "pull": self.pull * pulling_away(code)}


def pulling_away(code):
    """Returns the mean squared cosine similarity between different rows of `code` (N, D).

    It is 0 for a single row.
    """
    code = ops.cast(code, "float32")
    code = code / ops.sqrt(ops.sum(ops.square(code), axis=1, keepdims=True) + 1e-12)
    cosines = ops.matmul(code, ops.transpose(code))
    count = ops.cast(ops.shape(code)[0], "float32")
    return (ops.sum(ops.square(cosines)) - count) / ops.maximum(count * (count - 1.0), 1.0)
