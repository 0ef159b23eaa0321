"""StyleGAN2: a generator whose layers are modulated by a learned style vector."""

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine.batch import size_of
from ganzoo.gan import GAN
from ganzoo.networks import stylegan2
from ganzoo.penalties import R1, PathLength


@keras.saving.register_keras_serializable("ganzoo")
class StyleGAN2(GAN):
    """Latents are mapped to styles w, and w modulates every convolution of the synthesis network.

    R1 and the path-length penalty are lazy: they are computed every 16 and every 8 turns. With
    probability `mixing`, the layers of an image from a random layer on use the style of a second
    latent, so that layers do not rely on sharing one style (style mixing).

    Truncating the latents has little effect here, since they are normalized before the mapping; the
    paper truncates w, which `Sampler` does not support.

    Reference: Karras et al., 2020, arXiv:1912.04958; style mixing, Karras et al., 2019,
    arXiv:1812.04948, section 3.1.
    """

    @classmethod
    def networks(cls, image_shape, width=32, latent_dim=128) -> dict:
        """Returns the paper's pair; for points, a mapping and multilayer perceptrons."""
        return stylegan2.pair(image_shape, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 2e-3 with betas 0 and 0.99, R1 with gamma 0.01, path length with weight 2.

        The paper multiplies its learning rates by k / (k + 1), because it applies a lazy term as an
        extra optimizer step after every k; here lazy terms are part of a step, so the rates are not
        scaled. Gamma is the authors' value for 32 pixels (arXiv:2006.06676); the paper uses 10 for
        1024 pixels.

        Returns:
            mixing: Probability that a fake is generated from two styles (style mixing).
        """
        return super().learning() | {
            "penalties": [R1(0.01, interval=16), PathLength(2.0, interval=8)],
            "mixing": 0.9,
            "g_optimizer": keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
            "d_optimizer": keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8),
        }

    def generate(self, batch) -> dict:
        """Returns the fakes, with style mixing."""
        mapping, synthesis, layers = stylegan2.halves(self.generator)
        shape = (size_of(batch), self.latent_dim)
        first, second = (
            mapping(keras.random.normal(shape, seed=random.seed("latent")), training=True)[:, None]
            for _ in range(2)
        )
        count = (shape[0], 1, 1)
        # First layer with the second style, from 1 on; `layers`, past the last, without mixing.
        start = keras.random.randint(count, 1, max(layers, 2), seed=random.seed("crossover"))
        mixed = keras.random.uniform(count, seed=random.seed("mixing")) < self.mixing
        start = ops.where(mixed, start, layers)
        styles = ops.where(ops.arange(layers)[None, :, None] < start, first, second)
        return {"fake": ops.cast(synthesis(styles, training=True), "float32")}
