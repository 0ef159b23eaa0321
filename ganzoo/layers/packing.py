"""Packing: the discriminator judges several images at once, and so sees that they are alike."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Packing(layers.Layer):
    """Joins every `pack` neighbours of a batch: (N, ..., C) -> (N / pack, ..., pack C).

    As the first layer of a discriminator it makes of any GAN its PacGAN. The batch must divide by
    `pack`; images that stand together share one score.

    Args:
        pack: How many images are judged together.

    Reference: Lin et al., 2018, arXiv:1712.04086.
    """

    def __init__(self, pack: int = 2, **kwargs):
        super().__init__(**kwargs)
        if pack < 1:
            raise ValueError(f"expected pack >= 1, got {pack}")
        self.pack = pack

    def call(self, x):
        """Joins."""
        *places, channels = x.shape[1:]
        x = ops.reshape(x, (-1, self.pack, *places, channels))
        axes = (0, *range(2, 2 + len(places)), 1, 2 + len(places))
        return ops.reshape(ops.transpose(x, axes), (-1, *places, self.pack * channels))

    def compute_output_shape(self, input_shape):
        """Returns the shape after packing."""
        count = input_shape[0]
        joined = None if count is None else count // self.pack
        return (joined, *input_shape[1:-1], self.pack * input_shape[-1])

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"pack": self.pack}
