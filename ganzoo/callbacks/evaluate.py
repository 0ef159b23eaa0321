"""Evaluate: measures the samples after every epoch."""

import keras

from ganzoo import metrics


class Evaluate(keras.callbacks.Callback):
    """Adds the sliced Wasserstein distance of the samples to real images, as `swd`, to the logs.

    The same latents, real images and directions are used every time, so that two epochs of one run
    differ by their weights alone.

    Args:
        real: uint8 images (N, H, W, C), or float points (N, D); N samples are drawn to compare.
        seed: Seed of the latents.
    """

    def __init__(self, real, seed: int = 1):
        super().__init__()
        self.real, self.seed = real, seed

    def on_epoch_end(self, epoch, logs=None):
        """Draws and measures."""
        logs["swd"] = self.measure(self.model)

    def measure(self, gan) -> float:
        """Returns the distance of `gan`'s samples to the real images."""
        return metrics.sliced_wasserstein(self.real, gan.sample(len(self.real), self.seed))
