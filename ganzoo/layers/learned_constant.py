"""LearnedConstant: the trainable feature map that a StyleGAN generator starts from."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class LearnedConstant(layers.Layer):
    """A layer whose output for each example is the same trainable map, initialized from N(0, 1).

    Input: (N, ...), of which only N is used. Output: (N, *shape).

    Args:
        shape: Shape of the map, (H, W, C).

    Reference: Karras et al., 2019, arXiv:1812.04948, section 2.
    """

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape):
        """Creates the map."""
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(self.shape, normal, name="constant")

    def call(self, x):
        """Returns the map, repeated for each example."""
        return ops.broadcast_to(self.constant, (ops.shape(x)[0], *self.shape))

    def compute_output_shape(self, input_shape):
        """Returns the shape of the repeated maps."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"shape": self.shape}
