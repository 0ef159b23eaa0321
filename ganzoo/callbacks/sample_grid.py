"""SampleGrid: the same picture after every epoch."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.inference import pictures


class SampleGrid(keras.callbacks.Callback):
    """Writes the model's `picture` to `<directory>/epoch-0001.png` and so on, and to TensorBoard.

    In a long run every second picture, fourth, eighth and so on stays, and the newest.

    Args:
        directory: Where the pictures go.
        writer: A `tf.summary` writer, or None.
        num: Number of samples; for points, 1,000 are drawn.
        seed: Seed of the latents, the same in every picture.
        examples: Dict of arrays, for models whose picture shows real examples.
        keep: How many pictures stay at most, beside the newest.
    """

    def __init__(
        self, directory, writer=None, num: int = 64, seed: int = 0, examples=None, keep: int = 256
    ):
        super().__init__()
        self.directory, self.writer, self.num, self.seed = Path(directory), writer, num, seed
        self.examples, self.keep = examples or {}, keep
        self._stride = None  # of what an earlier session left, nothing is known

    def on_epoch_end(self, epoch, logs=None):
        """Draws and writes."""
        grid = pictures.enlarged(self.model.picture(self.examples, self.num, self.seed))
        pictures.save_png(self._path(epoch + 1), grid)
        stride = 1
        while epoch + 1 > self.keep * stride:
            stride *= 2
        for old in range(epoch if stride == self._stride else 1, epoch + 1):
            if old % stride:
                self._path(old).unlink(missing_ok=True)
        self._stride = stride
        if self.writer is not None and (epoch + 1) % stride == 0:
            with self.writer.as_default(step=int(self.model.step.numpy())):
                tf.summary.image("samples", grid[None])

    def _path(self, epoch: int) -> Path:
        return self.directory / f"epoch-{epoch:04d}.png"
