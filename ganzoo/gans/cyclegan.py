"""CycleGAN: translation learned from two sets of images that nobody paired."""

import keras
from keras import ops

from ganzoo import losses
from ganzoo.networks import translation as networks
from ganzoo.replay import Replay
from ganzoo.translation import TwoWay


@keras.saving.register_keras_serializable("ganzoo")
class CycleGAN(TwoWay):
    """Two generators, G from x to y and F back, and a D for each side's images.

        cycle    = weight (mean |F(G(x)) - x| + mean |G(F(y)) - y|)
        identity = weight (mean |F(x) - x| + mean |G(y) - y|)

    The cycle lets no image be translated into just any one of the other side; the identity term,
    which is left out at a weight of 0, has what is of the right side already be left alone.

    The weights are half the paper's 10 and 5, as `losses.LeastSquares` has a half in it. Departures
    from the paper: a pool of 256 images, where it has 50 for batches of one; and what translates is
    the moving average. The paper's rate, which falls linearly in the second half of the training,
    is `schedules.LinearDecay`.

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
            "discriminator": judges(image_shape, width, patch),
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
        """Returns both sides' translations, by the side that they are to belong to."""
        return {
            "fake_y": self.translated(batch["x"], "x_to_y"),
            "fake_x": self.translated(batch["y"], "y_to_x"),
        }

    def translated(self, images, direction: str):
        """Returns images (N, H, W, C) as their generator in training translates them."""
        return ops.cast(self.generator[direction](images, training=True), "float32")

    def generator_loss(self, batch) -> dict:
        """Returns what each D makes of the fakes, the cycle and the identity."""
        x, y = batch["x"], batch["y"]
        cycle = apart(x, self.translated(batch["fake_y"], "y_to_x"))
        cycle += apart(y, self.translated(batch["fake_x"], "x_to_y"))
        terms = self.persuasions(batch) | {"cycle": self.cycle_weight * cycle}
        if self.identity_weight:
            same = apart(x, self.translated(x, "y_to_x")) + apart(y, self.translated(y, "x_to_y"))
            terms["identity"] = self.identity_weight * same
        return terms


def judges(image_shape, width: int, field: int | None) -> dict:
    """Returns a PatchGAN for each side's images."""
    return {
        key: networks.patch(image_shape, width, field, name=f"discriminator_{key}") for key in "xy"
    }


def apart(a, b):
    """Returns the mean absolute difference of images."""
    return ops.mean(ops.abs(a - b))
