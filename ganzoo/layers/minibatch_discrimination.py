"""MinibatchDiscrimination: lets a discriminator compare the images of a batch."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class MinibatchDiscrimination(layers.Layer):
    """Adds to each image's features how similar the other images of the batch are.

        M_i = f(x_i) T,  o_b(x_i) = sum_{j != i} exp(-|M_ib - M_jb|_1)

    T is a learned tensor of shape A x B x C. As real and fake images are in separate batches, D can
    detect fakes that are alike.

    Input: (N, A). Output: (N, A + B), in the input's dtype; o is computed in float32.

    Args:
        kernels: B, the number of features that are added.
        dim: C, the width of the rows that are compared.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.2. The paper's sum includes the
    image itself, which would add 1; it is left out here, as in the authors' code.
    """

    def __init__(self, kernels: int = 32, dim: int = 8, **kwargs):
        super().__init__(**kwargs)
        if kernels < 1 or dim < 1:
            raise ValueError(f"expected kernels and dim >= 1, got {kernels} and {dim}")
        self.kernels, self.dim = kernels, dim

    def build(self, input_shape):
        """Creates T, initialized from N(0, 0.05)."""
        self.tensor = self.add_weight(
            (input_shape[-1], self.kernels * self.dim),
            keras.initializers.RandomNormal(stddev=0.05),
            name="tensor",
        )

    def call(self, x):
        """Returns the features with the similarities added."""
        rows = ops.cast(ops.matmul(x, ops.cast(self.tensor, x.dtype)), "float32")
        rows = ops.reshape(rows, (-1, self.kernels, self.dim))
        distance = ops.sum(ops.abs(rows[:, None] - rows[None]), axis=-1)  # (N, N, B)
        similarity = ops.sum(ops.exp(-distance), axis=1) - 1.0
        return ops.concatenate([x, ops.cast(similarity, x.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the added features."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"kernels": self.kernels, "dim": self.dim}
