"""Self-attention between all positions of a feature map."""

import keras
from keras import layers, ops

from ganzoo.layers.spectral import SpectralConv2D


@keras.saving.register_keras_serializable("ganzoo")
class SelfAttention(layers.Layer):
    """Self-attention with a skip connection: x + gamma o, where gamma is learned and starts at 0.

    Queries and keys have C / 8 channels, values C / 2; keys and values are max-pooled to half the
    size. The four 1 x 1 convolutions are spectrally normalized, as in the authors' code.

    Input and output: (N, H, W, C), with H and W of at least 2.

    Reference: Zhang et al., 2019, arXiv:1805.08318.
    """

    def build(self, input_shape):
        """Creates the four convolutions."""
        channels = input_shape[-1]
        eighth, half = max(channels // 8, 1), max(channels // 2, 1)

        def conv(filters, name):
            return SpectralConv2D(filters, 1, use_bias=False, name=name, dtype=self.dtype_policy)

        self.query, self.key = conv(eighth, "query"), conv(eighth, "key")
        self.value, self.out = conv(half, "value"), conv(channels, "out")
        for layer in (self.query, self.key, self.value):
            layer.build(input_shape)
        self.out.build((*input_shape[:-1], half))
        self.gamma = self.add_weight((), "zeros", name="gamma")

    def call(self, x, training: bool = False):
        """Returns the map plus the attended features; the softmax is computed in float32."""
        _, height, width, _ = x.shape
        pooled = [
            ops.max_pool(layer(x, training=training), 2, 2, padding="same")
            for layer in (self.key, self.value)
        ]
        query, key, value = [
            ops.reshape(y, (-1, y.shape[1] * y.shape[2], y.shape[3]))
            for y in (self.query(x, training=training), *pooled)
        ]
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        attended = ops.matmul(ops.softmax(ops.cast(scores, "float32")), ops.cast(value, "float32"))
        attended = ops.reshape(ops.cast(attended, x.dtype), (-1, height, width, value.shape[-1]))
        return x + ops.cast(self.gamma, x.dtype) * self.out(attended, training=training)
