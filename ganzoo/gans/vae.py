"""VAE: a variational autoencoder, trained by a bound of the likelihood, without a discriminator."""

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.engine import pixels
from ganzoo.engine.batch import scaled, size_of
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.inference.encoder import Encoder
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class VAE(GAN):
    """Encoder and decoder minimize an upper bound of -log p(x), with the prior N(0, I).

        reconstruction = (D / 2) log mean |x - x'|^2,  kl = KL(N(m, s^2) || N(0, I))

    The encoder predicts m and s from x. Both terms are divided by the number of pixels D. The
    reconstruction term is the negative log-likelihood of Gaussian pixels with the optimal variance,
    so there is no weight between the terms to tune; `kl_weight` changes the balance anyway.

    The side G is a dict of `encoder`, from images to [means, log-variances] (N, latent_dim), and
    `decoder`, which is sampled and exported like any generator. `encode`, `reconstruct`,
    `attribute` and `shifted` use the averaged networks.

    Reference: Kingma & Welling, 2014, arXiv:1312.6114; for the variance Rybkin et al., 2021,
    arXiv:2006.13202.
    """

    compares = False
    pictured = "Two rows of training images, each above its reconstructions; below them samples"

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns a convolutional encoder and, as the decoder, DCGAN's generator."""
        return vae.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3, and both terms of the bound with their natural weight.

        Returns:
            kl_weight: Weight of the KL divergence from the prior; 1 for the bound itself.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-3),
            "d_optimizer": None,
            "loss": None,
            "kl_weight": 1.0,
        }

    def __init__(self, generator, discriminator=None, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        if not isinstance(generator, dict) or set(generator) != {"encoder", "decoder"}:
            raise InputError(
                f"{type(self).__name__} needs generator={{'encoder': ..., 'decoder': ...}}: "
                "networks from images to [means, log-variances], and from latents to images."
            )

    @property
    def image_shape(self) -> tuple:
        """The shape of the images: (H, W, C), or (D,)."""
        return tuple(self.generator["encoder"].input_shape[1:])

    def sampler_of(self, side):
        """Returns the sampler of this side's decoder."""
        return super().sampler_of(side["decoder"])

    def posterior(self, images) -> tuple:
        """Returns means, log-variances and samples of the latents of images, (N, latent_dim) each.

        Log-variances are clipped to [-12, 12].
        """
        mean, log_variance = self.generator["encoder"](images, training=True)
        mean, log_variance = (ops.cast(x, "float32") for x in (mean, log_variance))
        log_variance = ops.clip(log_variance, -12.0, 12.0)
        noise = keras.random.normal(ops.shape(mean), seed=random.seed("posterior"))
        return mean, log_variance, mean + ops.exp(0.5 * log_variance) * noise

    def decode(self, latents):
        """Returns the images that latents are decoded to, in training mode, float32."""
        return ops.cast(self.generator["decoder"](latents, training=True), "float32")

    def prior(self, batch):
        """Returns new samples of the prior, (N, latent_dim)."""
        return keras.random.normal((size_of(batch), self.latent_dim), seed=random.seed("latent"))

    def generate(self, batch) -> dict:
        """Returns the reconstructions as `again`, and the `kl` (N,) of their latents."""
        mean, log_variance, latents = self.posterior(batch["real"])
        return {"again": self.decode(latents), "kl": divergence(mean, log_variance)}

    def generator_loss(self, batch) -> dict:
        """Returns both terms of the bound, in nats per pixel."""
        error = ops.mean(ops.square(batch["real"] - batch["again"]))
        return {"reconstruction": 0.5 * ops.log(error + 1e-6), "kl": self.kl_term(batch)}

    def kl_term(self, batch):
        """Returns the weighted KL divergence from the prior, divided by the number of pixels."""
        return self.kl_weight * ops.mean(batch["kl"]) / float(np.prod(self.image_shape))

    # Use of the trained model.

    def encode(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the latent means (N, latent_dim) of images, uint8 or in [-1, 1]."""
        return self.encoder().encode(images, batch_size)

    def encoder(self) -> Encoder:
        """Returns the averaged encoder."""
        average = getattr(self, "ema", None)
        side = self.generator if average is None else average.network
        return Encoder(side["encoder"])

    def companions(self) -> dict:
        """Returns the `critic`, if it judges images, and the `encoder`."""
        return super().companions() | {"encoder": self.encoder()}

    def reconstruct(self, images) -> np.ndarray:
        """Returns the reconstructions, uint8 (N, H, W, C), of images, uint8 or in [-1, 1]."""
        return self.sample(latents=self.encode(images))

    def attribute(self, images, labels, present: int, absent: int | None = None) -> np.ndarray:
        """Returns the direction of an attribute in the latent space, (latent_dim,).

        It is the mean code of the images of class `present` minus the mean code of the images of
        class `absent`, or of all other classes if `absent` is None.

        Raises:
            InputError: If a label is missing, or one of the two groups has no image.
        """
        labels = np.asarray(labels)
        with_attribute = labels == present
        without = ~with_attribute if absent is None else labels == absent
        if len(labels) != len(images) or not with_attribute.any() or not without.any():
            raise InputError(
                f"expected a label for each of {len(images)} images, some {present} and some "
                f"{'other' if absent is None else absent}."
            )
        images = np.asarray(images)
        return self.encode(images[with_attribute]).mean(0) - self.encode(images[without]).mean(0)

    def shifted(self, images, direction, amount: float = 1.0) -> np.ndarray:
        """Returns the images with their codes moved along a direction, uint8 (N, H, W, C)."""
        return self.sample(latents=self.encode(images) + amount * np.asarray(direction))

    def measure(self, evaluate) -> dict:
        """Returns the distance of the samples, and the reconstruction error on 400 examples.

        The error `reconstruction` is the root mean square difference of images in [-1, 1].
        """
        real = evaluate.examples["real"][:400]
        reconstructed = np.asarray(self.sampler(self.encode(real)), "float32")
        error = reconstructed - np.asarray(scaled(ops.convert_to_tensor(real)), "float32")
        results = {"reconstruction": float(np.sqrt(np.mean(error**2)))}
        return super().measure(evaluate) | results

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns two rows of examples, each above its reconstructions, followed by samples."""
        if "real" not in examples or len(self.image_shape) == 1:
            return super().picture(examples, num, seed)
        rows = []
        for start in (0, 8):
            real = examples["real"][start : start + 8]
            real = pixels.to_uint8(scaled(ops.convert_to_tensor(real)))
            rows += [ops.convert_to_numpy(real), self.reconstruct(real)]
        samples = self.sample(max(num - sum(map(len, rows)), 8), seed)
        return pictures.grid(np.concatenate([*rows, samples]), 8)


def divergence(mean, log_variance):
    """Returns KL(N(m, s^2) || N(0, I)), (N,), for means and log-variances (N, latent_dim)."""
    terms = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
    return 0.5 * ops.sum(terms, axis=1)
