"""Virtual batch normalisation: statistics of a reference batch, which is chosen once."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class ReferenceBatch(layers.Layer):
    """Puts the reference batch in front of every batch: (N, ...) -> (R + N, ...).

    The reference is the first batch that the layer sees in training, repeated if it is smaller than
    R; until then it is zeros. `VirtualBatchNormalization` takes its statistics, and
    `WithoutReference` leaves it behind.

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
        """Makes room for the reference."""
        self.reference = self.add_weight(
            (self.size, *input_shape[1:]), "zeros", name="reference", trainable=False,
            autocast=False, dtype="float32", aggregation="only_first_replica",
        )  # fmt: skip
        self.known = self.add_weight(
            (), "zeros", name="known", trainable=False, autocast=False, dtype="float32",
            aggregation="only_first_replica",
        )  # fmt: skip

    def call(self, x, training: bool = False):
        """Joins; the first time in training, keeps."""
        reference = ops.convert_to_tensor(self.reference.value)
        if training:
            places = ops.arange(self.size) % ops.shape(x)[0]
            first = ops.cast(ops.stop_gradient(ops.take(x, places, axis=0)), "float32")
            reference = ops.where(self.known.value > 0.0, reference, first)
            self.reference.assign(reference)
            self.known.assign(ops.ones(()))
        return ops.concatenate([ops.cast(reference, x.dtype), x], axis=0)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the reference."""
        count = input_shape[0]
        return (None if count is None else count + self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"size": self.size}


@keras.saving.register_keras_serializable("ganzoo")
class WithoutReference(layers.Layer):
    """Leaves the reference batch behind: (R + N, ...) -> (N, ...).

    Args:
        size: R.
    """

    def __init__(self, size: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, x):
        """Cuts."""
        return x[self.size :]

    def compute_output_shape(self, input_shape):
        """Returns the shape without the reference."""
        count = input_shape[0]
        return (None if count is None else count - self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"size": self.size}


@keras.saving.register_keras_serializable("ganzoo")
class VirtualBatchNormalization(layers.Layer):
    """Normalises each example by the statistics of the reference batch and of itself alone.

    Of moments m of the reference and e of the example (over its places), the example gets
    (R m + e) / (R + 1), the reference m: what comes out does not depend on the rest of the batch.

    Input and output: (R + N, ..., C), of which the first R are the reference.

    Args:
        size: R.
        epsilon: Added to the variance.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.4.
    """

    def __init__(self, size: int = 64, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.size, self.epsilon = size, epsilon

    def build(self, input_shape):
        """Makes scale and shift, of the channels."""
        self.gamma = self.add_weight((input_shape[-1],), "ones", name="gamma")
        self.beta = self.add_weight((input_shape[-1],), "zeros", name="beta")

    def call(self, x):
        """Normalises, in float32."""
        y = ops.cast(x, "float32")
        places = tuple(range(1, len(x.shape) - 1))
        mean, square = (ops.mean(v, places, keepdims=True) if places else v for v in (y, y * y))
        parts = []
        for moment in (mean, square):
            whole = ops.mean(moment[: self.size], axis=0, keepdims=True)
            own = (self.size * whole + moment[self.size :]) / (self.size + 1.0)
            parts.append(ops.concatenate([ops.repeat(whole, self.size, axis=0), own], axis=0))
        mean, square = parts
        variance = ops.maximum(square - ops.square(mean), 0.0)
        y = (y - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(y, x.dtype) * self.gamma + self.beta

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"size": self.size, "epsilon": self.epsilon}
