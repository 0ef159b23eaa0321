"""VAE: an encoder beside the generator, and a bound of the likelihood; no discriminator."""

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.engine import pixels
from ganzoo.engine.batch import scaled, size_of
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.networks import vae


@keras.saving.register_keras_serializable("ganzoo")
class VAE(GAN):
    """Encoder and decoder descend the bound of -log p(x), of the prior N(0, I).

        reconstruction = (D / 2) log mean |x - x'|^2,  kl = KL(N(m, s^2) || N(0, I)), m, s of x

    Both are divided by the number of pixels D. The first is what Gaussian pixels cost whose
    variance is the likeliest one, so that there is no weight to find between the terms
    (`kl_weight`, 1, is for those who seek it).

    The side G is a dict of `encoder`, from images to [means, log-variances] (N, latent_dim), and
    `decoder`, which is sampled and exported as any generator. `encode`, `reconstruct`, `attribute`
    and `shifted` use the averaged ones.

    Reference: Kingma & Welling, 2014, arXiv:1312.6114; for the variance Rybkin et al., 2021,
    arXiv:2006.13202.
    """

    compares = False

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=64) -> dict:
        """Returns a convolutional encoder, and DCGAN's generator as the decoder."""
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
        """Returns what draws by this side: its decoder."""
        return super().sampler_of(side["decoder"])

    def posterior(self, images) -> tuple:
        """Returns means, log-variances and a draw of the latents of images, (N, latent_dim) each.

        Log-variances are kept within -12 and 12.
        """
        mean, log_variance = self.generator["encoder"](images, training=True)
        mean, log_variance = (ops.cast(x, "float32") for x in (mean, log_variance))
        log_variance = ops.clip(log_variance, -12.0, 12.0)
        noise = keras.random.normal(ops.shape(mean), seed=random.seed("posterior"))
        return mean, log_variance, mean + ops.exp(0.5 * log_variance) * noise

    def decode(self, latents):
        """Returns the images of latents, in training, float32."""
        return ops.cast(self.generator["decoder"](latents, training=True), "float32")

    def prior(self, batch):
        """Returns latents (N, latent_dim) that are drawn anew."""
        return keras.random.normal((size_of(batch), self.latent_dim), seed=random.seed("latent"))

    def generate(self, batch) -> dict:
        """Returns the reconstructions, `again`, and the `kl` (N,) of their latents."""
        mean, log_variance, latents = self.posterior(batch["real"])
        return {"again": self.decode(latents), "kl": divergence(mean, log_variance)}

    def generator_loss(self, batch) -> dict:
        """Returns both terms of the bound, in nats a pixel."""
        error = ops.mean(ops.square(batch["real"] - batch["again"]))
        return {"reconstruction": 0.5 * ops.log(error + 1e-6), "kl": self.kl_term(batch)}

    def kl_term(self, batch):
        """Returns the weighted divergence from the prior, over the number of pixels."""
        return self.kl_weight * ops.mean(batch["kl"]) / float(np.prod(self.image_shape))

    # What it is for.

    def encode(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the means of the latents of images, uint8 or in [-1, 1]: (N, latent_dim)."""
        average = getattr(self, "ema", None)
        side = self.generator if average is None else average.network
        pieces = []
        for start in range(0, len(images), batch_size):
            some = scaled(ops.convert_to_tensor(images[start : start + batch_size]))
            pieces.append(ops.convert_to_numpy(side["encoder"](some, training=False)[0]))
        return np.concatenate(pieces)

    def reconstruct(self, images) -> np.ndarray:
        """Returns what images, uint8 or in [-1, 1], are decoded to: uint8 (N, H, W, C)."""
        return self.sample(latents=self.encode(images))

    def attribute(self, images, labels, present: int, absent: int | None = None) -> np.ndarray:
        """Returns the direction of a class among the latents, (latent_dim,).

        It is the mean code of the images of the class `present`, less that of the class `absent`,
        or of all others.

        Raises:
            InputError: If there is no image of a class.
        """
        labels = np.asarray(labels)
        own = labels == present
        other = ~own if absent is None else labels == absent
        if len(labels) != len(images) or not own.any() or not other.any():
            raise InputError(
                f"expected a label for each of {len(images)} images, some {present} and some "
                f"{'other' if absent is None else absent}."
            )
        images = np.asarray(images)
        return self.encode(images[own]).mean(0) - self.encode(images[other]).mean(0)

    def shifted(self, images, direction, amount: float = 1.0) -> np.ndarray:
        """Returns images whose codes were moved along a direction, uint8 (N, H, W, C)."""
        return self.sample(latents=self.encode(images) + amount * np.asarray(direction))

    def measure(self, evaluate) -> dict:
        """Returns the distance of the samples, and the error of reconstructions of 400 examples.

        The error, `reconstruction`, is the root mean square in [-1, 1].
        """
        real = evaluate.examples["real"][:400]
        found = np.asarray(self.sampler(self.encode(real)), "float32")
        apart = found - np.asarray(scaled(ops.convert_to_tensor(real)), "float32")
        own = {"reconstruction": float(np.sqrt(np.mean(apart**2)))}
        return super().measure(evaluate) | own

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns eight examples above their reconstructions, twice, and samples below."""
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
    """Returns KL(N(m, s^2) || N(0, I)), (N,), of means and log-variances (N, latent_dim)."""
    each = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
    return 0.5 * ops.sum(each, axis=1)
