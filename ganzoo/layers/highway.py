"""Highway: a dense layer with a learned gate that can pass its inputs unchanged."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Highway(layers.Layer):
    """y = t relu(W x + b) + (1 - t) x, with the gate t = sigmoid(V x + c).

    The gate's bias is initialized to -2, so that at first most of the input passes unchanged.

    Input and output: (N, D).

    Reference: Srivastava et al., 2015, arXiv:1505.00387.
    """

    def build(self, input_shape):
        """Creates both dense layers."""
        units, bias = input_shape[-1], keras.initializers.Constant(-2.0)
        self.change = layers.Dense(units, "relu", dtype=self.dtype_policy, name="change")
        self.gate = layers.Dense(
            units, "sigmoid", bias_initializer=bias, dtype=self.dtype_policy, name="gate"
        )
        for layer in (self.change, self.gate):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Returns the gated mixture of the inputs and their transformation."""
        gate = self.gate(inputs)
        return gate * self.change(inputs) + (ops.ones_like(gate) - gate) * inputs

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape
