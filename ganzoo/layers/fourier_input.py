"""FourierInput: the first map of a StyleGAN3 generator, sine waves that a style moves and turns."""

import math

import keras
import numpy as np
from keras import layers, ops

from ganzoo.layers.equalized import EqualizedDense


@keras.saving.register_keras_serializable("ganzoo")
class FourierInput(layers.Layer):
    """Sine waves of random frequencies and phases, on a plane that is rotated and shifted.

    The style w gives the rotation (cosine, sine) and the shift; `transform` is a further affine map
    of the plane, a weight that is the identity: setting it moves and rotates what is drawn.

    Input: vectors w (N, D). Output: (N, size, size, channels).

    Args:
        channels: Number of waves.
        size: Side of the map.
        rate: Pixels a unit of length, the sampling rate.
        bandwidth: Largest frequency of the waves.

    Reference: Karras et al., 2021, arXiv:2106.12423, section 3.1 and appendix F.
    """

    def __init__(self, channels: int, size: int, rate: float, bandwidth: float, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.size, self.rate, self.bandwidth = channels, size, rate, bandwidth

    def build(self, input_shape):
        """Creates the affine map of w, the mixing of the waves, and the waves."""
        self.affine = EqualizedDense(4, dtype="float32", name=f"{self.name}.affine")
        self.affine.build(input_shape)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        waves = keras.initializers.RandomNormal(stddev=self.bandwidth / 2)
        uniform = keras.initializers.RandomUniform(-0.5, 0.5)
        self.kernel = self.add_weight((self.channels, self.channels), normal, name="kernel")

        frozen = {"trainable": False}
        self.transform = self.add_weight((3, 3), "identity", name="transform", **frozen)
        self.freqs = self.add_weight((self.channels, 2), waves, name="freqs", **frozen)
        self.phases = self.add_weight((self.channels,), uniform, name="phases", **frozen)

    def call(self, w):
        """Returns the map."""
        cosine, sine, x, y = ops.split(self.affine(ops.cast(w, "float32")), 4, axis=-1)
        length = ops.sqrt(cosine**2 + sine**2)
        cosine, sine, x, y = (one[:, :, None] / length[:, :, None] for one in (cosine, sine, x, y))
        zero, one = ops.zeros_like(x), ops.ones_like(x)

        def matrix(*rows):
            return ops.concatenate([ops.concatenate(row, axis=2) for row in rows], axis=1)

        rotation = matrix((cosine, -sine, zero), (sine, cosine, zero), (zero, zero, one))
        shift = matrix((one, zero, -x), (zero, one, -y), (zero, zero, one))
        plane = ops.matmul(ops.matmul(rotation, shift), self.transform[None])
        phases = self.phases + ops.matmul(self.freqs, plane[:, :2, 2:])[:, :, 0]
        freqs = ops.matmul(self.freqs, plane[:, :2, :2])  # (N, C, 2)
        radius = ops.sqrt(ops.sum(freqs**2, axis=2))
        fading = 1.0 - (radius - self.bandwidth) / (self.rate / 2 - self.bandwidth)
        place = ((np.arange(self.size) + 0.5) / self.size - 0.5) * self.size / self.rate
        across, down = np.meshgrid(place, place)
        grid = np.stack([across.ravel(), down.ravel()], -1).astype("float32")
        waves = ops.matmul(grid[None], ops.transpose(freqs, (0, 2, 1))) + phases[:, None]
        waves = ops.sin(2 * math.pi * waves) * ops.clip(fading, 0.0, 1.0)[:, None]
        waves = ops.matmul(waves, self.kernel / math.sqrt(self.channels))
        return ops.reshape(waves, (-1, self.size, self.size, self.channels))

    def compute_output_shape(self, input_shape):
        """Returns the shape of the map."""
        return (input_shape[0], self.size, self.size, self.channels)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "channels": self.channels,
            "size": self.size,
            "rate": self.rate,
            "bandwidth": self.bandwidth,
        }
