"""LearnedConstant: the map that every image starts from."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class LearnedConstant(layers.Layer):
    """One map of weights, drawn from N(0, 1), for each example of the input (N, ...).

    Output: (N, *shape); nothing of the input but N is used.

    Args:
        shape: Shape of the map, (H, W, C).

    Reference: Karras et al., 2019, arXiv:1812.04948, section 2.
    """

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape):
        """Makes the map."""
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(self.shape, start, name="constant")

    def call(self, x):
        """Repeats it."""
        return ops.broadcast_to(self.constant, (ops.shape(x)[0], *self.shape))

    def compute_output_shape(self, input_shape):
        """Returns the shape of the maps."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"shape": self.shape}
