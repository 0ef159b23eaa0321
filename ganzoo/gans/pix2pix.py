"""pix2pix: image translation learned from pairs of images."""

import keras
from keras import ops

from ganzoo import metrics, random
from ganzoo.engine.batch import spread
from ganzoo.inference import pictures
from ganzoo.metrics.similarity import WINDOW
from ganzoo.networks import translation as networks
from ganzoo.translation import SHOWN, Translation, rows


@keras.saving.register_keras_serializable("ganzoo")
class Pix2Pix(Translation):
    """A conditional GAN on patches of image pairs, with an L1 loss to the target image.

        L_G = L_adv(G) + weight * mean |y - G(x)|,  the second logged as the term `l1`

    L1 enforces the low frequencies and D the high ones, for which it is enough to judge patches.
    G's only noise is dropout, which is active at inference, too.

    Departure from the paper: batches can have any size; see `networks.translation`.

    Reference: Isola et al., 2017, arXiv:1611.07004.
    """

    monitor = "l1"
    gradient_scale = 10.0  # due to the weight of L1: norms of 50 to 180 were healthy

    @classmethod
    def networks(cls, image_shape, width=64, patch=None, dropout=0.5) -> dict:
        """Returns a U-Net, and a PatchGAN that takes both images of a pair.

        Args:
            patch: Side in pixels of the patch that each logit of D covers: 1, 16, 34, 70, 142 or
                286; by default 70, or the largest that fits into the image.
            dropout: Rate of dropout in G's innermost decoder layers, at training and at inference.
        """
        return {
            "generator": networks.unet(image_shape, width, dropout),
            "discriminator": networks.patch(image_shape, width, patch, conditional=True),
        }

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-4 with beta_1 0.5 and an L1 term of weight 100, as in the paper.

        Returns:
            l1_weight: Weight of the L1 distance between the translation and the target image.
        """
        return super().learning() | {"l1_weight": 100.0}

    def generate(self, batch) -> dict:
        """Returns the translations as `fake`, the targets as `real`, the inputs as `condition`."""
        fake = ops.cast(self.generator(batch["x"], training=True), "float32")
        return {"fake": fake, "real": batch["y"], "condition": batch["x"]}

    def seen(self, judged, batch):
        """Returns the pairs that D sees, with the same augmentation of both images of a pair."""
        condition = batch["condition"]
        if self.augment:
            key = (random.seed("augment") or random.FixedSeed(random.key(0))).key
            with random.scope(key):
                judged = self.augmented(judged)
            with random.scope(key):  # the same key, hence the same augmentation
                condition = self.augmented(condition)
        return [judged, condition]

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term and the L1 distance to the target."""
        distance = ops.mean(ops.abs(batch["real"] - batch["fake"]))
        return super().generator_loss(batch) | {"l1": self.l1_weight * distance}

    def measure(self, evaluate) -> dict:
        """Returns `l1` (from 0 to 1) and `ssim` to the targets, and the distance to set `y`."""
        x, y = self.chosen(evaluate)
        translations = self.translate(x, seed=evaluate.seed)
        results = {"l1": float(metrics.l1(translations, y).mean())}
        if min(y.shape[1:3]) >= WINDOW:
            results["ssim"] = float(metrics.ssim(translations, y).mean())
        return results | evaluate.distance(translations)

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns a grid of examples of `x`, their translations and their targets."""
        x, y = (spread(examples[key], min(SHOWN, len(examples["x"]))) for key in "xy")
        return pictures.grid(rows(x, self.translate(x, seed=seed), y), columns=6)
