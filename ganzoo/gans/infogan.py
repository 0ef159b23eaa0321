"""InfoGAN: interpretable codes, which a second head of D can recover from the image."""

import math

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.engine.batch import scaled, size_of
from ganzoo.errors import InputError, is_whole
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.layers import Codes
from ganzoo.networks import infogan


@keras.saving.register_keras_serializable("ganzoo")
class InfoGAN(GAN):
    """G and Q, a head of D, maximize a lower bound of the mutual information of codes and images.

        L_I = E[log Q(c | G(z, c))] + H(c),  logged as the term `information`, -weight L_I

    H is the entropy of the codes: log K for the categorical code, log 2 for each uniform code, and
    the entropy of the standard normal for each Gaussian code. Q predicts class logits, and the
    means of the continuous codes, with a fixed variance of 1 as in the authors' code. With a
    learned variance the bound would keep growing with the precision of the continuous codes, and
    the categorical code would be neglected.

    The generator's first layer, `layers.Codes`, computes the codes from Gaussian latents.

    Reference: Chen et al., 2016, arXiv:1606.03657, equation 5.
    """

    pictured = (
        "A row for each class of the code, in which the other latents vary, and one for each "
        "continuous code, in which only that varies"
    )

    @classmethod
    def networks(
        cls, image_shape, width=32, latent_dim=74, categorical=10, uniform=2, gaussian=0,
        g_units=0,
    ) -> dict:  # fmt: skip
        """Returns the paper's pair: G starts with the codes, and D has Q as a second head.

        Args:
            categorical: Number of classes of the categorical code; 0 for none.
            uniform: Number of uniform codes.
            gaussian: Number of Gaussian codes.
            g_units: Units of G's first dense layer; 0 for 16 times the width, the paper's ratio.

        Raises:
            InputError: If there are no codes, or more codes than latents, or `g_units` is negative.
        """
        codes = Codes(categorical, uniform, gaussian, name="codes")
        if not 0 < codes.size <= latent_dim:
            raise InputError(f"expected 1 to latent_dim={latent_dim} codes, got {codes.size}.")
        if not is_whole(g_units, 0):
            raise InputError(f"expected g_units >= 0, a whole number, got {g_units!r}.")
        return infogan.pair(image_shape, width, latent_dim, codes, g_units)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3 for G and 2e-4 for D, as in the paper.

        Returns:
            information_weight: Weight of the mutual information between codes and images.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "information_weight": 1.0,
        }

    @property
    def codes(self) -> Codes:
        """The layer of G that computes the codes."""
        return self.generator.get_layer("codes")

    def generate(self, batch) -> dict:
        """Returns the fakes and the latents that they were generated from."""
        shape = (size_of(batch), self.latent_dim)
        latents = keras.random.normal(shape, seed=random.seed("latent"))
        fake = self.generator(latents, training=True)
        return {"fake": ops.cast(fake, "float32"), "latents": latents}

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial term and the negative weighted information."""
        real = self.score(batch["real"], batch)
        fake, codes = self.discriminate(batch["fake"], batch)
        weighted = -self.information_weight * self.information(batch["latents"], codes)
        return {"adv": self.compare(real, fake), "information": weighted}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term and the negative weighted information."""
        fake, codes = self.discriminate(batch["fake"], batch)
        weighted = -self.information_weight * self.information(batch["latents"], codes)
        return {"adv": self.persuade(fake, batch), "information": weighted}

    def information(self, latents, output):
        """Returns the lower bound of the mutual information, in nats.

        Args:
            latents: Latents of the images, (N, latent_dim).
            output: Output of Q on the images: K class logits, then u + g means, (N, K + u + g).
        """
        layer, output = self.codes, ops.cast(output, "float32")
        k, u, g = layer.categorical, layer.uniform, layer.gaussian
        classes, uniform, rest = layer.parts(latents)
        bound = 0.0
        if k:
            log_likelihood = ops.sum(classes * ops.log_softmax(output[:, :k]), axis=-1)
            bound += ops.mean(log_likelihood) + math.log(k)
        if u + g:
            codes = ops.concatenate([uniform, rest[:, :g]], axis=-1)
            log_likelihood = -0.5 * (ops.square(codes - output[:, k:]) + math.log(2 * math.pi))
            bound += ops.mean(ops.sum(log_likelihood, axis=-1))
            bound += u * math.log(2.0) + g * 0.5 * math.log(2 * math.pi * math.e)
        return bound

    def read(self, images) -> np.ndarray:
        """Returns the class (N,) that Q predicts for images, uint8 or in [-1, 1]."""
        pieces = [images[i : i + 250] for i in range(0, len(images), 250)]
        logits = [self.discriminator(scaled(ops.convert_to_tensor(x)))[1] for x in pieces]
        logits = np.concatenate([ops.convert_to_numpy(x) for x in logits])
        return logits[:, : self.codes.categorical].argmax(1)

    def names(self, images, labels) -> np.ndarray:
        """Returns, for each class of the code, the most frequent label of its images, (K,)."""
        classes = self.read(images)
        return np.array(
            [np.bincount(labels[classes == k], minlength=1).argmax()
             for k in range(self.codes.categorical)]
        )  # fmt: skip

    def measure(self, evaluate) -> dict:
        """Returns the distance and, if the examples have labels, `code_error`.

        `code_error` is the error rate of the categorical code used as an unsupervised classifier:
        one half of the examples assigns a label to each class of the code, and the error is
        measured on the other half.
        """
        metrics, labels = super().measure(evaluate), evaluate.examples.get("label")
        if labels is None or not self.codes.categorical:
            return metrics
        images = evaluate.examples["real"]
        predicted = self.names(images[::2], labels[::2])[self.read(images[1::2])]
        return metrics | {"code_error": float((predicted != labels[1::2]).mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns a latent traversal: a row for each class, then one for each continuous code.

        In the row of a class, the images differ by the other latents; in the row of a continuous
        code, only by that code, from -2 to 2 before the first layer.
        """
        if len(self.image_shape) == 1:
            return super().picture(examples, num, seed)
        layer, columns = self.codes, 10
        base = np.array(self.sampler.latents(columns, seed))
        rows = []
        for code in range(layer.categorical):
            latents = base.copy()
            latents[:, : layer.categorical] = 0.0
            latents[:, code] = 1.0
            rows.append(latents)
        for number in range(layer.uniform + layer.gaussian):
            latents = np.repeat(base[:1], columns, axis=0)
            latents[:, layer.categorical + number] = np.linspace(-2.0, 2.0, columns)
            rows.append(latents)
        return pictures.grid(self.sample(latents=np.concatenate(rows)), columns)
