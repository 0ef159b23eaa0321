"""Batch normalisation that is one operation, where it is the time that counts."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("ganzoo")
class BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization`; in training, of maps (N, H, W, C), by a fused operation.

    Keras puts it together from operations that each walk over the whole map, in float32. The fused
    one of TensorFlow takes less than half of their time on a CPU, and reads and writes bfloat16,
    with statistics in float32; what whole trainings gain is in benchmarks/results/batch_norm.json.
    Results are the same but for rounding, and so are the moving statistics. In use, in float16, of
    other ranks and axes, with a mask, with `synchronized` or `renorm`, and on other backends, it is
    Keras' own.

    Args:
        **kwargs: As of Keras' layer.

    Reference: Ioffe & Szegedy, 2015, arXiv:1502.03167.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalises."""
        if not (training and self.trainable and mask is None and self._fused(inputs)):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            self.gamma if self.scale else tf.ones_like(self.moving_variance),
            self.beta if self.center else tf.zeros_like(self.moving_mean),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
        for moving, new in (
            (self.moving_mean, mean),
            (self.moving_variance, variance * (count - 1.0) / count),  # it divides by N - 1
        ):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return outputs

    def _fused(self, inputs) -> bool:
        """Returns whether the fused operation does what Keras' layer would."""
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self._reduction_axes == [0, 1, 2]
            and keras.backend.standardize_dtype(inputs.dtype) == self.compute_dtype
            and self.compute_dtype in ("float32", "bfloat16")
            and not (self.synchronized or self.renorm)
            and self.epsilon > 1.001e-5  # the least that it knows
        )
