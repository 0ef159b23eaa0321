"""CycleGAN: image translation learned from unpaired images."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.networks import translation as networks
from ganzoo.replay import Replay
from ganzoo.translation import TwoWay


@keras.saving.register_keras_serializable("ganzoo")
class CycleGAN(TwoWay):
    """Two generators, G from x to y and F from y to x, and a discriminator for each domain.

        cycle    = weight (mean |F(G(x)) - x| + mean |G(F(y)) - y|)
        identity = weight (mean |F(x) - x| + mean |G(y) - y|)

    The cycle term keeps the content of an image: without it any image of the other domain would do
    as a translation. The identity term keeps images unchanged that already belong to the target
    domain; a weight of 0 leaves it out.

    The weights are half the paper's 10 and 5, because `losses.LeastSquares` contains a factor of
    1/2. Departures from the paper: the pool holds 256 past fakes, where the paper has 50 with
    batches of one; and the moving average of the generators translates. For the paper's learning
    rate, which decays linearly in the second half of the training, see `schedules.LinearDecay`.

    Reference: Zhu et al., 2017, arXiv:1703.10593.
    """

    @classmethod
    def networks(cls, image_shape, width=64, blocks=None, patch=None) -> dict:
        """Returns a residual generator for each direction and a PatchGAN for each domain.

        Args:
            blocks: Residual blocks of each generator; by default 6, or 9 if the images have 256 or
                more pixels a side.
            patch: Side in pixels of the patch that each logit of D covers: 1, 16, 34, 70, 142 or
                286; by default 70, or the largest that fits into the image.
        """
        return {
            "generator": {
                key: networks.resnet(image_shape, width, blocks, name=key) for key in cls.directions
            },
            "discriminator": discriminators(image_shape, width, patch),
        }

    @classmethod
    def learning(cls) -> dict:
        """Least squares with targets 0 and 1, Adam at 2e-4 with beta_1 0.5, a pool of past fakes.

        Returns:
            cycle_weight: Weight of the cycle-consistency loss.
            identity_weight: Weight of the identity loss: G should leave an image that already
                belongs to its target domain unchanged.
        """
        return super().learning() | {
            "loss": losses.LeastSquares(0.0, 1.0, 1.0),
            "replay": Replay(256),
            "cycle_weight": 5.0,
            "identity_weight": 2.5,
        }

    def generate(self, batch) -> dict:
        """Returns the translations of `x` as `fake_y`, and of `y` as `fake_x`."""
        return {
            "fake_y": self.translated(batch["x"], "x_to_y"),
            "fake_x": self.translated(batch["y"], "y_to_x"),
        }

    def translated(self, images, direction: str):
        """Returns the translations of images (N, H, W, C), in training mode."""
        return ops.cast(self.generator[direction](images, training=True), "float32")

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial terms of both domains, the cycle term and the identity term."""
        x, y = batch["x"], batch["y"]
        cycle = l1(x, self.translated(batch["fake_y"], "y_to_x"))
        cycle += l1(y, self.translated(batch["fake_x"], "x_to_y"))
        terms = self.persuasions(batch) | {"cycle": self.cycle_weight * cycle}
        if self.identity_weight:
            identity = l1(x, self.translated(x, "y_to_x")) + l1(y, self.translated(y, "x_to_y"))
            terms["identity"] = self.identity_weight * identity
        return terms


def discriminators(image_shape, width: int, field: int | None) -> dict:
    """Returns a PatchGAN for each domain."""
    return {
        key: networks.patch(image_shape, width, field, name=f"discriminator_{key}") for key in "xy"
    }


def l1(a, b):
    """Returns the mean absolute difference between images."""
    return ops.mean(ops.abs(a - b))
