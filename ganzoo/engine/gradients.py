"""Gradients that are themselves part of a loss, under Keras' TensorFlow and JAX backends."""

import keras
import tensorflow as tf


def of(function, values, has_aux: bool = False):
    """Returns the gradient of a scalar function, which can be differentiated again.

    Args:
        function: Function of `values`; it returns a scalar, or with `has_aux` also something else.
        values: Tensor or nested structure of tensors, at which the gradient is taken.
        has_aux: Whether to return what the function returns beside the scalar, too.

    Returns:
        The gradients, a structure like `values`, zero where the function does not use a tensor; or
        with `has_aux` these and what the function returned beside the scalar.
    """
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(function, has_aux=has_aux)(values)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        scalar = function(values)
        scalar, rest = scalar if has_aux else (scalar, None)
    gradients = tape.gradient(scalar, values, unconnected_gradients="zero")
    return (gradients, rest) if has_aux else gradients
