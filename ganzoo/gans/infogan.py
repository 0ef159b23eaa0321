"""InfoGAN: latents that the discriminator's other half can read off the image."""

import math

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.engine.batch import size_of
from ganzoo.errors import InputError, is_whole
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.layers import Codes
from ganzoo.networks import infogan


@keras.saving.register_keras_serializable("ganzoo")
class InfoGAN(GAN):
    """G and Q, a head of D, raise a lower bound of the mutual information of codes and images.

        L_I = E[log Q(c | G(z, c))] + H(c),  logged as the term `information`, -weight L_I

    H is the entropy of the codes: log K of a class, log 2 of each uniform number, and that of the
    normal of each Gaussian one. Q gives class logits, and the means of the numbers, whose variance
    it holds to be one, as in the authors' code: were it learned, the bound would reward without end
    how finely a number can be read off, and the class would come to mean nothing.

    Codes are made of the generator's Gaussian latents by its first layer, `layers.Codes`.

    Reference: Chen et al., 2016, arXiv:1606.03657, equation 5.
    """

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
        """The layer of G that makes the codes."""
        return self.generator.get_layer("codes")

    def generate(self, batch) -> dict:
        """Returns the fakes, and the latents that they were made of."""
        shape = (size_of(batch), self.latent_dim)
        latents = keras.random.normal(shape, seed=random.seed("latent"))
        fake = self.generator(latents, training=True)
        return {"fake": ops.cast(fake, "float32"), "latents": latents}

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial term, and minus the information."""
        real = self.score(batch["real"], batch)
        fake, codes = self.discriminate(batch["fake"], batch)
        weighted = -self.information_weight * self.information(batch["latents"], codes)
        return {"adv": self.compare(real, fake), "information": weighted}

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term, and minus the information."""
        fake, codes = self.discriminate(batch["fake"], batch)
        weighted = -self.information_weight * self.information(batch["latents"], codes)
        return {"adv": self.persuade(fake, batch), "information": weighted}

    def information(self, latents, output):
        """Returns the lower bound of the mutual information, in nats.

        Args:
            latents: (N, latent_dim).
            output: Of Q on the images: class logits (N, K) and means (N, u + g).
        """
        layer, output = self.codes, ops.cast(output, "float32")
        k, u, g = layer.categorical, layer.uniform, layer.gaussian
        classes, even, rest = layer.parts(latents)
        bound = 0.0
        if k:
            likely = ops.sum(classes * ops.log_softmax(output[:, :k]), axis=-1)
            bound += ops.mean(likely) + math.log(k)
        if u + g:
            numbers = ops.concatenate([even, rest[:, :g]], axis=-1)
            likely = -0.5 * (ops.square(numbers - output[:, k:]) + math.log(2 * math.pi))
            bound += ops.mean(ops.sum(likely, axis=-1))
            bound += u * math.log(2.0) + g * 0.5 * math.log(2 * math.pi * math.e)
        return bound

    def read(self, images) -> np.ndarray:
        """Returns the class (N,) that Q reads off images, uint8 or in [-1, 1]."""
        from ganzoo.engine.batch import scaled

        pieces = [images[i : i + 250] for i in range(0, len(images), 250)]
        logits = [self.discriminator(scaled(ops.convert_to_tensor(x)))[1] for x in pieces]
        logits = np.concatenate([ops.convert_to_numpy(x) for x in logits])
        return logits[:, : self.codes.categorical].argmax(1)

    def names(self, images, labels) -> np.ndarray:
        """Returns for each class of the code the label (K,) that it is most often read off from."""
        read = self.read(images)
        return np.array(
            [np.bincount(labels[read == k], minlength=1).argmax()
             for k in range(self.codes.categorical)]
        )  # fmt: skip

    def measure(self, evaluate) -> dict:
        """Returns the distance, and `code_error`, if the examples have labels.

        That is the error of the class of the code as a classifier, which has seen no label: on half
        of the examples it is named, on the other half it is wrong so often.
        """
        found, labels = super().measure(evaluate), evaluate.examples.get("label")
        if labels is None or not self.codes.categorical:
            return found
        images = evaluate.examples["real"]
        named = self.names(images[::2], labels[::2])[self.read(images[1::2])]
        return found | {"code_error": float((named != labels[1::2]).mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns a traversal: a row for each class, or for each number, from its low to its high.

        Columns of a class differ by the other latents, those of a number by that number alone.
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
