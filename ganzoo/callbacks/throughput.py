"""Throughput: logs images per second. StopAtStep: ends a training after a number of steps."""

import time

import keras


class Throughput(keras.callbacks.Callback):
    """Adds to the logs `images_per_second`, the rate of real images since the first step.

    The first step of an epoch is not counted, as it may include tracing.

    Args:
        images_per_step: Number of real images in a step: the batch size times `n_critic`.

    Example:
        gan.fit(dataset, callbacks=[ganzoo.callbacks.Throughput(images_per_step=64)])
    """

    def __init__(self, images_per_step: int):
        super().__init__()
        self.images_per_step = images_per_step

    def on_epoch_begin(self, epoch, logs=None):
        """Resets the clock, which starts after the first step."""
        self.start = self.first = None

    def on_train_batch_end(self, batch, logs=None):
        """Adds the rate to the logs of the step, which the progress bar shows."""
        now = time.perf_counter()
        if self.start is None:
            self.start, self.first = now, batch
            return
        self.rate = (batch - self.first) * self.images_per_step / (now - self.start)
        if logs is not None:
            logs["images_per_second"] = self.rate

    def on_epoch_end(self, epoch, logs=None):
        """Adds the rate to the logs of the epoch."""
        if logs is not None and hasattr(self, "rate"):
            logs["images_per_second"] = self.rate


class StopAtStep(keras.callbacks.Callback):
    """Ends the training after a number of steps, counted over all sessions of the run.

    Args:
        step: Number of the last step.

    Example:
        gan.fit(dataset, epochs=100, callbacks=[ganzoo.callbacks.StopAtStep(500)])
    """

    def __init__(self, step: int):
        super().__init__()
        self.last = step

    def on_train_begin(self, logs=None):
        """Reads the current step of the model."""
        self.step = int(self.model.step.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        """Stores the step at which the epoch starts."""
        self.begun = self.step

    def on_train_batch_end(self, batch, logs=None):
        """Stops the training at the last step."""
        self.step = self.begun + batch + 1
        if self.step >= self.last:
            self.model.stop_training = True
