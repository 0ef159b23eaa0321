"""Spectral normalization: layers whose weight matrix has a largest singular value of one."""

import keras
from keras import layers, ops


class Spectral:
    """Mixin that makes a layer with kernel W use W / sigma(W).

    sigma is the largest singular value u^T W v, with unit vectors u and v from power iteration: one
    iteration at every call in training, which starts from the last u. The kernel itself is not
    changed, and the gradient is propagated through sigma, but not through u and v. (Keras' own
    wrapper overwrites the kernel instead, which turns every update into a projection.)

    A kernel of any rank is reshaped to a matrix whose columns are its last axis.

    Reference: Miyato et al., 2018, arXiv:1802.05957, section 2.1 and algorithm 1.
    """

    def build(self, input_shape):
        """Adds u, with the size of the last axis."""
        super().build(input_shape)
        self.u = self.add_weight(
            (self._matrix().shape[-1],), "random_normal", name="u", trainable=False,
            autocast=False, aggregation="only_first_replica",  # the same on all replicas
        )  # fmt: skip

    def call(self, inputs, training: bool = False):
        """Returns the layer's output with the normalized kernel."""
        if training:
            matrix = ops.stop_gradient(self._matrix())
            v = _unit(ops.matmul(matrix, ops.expand_dims(self.u.value, 1)))
            self.u.assign(_unit(ops.matmul(ops.transpose(matrix), v))[:, 0])
        return super().call(inputs)

    @property
    def sigma(self):
        """The current estimate of the largest singular value, float32."""
        matrix, u = self._matrix(), ops.expand_dims(self.u.value, 1)
        v = _unit(ops.matmul(ops.stop_gradient(matrix), u))
        return ops.sum(v * ops.matmul(matrix, u)) / ops.sqrt(ops.sum(ops.square(u)) + 1e-12)

    def _normalized(self, kernel):
        return kernel / ops.cast(self.sigma, kernel.dtype)

    def _matrix(self):
        kernel = ops.cast(self._raw(), "float32")
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def save_own_variables(self, store):
        """Saves all variables by index, as the layers' own methods would omit u."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        """Loads the variables that `save_own_variables` saved."""
        layers.Layer.load_own_variables(self, store)


def _unit(vector):
    return vector / ops.sqrt(ops.sum(ops.square(vector)) + 1e-12)


class SpectralKernel(Spectral):
    """`Spectral` for layers whose weight matrix is the property `kernel`."""

    def _raw(self):
        return super().kernel

    @property
    def kernel(self):
        """The normalized kernel."""
        return self._normalized(super().kernel)


@keras.saving.register_keras_serializable("ganzoo")
class SpectralConv2D(SpectralKernel, layers.Conv2D):
    """`keras.layers.Conv2D` with a spectrally normalized kernel; see `Spectral`."""


@keras.saving.register_keras_serializable("ganzoo")
class SpectralConv2DTranspose(Spectral, layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with a spectrally normalized kernel; see `Spectral`.

    The last axis of the matrix is the input channels, while for the other layers it is the outputs.
    """

    def _raw(self):
        return self._weight

    @property
    def kernel(self):
        """The normalized kernel."""
        return self._normalized(self._weight)

    @kernel.setter
    def kernel(self, weight):
        self._weight = weight  # `kernel` is an attribute of Keras' layer, but a property of Conv2D


@keras.saving.register_keras_serializable("ganzoo")
class SpectralDense(SpectralKernel, layers.Dense):
    """`keras.layers.Dense` with a spectrally normalized kernel; see `Spectral`."""


@keras.saving.register_keras_serializable("ganzoo")
class SpectralEmbedding(Spectral, layers.Embedding):
    """`keras.layers.Embedding` with a spectrally normalized table; see `Spectral`."""

    def _raw(self):
        return super().embeddings

    @property
    def embeddings(self):
        """The normalized table."""
        return self._normalized(super().embeddings)

    def compute_output_spec(self, inputs, training: bool = False):
        """Returns the spec of the output, as `Embedding` does, which knows no `training`."""
        return super().compute_output_spec(inputs)
