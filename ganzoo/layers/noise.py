"""NoiseInjection: a place for what varies by chance, so that latents need not encode it."""

import keras
from keras import layers, ops

from ganzoo import random


@keras.saving.register_keras_serializable("ganzoo")
class NoiseInjection(layers.Layer):
    """Adds Gaussian noise, one value for each pixel, of a learned strength that starts at zero.

    In training the noise is drawn anew for every image. Else it is one map, which was drawn when
    the layer was built and is kept with the weights, so that an image is a function of its latents.

    Input and output: (N, H, W, C), of known H and W.

    Reference: Karras et al., 2019, arXiv:1812.04948, section 2; the single strength for all
    channels, Karras et al., 2020, arXiv:1912.04958, appendix B.
    """

    def build(self, input_shape):
        """Makes the strength and the map for inference."""
        self.strength = self.add_weight((), "zeros", name="strength")
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.noise = self.add_weight((*input_shape[1:3], 1), start, name="noise", trainable=False)

    def call(self, x, training: bool = False):
        """Adds the noise."""
        noise = self.noise
        if training:
            shape = (ops.shape(x)[0], *self.noise.shape)
            noise = keras.random.normal(shape, dtype="float32", seed=random.seed("noise"))
        return x + ops.cast(self.strength, x.dtype) * ops.cast(noise, x.dtype)
