"""MinibatchDiscrimination: a discriminator that sees how near its images are to each other."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class MinibatchDiscrimination(layers.Layer):
    """Joins to each image's features how close the rest of the batch is to it.

        M_i = f(x_i) T,  o_b(x_i) = sum_{j != i} exp(-|M_ib - M_jb|_1)

    with a learned tensor T of A x B x C. As real and fake images pass separately, fakes that are
    alike give themselves away.

    Input: (N, A). Output: (N, A + B), in the input's type; o is computed in float32.

    Args:
        kernels: B, the numbers that are joined.
        dim: C, the width of the rows that are compared.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.2. The paper's sum runs over all
    images; the image itself, which would add 1, is left out, as in the authors' code.
    """

    def __init__(self, kernels: int = 32, dim: int = 8, **kwargs):
        super().__init__(**kwargs)
        if kernels < 1 or dim < 1:
            raise ValueError(f"expected kernels and dim >= 1, got {kernels} and {dim}")
        self.kernels, self.dim = kernels, dim

    def build(self, input_shape):
        """Makes T, drawn from N(0, 0.05)."""
        self.tensor = self.add_weight(
            (input_shape[-1], self.kernels * self.dim),
            keras.initializers.RandomNormal(stddev=0.05),
            name="tensor",
        )

    def call(self, x):
        """Compares, and joins."""
        rows = ops.cast(ops.matmul(x, ops.cast(self.tensor, x.dtype)), "float32")
        rows = ops.reshape(rows, (-1, self.kernels, self.dim))
        apart = ops.sum(ops.abs(rows[:, None] - rows[None]), axis=-1)  # (N, N, B)
        near = ops.sum(ops.exp(-apart), axis=1) - 1.0
        return ops.concatenate([x, ops.cast(near, x.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the numbers that are joined."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"kernels": self.kernels, "dim": self.dim}
