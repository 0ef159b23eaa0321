"""Weight normalisation: a dense layer whose weights have a length and a direction."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class WeightNormDense(layers.Dense):
    """`keras.layers.Dense` with the kernel g V / |V|, of each output its own g and V.

    It keeps the examples of a batch apart, which batch normalisation does not. The paper's start
    from the statistics of a first batch is left out.

    Args:
        units: As of `Dense`, like all others that are not named here.
        length: g, at the start.
        train_length: Whether g is trained. If noise follows the layer it should not be: g would
            grow until the noise is nothing beside it.

    Reference: Salimans & Kingma, 2016, arXiv:1602.07868.
    """

    def __init__(self, units: int, length: float = 1.0, train_length: bool = True, **kwargs):
        super().__init__(units, **kwargs)
        self.length, self.train_length = length, train_length

    def build(self, input_shape):
        """Adds the lengths."""
        super().build(input_shape)
        start = keras.initializers.Constant(self.length)
        self.scale = self.add_weight(
            (self.units,), start, name="scale", autocast=False, trainable=self.train_length
        )

    @property
    def kernel(self):
        """The kernel g V / |V|."""
        raw = super().kernel
        direction = ops.cast(raw, "float32")
        length = ops.sqrt(ops.sum(ops.square(direction), axis=0) + 1e-12)
        return ops.cast(direction * (self.scale.value / length), raw.dtype)

    def save_own_variables(self, store):
        """Saves all variables by their places: the layer's own method would leave out the scale."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        """Loads what was saved."""
        layers.Layer.load_own_variables(self, store)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"length": self.length, "train_length": self.train_length}
