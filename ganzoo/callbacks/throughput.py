"""Throughput: images a second, beside the losses. StopAtStep: an end that is no epoch's end."""

import time

import keras


class Throughput(keras.callbacks.Callback):
    """Adds `images_per_second`, real images that D saw since the epoch's first step, to the logs.

    Args:
        images_per_step: The batch size times the number of D's turns.
    """

    def __init__(self, images_per_step: int):
        super().__init__()
        self.images_per_step = images_per_step

    def on_epoch_begin(self, epoch, logs=None):
        """Waits for the first step: it may have to be traced."""
        self.start = self.first = None

    def on_train_batch_end(self, batch, logs=None):
        """Adds the rate to what the progress bar shows."""
        now = time.perf_counter()
        if self.start is None:
            self.start, self.first = now, batch
            return
        self.rate = (batch - self.first) * self.images_per_step / (now - self.start)
        if logs is not None:
            logs["images_per_second"] = self.rate

    def on_epoch_end(self, epoch, logs=None):
        """Adds the epoch's rate to its logs."""
        if logs is not None and hasattr(self, "rate"):
            logs["images_per_second"] = self.rate


class StopAtStep(keras.callbacks.Callback):
    """Ends the training after the step of this number, counted over all sessions of the run."""

    def __init__(self, step: int):
        super().__init__()
        self.last = step

    def on_train_begin(self, logs=None):
        """Reads where the run stands."""
        self.step = int(self.model.step.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers where the epoch began."""
        self.begun = self.step

    def on_train_batch_end(self, batch, logs=None):
        """Stops in time."""
        self.step = self.begun + batch + 1
        if self.step >= self.last:
            self.model.stop_training = True
