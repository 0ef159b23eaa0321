"""pix2pix: translation learned from pairs."""

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
    """D sees both images of a pair, and judges patches; G also stays near the true partner.

        L_G = L_adv(G) + weight * mean |y - G(x)|,  the second logged as the term `l1`

    L1 gets the low frequencies right, D the rest: a patch is all that it has to look at. G's only
    noise is dropout, in translating, too.

    Departure from the paper: batches of any size, see `networks.translation`.

    Reference: Isola et al., 2017, arXiv:1611.07004.
    """

    monitor = "l1"
    gradient_scale = 10.0  # by the weight of L1: norms of 50 to 180 were healthy

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
        """Returns the translations, and the pair as what both sides are given."""
        fake = ops.cast(self.generator(batch["x"], training=True), "float32")
        return {"fake": fake, "real": batch["y"], "condition": batch["x"]}

    def discriminate(self, images, batch):
        """Returns D's logits on pairs, both of whose images are augmented alike."""
        condition = batch["condition"]
        if self.augment:
            key = (random.seed("augment") or random.FixedSeed(random.key(0))).key
            with random.scope(key):
                images = self.augmented(images)
            with random.scope(key):  # which draws the same again
                condition = self.augmented(condition)
        return self.discriminator([images, condition], training=True)

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial term, and the distance to the true partner."""
        distance = ops.mean(ops.abs(batch["real"] - batch["fake"]))
        return super().generator_loss(batch) | {"l1": self.l1_weight * distance}

    def measure(self, evaluate) -> dict:
        """Returns `l1`, of 0 to 1, and `ssim` to the true partners, and the distance of styles."""
        x, y = self.chosen(evaluate)
        found = self.translate(x, seed=evaluate.seed)
        measured = {"l1": float(metrics.l1(found, y).mean())}
        if min(y.shape[1:3]) >= WINDOW:
            measured["ssim"] = float(metrics.ssim(found, y).mean())
        return measured | evaluate.distance(found)

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns examples of `x`, their translations, and their true partners."""
        x, y = (spread(examples[key], min(SHOWN, len(examples["x"]))) for key in "xy")
        return pictures.grid(rows(x, self.translate(x, seed=seed), y), columns=6)
