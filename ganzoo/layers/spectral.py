"""Spectral normalisation: layers whose matrix has a largest singular value of one."""

import keras
from keras import layers, ops


class Spectral:
    """Makes of a layer with a kernel W one that computes with W / sigma(W).

    sigma is u^T W v, of the unit vectors that a power iteration finds: one iteration at every call
    in training, from the u of the last. The kernel itself stays as it is, and the gradient goes
    through sigma, but not through u and v. (Keras' own wrapper overwrites the kernel instead, which
    makes of every update a projection.)

    A kernel of any rank is a matrix of its last axis and of all others.

    Reference: Miyato et al., 2018, arXiv:1802.05957, section 2.1 and algorithm 1.
    """

    def build(self, input_shape):
        """Adds u, of the size of the last axis."""
        super().build(input_shape)
        self.u = self.add_weight(
            (self._matrix().shape[-1],), "random_normal", name="u", trainable=False,
            autocast=False, aggregation="only_first_replica",  # which all compute alike
        )  # fmt: skip

    def call(self, inputs, training: bool = False):
        """Computes as the layer, with the kernel over its singular value."""
        if training:
            matrix = ops.stop_gradient(self._matrix())
            v = _unit(ops.matmul(matrix, ops.expand_dims(self.u.value, 1)))
            self.u.assign(_unit(ops.matmul(ops.transpose(matrix), v))[:, 0])
        return super().call(inputs)

    @property
    def sigma(self):
        """The largest singular value, float32, as far as it is known."""
        matrix, u = self._matrix(), ops.expand_dims(self.u.value, 1)
        v = _unit(ops.matmul(ops.stop_gradient(matrix), u))
        return ops.sum(v * ops.matmul(matrix, u)) / ops.sqrt(ops.sum(ops.square(u)) + 1e-12)

    def _normalized(self, kernel):
        return kernel / ops.cast(self.sigma, kernel.dtype)

    def _matrix(self):
        kernel = ops.cast(self._raw(), "float32")
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def save_own_variables(self, store):
        """Saves all variables by their places: the layers' own methods would leave out u."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        """Loads what was saved."""
        layers.Layer.load_own_variables(self, store)


def _unit(vector):
    return vector / ops.sqrt(ops.sum(ops.square(vector)) + 1e-12)


class SpectralKernel(Spectral):
    """`Spectral` of the layers whose matrix is their `kernel`."""

    def _raw(self):
        return super().kernel

    @property
    def kernel(self):
        """The normalised kernel."""
        return self._normalized(super().kernel)


@keras.saving.register_keras_serializable("ganzoo")
class SpectralConv2D(SpectralKernel, layers.Conv2D):
    """`keras.layers.Conv2D` with a spectrally normalised kernel; see `Spectral`."""


@keras.saving.register_keras_serializable("ganzoo")
class SpectralConv2DTranspose(Spectral, layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with a spectrally normalised kernel; see `Spectral`.

    The matrix's last axis is that of the inputs, where of other layers it is the outputs.
    """

    def _raw(self):
        return self._weight

    @property
    def kernel(self):
        """The normalised kernel."""
        return self._normalized(self._weight)

    @kernel.setter
    def kernel(self, weight):
        self._weight = weight  # Keras' layer has it as an attribute, where Conv2D has a property


@keras.saving.register_keras_serializable("ganzoo")
class SpectralDense(SpectralKernel, layers.Dense):
    """`keras.layers.Dense` with a spectrally normalised kernel; see `Spectral`."""


@keras.saving.register_keras_serializable("ganzoo")
class SpectralEmbedding(Spectral, layers.Embedding):
    """`keras.layers.Embedding` with a spectrally normalised table; see `Spectral`."""

    def _raw(self):
        return super().embeddings

    @property
    def embeddings(self):
        """The normalised table."""
        return self._normalized(super().embeddings)
