"""BEGAN: an autoencoder as the discriminator, and a controller that balances both sides."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.gan import GAN
from ganzoo.networks import autoencoder


@keras.saving.register_keras_serializable("ganzoo")
class BEGAN(GAN):
    """D minimizes its reconstruction error on real images and maximizes it, times k, on fakes.

        L_D = L(x) - k L(G(z)),  L_G = L(G(z)),  L(v) = mean |v - D(v)|
        k <- k + rate (gamma L(x) - L(G(z))), within [0, 1]

    gamma is the ratio of the errors on fake and on real images at equilibrium; it trades sharpness
    for diversity. m_global = L(x) + |gamma L(x) - L(G(z))| measures convergence: the checkpoint
    with the lowest value is the best one.

    Reference: Berthelot et al., 2017, arXiv:1703.10717.
    """

    monitor = "m_global"
    compares = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.k = self.add_weight((), "zeros", name="k", trainable=False, aggregation="mean")

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64, convolutions="elu") -> dict:
        """Returns a decoder as G, and as D an autoencoder with a decoder of the same architecture.

        Args:
            convolutions: Type of convolution blocks: elu (3 x 3, ELU, nearest-neighbor upsampling,
                no normalization) or strided (those of DCGAN, with batch normalization).
        """
        return autoencoder.pair(image_shape, width, latent_dim, convolutions)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-4, gamma 0.5, and a rate of 1e-3 for k.

        Returns:
            gamma: Target ratio of the reconstruction errors on fake and on real images, from 0 to
                1; lower values give sharper but less diverse samples.
            k_rate: Learning rate of the balance factor k.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
            "d_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
            "loss": losses.Wasserstein(),  # on the scores -L; `discriminator_loss` adds k
            "gamma": 0.5,
            "k_rate": 1e-3,
        }

    def score(self, images, batch):
        """Returns the negative reconstruction error of each image, (N, 1)."""
        images = self.augmented(images)
        reconstructed = ops.cast(self.discriminator(images, training=True)[0], "float32")
        axes = tuple(range(1, len(reconstructed.shape)))
        return -ops.mean(ops.abs(reconstructed - images), axis=axes)[:, None]

    def discriminator_loss(self, batch) -> dict:
        """Returns L(x) and -k L(G(z))."""
        real, fake = (self.score(batch[key], batch) for key in ("real", "fake"))
        return {"real": -ops.mean(real), "fake": self.k * ops.mean(fake)}

    def after_step(self, logs) -> None:
        """Updates k, and logs k and the convergence measure."""
        real, fake = logs["d_real"], logs["g_adv"]
        imbalance = self.gamma * real - fake
        self.k.assign(ops.clip(self.k + self.k_rate * imbalance, 0.0, 1.0))
        logs |= {"k": self.k.value, "m_global": real + ops.abs(imbalance)}
