"""Truncation: styles are moved toward their average, for better and less varied images."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Truncation(layers.Layer):
    """w' = average + psi (w - average), with the average of w over latents, a weight.

    Inputs: styles (N, L, D), and psi of each image, (N,); 1 changes nothing. Output: (N, L, D).

    Args:
        cutoff: Number of layers that are truncated, the coarse ones first; None for all.

    Reference: Karras et al., 2019, arXiv:1812.04948, appendix B.
    """

    def __init__(self, cutoff: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.cutoff = cutoff

    def build(self, input_shape):
        """Creates the average."""
        shape = (input_shape[0][-1],)
        self.average = self.add_weight(shape, "zeros", name="w_avg", trainable=False)

    def call(self, inputs):
        """Returns the truncated styles."""
        styles, psi = inputs
        moved = self.average + psi[:, None, None] * (styles - self.average)
        if self.cutoff is None:
            return moved
        return ops.concatenate([moved[:, : self.cutoff], styles[:, self.cutoff :]], axis=1)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the styles."""
        return input_shape[0]

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"cutoff": self.cutoff}
