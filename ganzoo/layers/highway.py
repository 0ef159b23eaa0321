"""Highway: a layer that lets features pass unchanged, as far as a gate decides."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Highway(layers.Layer):
    """y = t relu(W x + b) + (1 - t) x, with the gate t = sigmoid(V x + c), from (N, D) to (N, D).

    The gate's bias starts at -2: at first nearly everything passes.

    Reference: Srivastava et al., 2015, arXiv:1505.00387.
    """

    def build(self, input_shape):
        """Makes both linear maps."""
        units, closed = input_shape[-1], keras.initializers.Constant(-2.0)
        self.change = layers.Dense(units, "relu", dtype=self.dtype_policy, name="change")
        self.gate = layers.Dense(
            units, "sigmoid", bias_initializer=closed, dtype=self.dtype_policy, name="gate"
        )
        for layer in (self.change, self.gate):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Returns the mixture of the features and of what was made of them."""
        gate = self.gate(inputs)
        return gate * self.change(inputs) + (ops.ones_like(gate) - gate) * inputs

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape
