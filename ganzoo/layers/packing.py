"""Packing: lets a discriminator judge several images together, and so detect mode collapse."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class Packing(layers.Layer):
    """Concatenates every `pack` consecutive images: (N, ..., C) -> (N / pack, ..., pack C).

    As the first layer of a discriminator, it turns any GAN into a PacGAN. The batch size must be
    divisible by `pack`, and the images of a pack share one score.

    Args:
        pack: Number of images that are judged together.

    Reference: Lin et al., 2018, arXiv:1712.04086.
    """

    def __init__(self, pack: int = 2, **kwargs):
        super().__init__(**kwargs)
        if pack < 1:
            raise ValueError(f"expected pack >= 1, got {pack}")
        self.pack = pack

    def call(self, x):
        """Returns the packed images."""
        *sides, channels = x.shape[1:]
        x = ops.reshape(x, (-1, self.pack, *sides, channels))
        axes = (0, *range(2, 2 + len(sides)), 1, 2 + len(sides))
        return ops.reshape(ops.transpose(x, axes), (-1, *sides, self.pack * channels))

    def compute_output_shape(self, input_shape):
        """Returns the shape after packing."""
        count = input_shape[0]
        packs = None if count is None else count // self.pack
        return (packs, *input_shape[1:-1], self.pack * input_shape[-1])

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"pack": self.pack}
