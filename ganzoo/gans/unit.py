"""UNIT: translation through a space of latents that both sets of images share."""

import keras
from keras import ops

from ganzoo import losses, random
from ganzoo.gans.cyclegan import apart, judges
from ganzoo.networks import translation as networks
from ganzoo.translation import TwoWay


@keras.saving.register_keras_serializable("ganzoo")
class UNIT(TwoWay):
    """A VAE for each side, whose innermost layers are one; a D for each side's images.

    An image is encoded to the mean m of a Gaussian of variance 1 in a space of maps. What is drawn
    from it is decoded by the own side's decoder, which is to give the image back, and by the
    other's, which is to give its translation; that one, encoded and decoded, the image again.

        reconstruction = weight (mean |x - x'| + mean |y - y'|)
        cycle          = weight (mean |x - x''| + mean |y - y''|)
        kl             = weight (mean m^2, summed over the four encodings)

    In translating it is the mean that is decoded.

    The weights are half those of the authors' code (10, 10 and 0.01), as `losses.LeastSquares` has
    a half in it. Departures from it: D judges one scale, not three; and what translates is the
    moving average. The paper's D descends the logistic loss, the authors' code least squares.

    Reference: Liu et al., 2017, arXiv:1703.00848.
    """

    @classmethod
    def networks(cls, image_shape, width=64, blocks=3, patch=None) -> dict:
        """Returns encoders, decoders and PatchGANs, one of each for either domain.

        One more residual block is shared by both encoders, and one by both decoders.

        Args:
            blocks: Residual blocks of each encoder and decoder, not counting the shared ones.
            patch: Side in pixels of the patch that each logit of D covers: 1, 16, 34, 70, 142 or
                286; by default 70, or the largest that fits into the image.
        """
        side = {
            f"{end}_{key}": make(image_shape, width, blocks, name=f"{end}_{key}")
            for end, make in (("encoder", networks.encoder), ("decoder", networks.decoder))
            for key in "xy"
        }
        shared = {
            name: networks.middle(image_shape, width, name=name)
            for name in ("shared_encoder", "shared_decoder")
        }
        return {"generator": side | shared, "discriminator": judges(image_shape, width, patch)}

    @classmethod
    def learning(cls) -> dict:
        """Least squares with targets 0 and 1, and Adam at 1e-4 with beta_1 0.5.

        Returns:
            reconstruction_weight: Weight of each VAE's reconstruction error.
            cycle_weight: Weight of the cycle-consistency loss.
            kl_weight: Weight of the KL term, the mean square of the latent means.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
            "d_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
            "loss": losses.LeastSquares(0.0, 1.0, 1.0),
            "reconstruction_weight": 5.0,
            "cycle_weight": 5.0,
            "kl_weight": 0.005,
        }

    def path(self, networks, direction):
        """Returns encoder and decoder as one network."""
        source, target = direction.split("_to_")
        parts = f"encoder_{source}", "shared_encoder", "shared_decoder", f"decoder_{target}"
        images = x = keras.Input(networks[parts[0]].input_shape[1:], name="images")
        for part in parts:
            x = networks[part](x)
        return keras.Model(images, x, name=direction)

    @property
    def image_shape(self) -> tuple:
        """The shape of the images, (H, W, C)."""
        return tuple(self.generator["encoder_x"].input_shape[1:])

    def encode(self, images, side: str):
        """Returns the means of the latents of a side's images, in float32, and a draw of them."""
        maps = self.generator[f"encoder_{side}"](images, training=True)
        mean = ops.cast(self.generator["shared_encoder"](maps, training=True), "float32")
        return mean, mean + keras.random.normal(ops.shape(mean), seed=random.seed("latent"))

    def decode(self, latents, side: str):
        """Returns a side's images of latents."""
        maps = self.generator["shared_decoder"](latents, training=True)
        return ops.cast(self.generator[f"decoder_{side}"](maps, training=True), "float32")

    def generate(self, batch) -> dict:
        """Returns the translations, the reconstructions, and the means of the latents."""
        made = {}
        for side, other in ("xy", "yx"):
            made[f"mean_{side}"], latents = self.encode(batch[side], side)
            made[f"again_{side}"] = self.decode(latents, side)
            made[f"fake_{other}"] = self.decode(latents, other)
        return made

    def generator_loss(self, batch) -> dict:
        """Returns what each D makes of the fakes, and the terms of both VAEs and of the cycle."""
        reconstruction = cycle = kl = 0.0
        for side, other in ("xy", "yx"):
            mean, latents = self.encode(batch[f"fake_{other}"], other)
            reconstruction += apart(batch[side], batch[f"again_{side}"])
            cycle += apart(batch[side], self.decode(latents, side))
            kl += ops.mean(ops.square(batch[f"mean_{side}"])) + ops.mean(ops.square(mean))
        return self.persuasions(batch) | {
            "reconstruction": self.reconstruction_weight * reconstruction,
            "cycle": self.cycle_weight * cycle,
            "kl": self.kl_weight * kl,
        }
