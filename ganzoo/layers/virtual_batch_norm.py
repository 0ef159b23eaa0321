"""Virtual batch normalization: statistics from a fixed reference batch."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class ReferenceBatch(layers.Layer):
    """Prepends the reference batch to every batch: (N, ...) -> (R + N, ...).

    The reference is the first batch that the layer sees in training, repeated if it has fewer than
    R examples; before that it is zero. `VirtualBatchNormalization` uses its statistics, and
    `WithoutReference` removes it again.

    Args:
        size: R.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.4.
    """

    def __init__(self, size: int = 64, **kwargs):
        super().__init__(**kwargs)
        if size < 2:
            raise ValueError(f"expected size >= 2, got {size}")
        self.size = size

    def build(self, input_shape):
        """Creates the variables of the reference."""
        self.reference = self.add_weight(
            (self.size, *input_shape[1:]), "zeros", name="reference", trainable=False,
            autocast=False, dtype="float32", aggregation="only_first_replica",
        )  # fmt: skip
        self.known = self.add_weight(
            (), "zeros", name="known", trainable=False, autocast=False, dtype="float32",
            aggregation="only_first_replica",
        )  # fmt: skip

    def call(self, x, training: bool = False):
        """Returns the reference and the batch; the first call in training sets the reference."""
        reference = ops.convert_to_tensor(self.reference.value)
        if training:
            indices = ops.arange(self.size) % ops.shape(x)[0]
            first = ops.cast(ops.stop_gradient(ops.take(x, indices, axis=0)), "float32")
            reference = ops.where(self.known.value > 0.0, reference, first)
            self.reference.assign(reference)
            self.known.assign(ops.ones(()))
        return ops.concatenate([ops.cast(reference, x.dtype), x], axis=0)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the reference."""
        count = input_shape[0]
        return (None if count is None else count + self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"size": self.size}


@keras.saving.register_keras_serializable("ganzoo")
class WithoutReference(layers.Layer):
    """Removes the reference batch: (R + N, ...) -> (N, ...).

    Args:
        size: R, the size of the reference batch.
    """

    def __init__(self, size: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, x):
        """Returns the batch without the reference."""
        return x[self.size :]

    def compute_output_shape(self, input_shape):
        """Returns the shape without the reference."""
        count = input_shape[0]
        return (None if count is None else count - self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"size": self.size}


@keras.saving.register_keras_serializable("ganzoo")
class VirtualBatchNormalization(layers.Layer):
    """Normalizes each example with the statistics of the reference batch and the example itself.

    With the moments m of the reference and e of the example (over its positions), the example is
    normalized by (R m + e) / (R + 1), and the reference by m. So the output does not depend on the
    other examples of the batch.

    Input and output: (R + N, ..., C), of which the first R are the reference.

    Args:
        size: R, the size of the reference batch.
        epsilon: Small number added to the variance.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.4.
    """

    def __init__(self, size: int = 64, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.size, self.epsilon = size, epsilon

    def build(self, input_shape):
        """Creates a scale and a shift for each channel."""
        self.gamma = self.add_weight((input_shape[-1],), "ones", name="gamma")
        self.beta = self.add_weight((input_shape[-1],), "zeros", name="beta")

    def call(self, x):
        """Returns the normalized batch; the statistics are computed in float32."""
        y = ops.cast(x, "float32")
        axes = tuple(range(1, len(x.shape) - 1))
        mean, square = (ops.mean(v, axes, keepdims=True) if axes else v for v in (y, y * y))
        moments = []
        for moment in (mean, square):
            reference = ops.mean(moment[: self.size], axis=0, keepdims=True)
            example = (self.size * reference + moment[self.size :]) / (self.size + 1.0)
            reference = ops.repeat(reference, self.size, axis=0)
            moments.append(ops.concatenate([reference, example], axis=0))
        mean, square = moments
        variance = ops.maximum(square - ops.square(mean), 0.0)
        y = (y - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(y, x.dtype) * self.gamma + self.beta

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"size": self.size, "epsilon": self.epsilon}
