"""UNIT: unpaired image translation through a latent space that both domains share."""

import keras
from keras import ops

from ganzoo import losses, random
from ganzoo.gans.cyclegan import discriminators, l1
from ganzoo.networks import translation as networks
from ganzoo.translation import TwoWay


@keras.saving.register_keras_serializable("ganzoo")
class UNIT(TwoWay):
    """A VAE for each domain, with shared innermost layers, and a discriminator for each domain.

    An image is encoded to the mean m of a Gaussian of variance 1 over feature maps. A sample from
    it is decoded by the decoder of the same domain to the reconstruction x', and by the decoder of
    the other domain to the translation; encoding and decoding the translation back gives x''.

        reconstruction = weight (mean |x - x'| + mean |y - y'|)
        cycle          = weight (mean |x - x''| + mean |y - y''|)
        kl             = weight (mean m^2, summed over the four encodings)

    At inference, the mean is decoded.

    The weights are half those of the authors' code (10, 10 and 0.01), because `losses.LeastSquares`
    contains a factor of 1/2. Departures from that code: D judges a single scale, not three; and the
    moving average of the networks translates. The loss is the least squares of the authors' code;
    the paper has the logistic loss.

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
        return {
            "generator": side | shared,
            "discriminator": discriminators(image_shape, width, patch),
        }

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
        """Returns the encoder and the decoder of a direction as one network."""
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
        """Returns the latent means of a domain's images, and samples around them, in float32."""
        maps = self.generator[f"encoder_{side}"](images, training=True)
        mean = ops.cast(self.generator["shared_encoder"](maps, training=True), "float32")
        return mean, mean + keras.random.normal(ops.shape(mean), seed=random.seed("latent"))

    def decode(self, latents, side: str):
        """Returns the images of a domain that latents are decoded to."""
        maps = self.generator["shared_decoder"](latents, training=True)
        return ops.cast(self.generator[f"decoder_{side}"](maps, training=True), "float32")

    def generate(self, batch) -> dict:
        """Returns the translations, the reconstructions and the latent means."""
        outputs = {}
        for side, other in ("xy", "yx"):
            outputs[f"mean_{side}"], latents = self.encode(batch[side], side)
            outputs[f"again_{side}"] = self.decode(latents, side)
            outputs[f"fake_{other}"] = self.decode(latents, other)
        return outputs

    def generator_loss(self, batch) -> dict:
        """Returns the adversarial terms of both domains, and the VAE and cycle terms."""
        reconstruction = cycle = kl = 0.0
        for side, other in ("xy", "yx"):
            mean, latents = self.encode(batch[f"fake_{other}"], other)
            reconstruction += l1(batch[side], batch[f"again_{side}"])
            cycle += l1(batch[side], self.decode(latents, side))
            kl += ops.mean(ops.square(batch[f"mean_{side}"])) + ops.mean(ops.square(mean))
        return self.persuasions(batch) | {
            "reconstruction": self.reconstruction_weight * reconstruction,
            "cycle": self.cycle_weight * cycle,
            "kl": self.kl_weight * kl,
        }
