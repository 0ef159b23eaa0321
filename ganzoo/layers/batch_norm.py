"""Batch normalization by a single fused operation, for faster training."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("ganzoo")
class BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with a fused operation for training on (N, H, W, C).

    Keras composes batch normalization from several operations, each of which passes over the whole
    feature map in float32. TensorFlow's fused operation takes less than half the time on a CPU, and
    reads and writes bfloat16, with statistics in float32; for the speed-up of whole trainings see
    benchmarks/results/batch_norm.json. Outputs and moving statistics are the same up to rounding.
    Keras' own implementation is used at inference, in float16, for other ranks and axes, with a
    mask, with `synchronized` or `renorm`, and on other backends.

    Args:
        **kwargs: Arguments of `keras.layers.BatchNormalization`.

    Reference: Ioffe & Szegedy, 2015, arXiv:1502.03167.
    """

    def call(self, inputs, training=None, mask=None):
        """Returns the normalized inputs."""
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
            (self.moving_variance, variance * (count - 1.0) / count),  # the op divides by N - 1
        ):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return outputs

    def _fused(self, inputs) -> bool:
        """Returns whether the fused operation gives the same result as Keras' layer."""
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self._reduction_axes == [0, 1, 2]
            and keras.backend.standardize_dtype(inputs.dtype) == self.compute_dtype
            and self.compute_dtype in ("float32", "bfloat16")
            and not (self.synchronized or self.renorm)
            and self.epsilon > 1.001e-5  # the minimum of the fused operation
        )
