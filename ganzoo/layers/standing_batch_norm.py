"""StandingBatchNorm: batch normalization by statistics that are stored for each truncation."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class StandingBatchNorm(layers.Layer):
    """Normalization by stored means and variances, of which there is one for each truncation.

    Latents that are truncated have other statistics than those of the training. They are stored for
    truncations from 0 to 1 in equal steps, and interpolated between.

    Inputs: a map (N, H, W, C), truncations (N,), and, if it is conditional, vectors (N, D) of which
    scale, around 1, and offset are linear functions. With a single stored statistic there are no
    truncations.

    Args:
        steps: Number of stored statistics.
        conditional: Whether there are vectors.
        epsilon: Added to the variance.

    Reference: Brock et al., 2019, arXiv:1809.11096, and the weights that its authors published.
    """

    def __init__(self, steps: int = 51, conditional: bool = True, epsilon: float = 1e-4, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.conditional, self.epsilon = steps, conditional, epsilon

    def build(self, input_shape):
        """Creates the statistics, and scale and offset or their linear maps."""
        channels = input_shape[0][-1]
        shape, frozen = (self.steps, channels), {"trainable": False}
        self.means = self.add_weight(shape, "zeros", name="running_means", **frozen)
        self.variances = self.add_weight(shape, "ones", name="running_vars", **frozen)
        if self.conditional:
            self.scale, self.offset = (
                layers.Dense(
                    channels, use_bias=False, dtype=self.dtype_policy, name=f"{self.name}.{part}"
                )
                for part in ("scale", "offset")
            )
            self.scale.build(input_shape[-1])
            self.offset.build(input_shape[-1])
        else:
            self.gamma = self.add_weight((channels,), "ones", name="weight")
            self.beta = self.add_weight((channels,), "zeros", name="bias")

    def call(self, inputs):
        """Returns the normalized map."""
        x, mean, variance = inputs[0], self.means, self.variances
        if self.steps > 1:
            mean, variance = self._between(inputs[1])
        scale = ops.rsqrt(variance + self.epsilon)
        if self.conditional:
            scale = scale * (1.0 + self.scale(inputs[-1]))
            offset = self.offset(inputs[-1])
        else:
            scale, offset = scale * self.gamma, self.beta[None]
        offset = offset - mean * scale
        return x * scale[:, None, None, :] + offset[:, None, None, :]

    def _between(self, truncation) -> list:
        """Returns the mean and the variance for truncations (N,), each (N, C)."""
        place = ops.clip(truncation, 0.0, 1.0) * (self.steps - 1)
        # A hair above, or 0.02 * 50 would fall between two stored statistics by its rounding.
        low = ops.clip(ops.floor(place + 1e-4), 0, self.steps - 2)
        part, low = (place - low)[:, None], ops.cast(low, "int32")
        found = []
        for table in (self.means, self.variances):
            below, above = ops.take(table, low, axis=0), ops.take(table, low + 1, axis=0)
            found.append(below + part * (above - below))
        return found

    def compute_output_shape(self, input_shape):
        """Returns the map's shape."""
        return input_shape[0]

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "steps": self.steps,
            "conditional": self.conditional,
            "epsilon": self.epsilon,
        }
