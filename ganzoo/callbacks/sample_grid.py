"""SampleGrid: the same picture after every epoch."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo import pictures


class SampleGrid(keras.callbacks.Callback):
    """Writes the model's `picture` to `<directory>/epoch-0001.png` and so on, and to TensorBoard.

    Args:
        directory: Where the pictures go.
        writer: A `tf.summary` writer, or None.
        num: Number of samples; for points, 1,000 are drawn.
        seed: Seed of the latents, the same in every picture.
        examples: Dict of arrays, for models whose picture shows real examples.
    """

    def __init__(self, directory, writer=None, num: int = 64, seed: int = 0, examples=None):
        super().__init__()
        self.directory, self.writer, self.num, self.seed = Path(directory), writer, num, seed
        self.examples = examples or {}

    def on_epoch_end(self, epoch, logs=None):
        """Draws and writes."""
        grid = pictures.enlarged(self.model.picture(self.examples, self.num, self.seed))
        pictures.save_png(self.directory / f"epoch-{epoch + 1:04d}.png", grid)
        if self.writer is not None:
            with self.writer.as_default(step=int(self.model.step.numpy())):
                tf.summary.image("samples", grid[None])
