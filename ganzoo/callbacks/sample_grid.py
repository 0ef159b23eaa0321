"""SampleGrid: writes an image of samples from fixed latents after every epoch."""

from pathlib import Path

import keras
import tensorflow as tf
from absl import logging

from ganzoo.inference import pictures


class SampleGrid(keras.callbacks.Callback):
    """Writes the model's `picture` to `<directory>/epoch-0001.png` etc., and to TensorBoard.

    If no picture can be drawn of such samples, one line says so and the training goes on.

    In long runs only every second image is kept, then every fourth, and so on, and the newest.

    Args:
        directory: Directory of the images.
        writer: A `tf.summary` writer, or None.
        num: Number of samples in an image; for points it is always 1,000.
        seed: Integer seed of the latents, which are the same in every image.
        examples: Dict of arrays, for models whose `picture` shows real examples.
        keep: Maximum number of images to keep, not counting the newest.

    Example:
        grid = ganzoo.callbacks.SampleGrid("runs/ring/samples")
        gan.fit(dataset, epochs=2, callbacks=[grid])
    """

    def __init__(
        self, directory, writer=None, num: int = 64, seed: int = 0, examples=None, keep: int = 256
    ):
        super().__init__()
        self.directory, self.writer, self.num, self.seed = Path(directory), writer, num, seed
        self.examples, self.keep = examples or {}, keep
        self._undrawn = False  # whether there is no picture of such samples
        self._stride = None  # unknown, as an earlier session may have left images

    def on_epoch_end(self, epoch, logs=None):
        """Writes the image, and deletes those that are no longer kept."""
        if self._undrawn:
            return
        try:
            grid = pictures.enlarged(self.model.picture(self.examples, self.num, self.seed))
        except (ValueError, TypeError, LookupError) as error:
            self._undrawn = True
            reason = " ".join(str(error).split())
            logging.warning(
                "no pictures of samples of shape %s: %s", self.model.image_shape, reason
            )
            return
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
