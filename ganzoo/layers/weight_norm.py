"""Weight normalization: a dense layer whose weights have a separate length and direction."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class WeightNormDense(layers.Dense):
    """`keras.layers.Dense` with the kernel g V / |V|, where each output has its own g and V.

    Unlike batch normalization, it treats the examples of a batch independently. Departure from the
    paper: weights are not initialized from the statistics of a first batch.

    Args:
        units: Number of outputs, as in `Dense`.
        length: Initial value of g.
        train_length: Whether g is trained. It should not be if noise follows the layer, as g would
            grow until the noise is negligible.
        **kwargs: Further arguments of `Dense`.

    Reference: Salimans & Kingma, 2016, arXiv:1602.07868.
    """

    def __init__(self, units: int, length: float = 1.0, train_length: bool = True, **kwargs):
        super().__init__(units, **kwargs)
        self.length, self.train_length = length, train_length

    def build(self, input_shape):
        """Adds the lengths."""
        super().build(input_shape)
        constant = keras.initializers.Constant(self.length)
        self.scale = self.add_weight(
            (self.units,), constant, name="scale", autocast=False, trainable=self.train_length
        )

    @property
    def kernel(self):
        """The kernel g V / |V|."""
        raw = super().kernel
        direction = ops.cast(raw, "float32")
        length = ops.sqrt(ops.sum(ops.square(direction), axis=0) + 1e-12)
        return ops.cast(direction * (self.scale.value / length), raw.dtype)

    def save_own_variables(self, store):
        """Saves all variables by index, as the layer's own method would omit the scale."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        """Loads the variables that `save_own_variables` saved."""
        layers.Layer.load_own_variables(self, store)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"length": self.length, "train_length": self.train_length}
