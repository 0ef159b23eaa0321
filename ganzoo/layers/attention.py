"""Self-attention: every place of a map may look at every other one."""

import keras
from keras import layers, ops

from ganzoo.layers.spectral import SpectralConv2D


@keras.saving.register_keras_serializable("ganzoo")
class SelfAttention(layers.Layer):
    """x + gamma o, with o what each place of the map attends to; gamma starts at 0.

    Queries have C / 8 channels; keys, of as many, and values, of C / 2, are taken from a map of
    half the size. The four 1 x 1 convolutions are spectrally normalised, as in the authors' code.

    Input and output: (N, H, W, C), with H and W from 2.

    Reference: Zhang et al., 2019, arXiv:1805.08318.
    """

    def build(self, input_shape):
        """Makes the four convolutions."""
        channels = input_shape[-1]
        few, half = max(channels // 8, 1), max(channels // 2, 1)

        def conv(filters, name):
            return SpectralConv2D(filters, 1, use_bias=False, name=name, dtype=self.dtype_policy)

        self.query, self.key = conv(few, "query"), conv(few, "key")
        self.value, self.out = conv(half, "value"), conv(channels, "out")
        for layer in (self.query, self.key, self.value):
            layer.build(input_shape)
        self.out.build((*input_shape[:-1], half))
        self.gamma = self.add_weight((), "zeros", name="gamma")

    def call(self, x, training: bool = False):
        """Attends."""
        _, height, width, _ = x.shape
        small = [
            ops.max_pool(layer(x, training=training), 2, 2, padding="same")
            for layer in (self.key, self.value)
        ]
        places = [
            ops.reshape(y, (-1, y.shape[1] * y.shape[2], y.shape[3]))
            for y in (self.query(x, training=training), *small)
        ]
        query, key, value = places
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        seen = ops.matmul(ops.softmax(ops.cast(scores, "float32")), ops.cast(value, "float32"))
        seen = ops.reshape(ops.cast(seen, x.dtype), (-1, height, width, value.shape[-1]))
        return x + ops.cast(self.gamma, x.dtype) * self.out(seen, training=training)
