"""SampleGrid: a picture of the same latents after every epoch."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo import pictures


class SampleGrid(keras.callbacks.Callback):
    """Writes `<directory>/epoch-0001.png` and so on, and the same to TensorBoard.

    Args:
        directory: Where the pictures go.
        writer: A `tf.summary` writer, or None.
        num: Number of samples; for points, 1,000 are drawn.
        seed: Seed of the latents, the same in every picture.
    """

    def __init__(self, directory, writer=None, num: int = 64, seed: int = 0):
        super().__init__()
        self.directory, self.writer, self.num, self.seed = Path(directory), writer, num, seed

    def on_epoch_end(self, epoch, logs=None):
        """Draws and writes."""
        grid = draw(self.model, self.num, self.seed)
        pictures.save_png(self.directory / f"epoch-{epoch + 1:04d}.png", grid)
        if self.writer is not None:
            with self.writer.as_default(step=int(self.model.step.numpy())):
                tf.summary.image("samples", grid[None])


def draw(gan, num: int = 64, seed: int = 0):
    """Returns the grid of `num` samples, enlarged to be looked at."""
    points = len(gan.image_shape) == 1
    return pictures.enlarged(pictures.grid(gan.sample(1000 if points else num, seed)))
