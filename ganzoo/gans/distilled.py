"""Distillation: a small generator learns to draw what a large one draws from the same latents."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine import pixels
from ganzoo.engine.batch import conditioned, scaled, spread
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.metrics import perceptual
from ganzoo.networks import dcgan

SHOWN = 24  # pairs in a picture
COMPARED = 400  # pairs that `measure` compares


@keras.saving.register_keras_serializable("ganzoo")
class Distilled(GAN):
    """A student G learns from a teacher T, by pairs of a latent and what T drew from it.

        L_G = adv + distance_weight d(T(z), G(z)),  L_D: T(z) is real, G(z) is fake

    d is the mean squared difference of pixels and, with `perceptual`, the distance of features.
    The distance teaches G which image belongs to which latent; D keeps it from being blurred. With
    `fresh_latents`, D judges what G draws from latents that no pair has: of these there is no end,
    so that G learns to draw sharp images from all latents, not only from those of few pairs.

    The batches hold `latents` beside `real`, and labels if the teacher takes them: the data set
    `drawn:NAME` makes them of any generator. The teacher's weights are not needed, only what it
    draws.

    Reference: Aguinaldo et al., 2019, arXiv:1902.00159, section 3 (joint loss). Departures: the
    networks are DCGAN's in other widths, D judges the images of the pairs unless `fresh_latents` is
    set, and the distance may be one of features.
    """

    pictured = (
        "In each pair of rows: what the teacher drew, and below it what the student draws from the "
        "same latents, which it was not trained on"
    )
    held_out = True
    makers = GAN.makers | {"perceptual": perceptual.get}

    @classmethod
    def networks(cls, image_shape, teacher_dim, num_classes=None, width=16) -> dict:
        """Returns DCGAN's pair, which takes the latents, and the labels, of the teacher.

        Args:
            teacher_dim: Dimension of the teacher's latents.
        """
        return dcgan.pair(image_shape, width, teacher_dim, num_classes=num_classes)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 for both sides, the non-saturating loss, and a distance of weight 10.

        Returns:
            distance_weight: Weight of the distance between the teacher's image and the student's.
            perceptual: Features that the distance compares besides pixels: `vgg16` or `alexnet` for
                LPIPS, `mnist` or `fashion_mnist` for those of a classifier; none by default.
            fresh_latents: Whether D judges what G draws from other latents than those of the pairs,
                drawn anew for each batch. For teachers with normal latents.
        """
        return super().learning() | {
            "distance_weight": 10.0, "perceptual": None, "fresh_latents": False,
        }  # fmt: skip

    def generate(self, batch) -> dict:
        """Returns what D judges, drawn from the teacher's latents or from fresh ones.

        Raises:
            InputError: If the batch has no latents.
        """
        if "latents" not in batch:
            raise InputError(
                "distilled learns from batches of `real` and `latents`: load the data set "
                "drawn:NAME, where NAME is the teacher."
            )
        return super().generate(batch) if self.fresh_latents else {"fake": self._redrawn(batch)}

    def _redrawn(self, batch):
        """Returns what the student draws from the teacher's latents."""
        inputs = conditioned(self.generator, batch["latents"], batch)
        return ops.cast(self.generator(inputs, training=True), "float32")

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term and the distance to the teacher's images."""
        rows = self.perceptual or perceptual.rows_of
        redrawn = self._redrawn(batch) if self.fresh_latents else batch["fake"]
        distance = ops.mean(ops.sum(ops.square(rows(batch["real"]) - rows(redrawn)), axis=1))
        return super().generator_loss(batch) | {"distance": self.distance_weight * distance}

    def again(self, examples: dict, count: int) -> tuple:
        """Returns some of the teacher's images and what the student draws in their place, uint8."""
        real, latents, *labels = (
            spread(examples[key], min(count, len(examples["real"])))
            for key in ("real", "latents", "label")
            if key in examples
        )
        real = ops.convert_to_numpy(pixels.to_uint8(scaled(ops.convert_to_tensor(real))))
        return real, self.sample(latents=latents, labels=labels[0] if labels else None)

    def measure(self, evaluate) -> dict:
        """Returns the distance of the samples, and the `error` to the teacher's images.

        It is the root mean square difference of images in [-1, 1], on held-out pairs.
        """
        real, ours = (x.astype("float32") / 127.5 for x in self.again(evaluate.examples, COMPARED))
        error = {"error": float(np.sqrt(np.mean((real - ours) ** 2)))}
        return super().measure(evaluate) | error

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns rows of the teacher's images, each above the student's."""
        if "latents" not in examples or len(self.image_shape) == 1:
            return super().picture(examples, num, seed)
        real, ours = self.again(examples, SHOWN)
        rows = [x[i : i + 8] for i in range(0, len(real), 8) for x in (real, ours)]
        return pictures.grid(np.concatenate(rows), 8)
