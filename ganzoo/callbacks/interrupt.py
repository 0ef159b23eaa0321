"""Interrupt: ends a training cleanly on Ctrl-C or SIGTERM."""

import contextlib
import signal
import threading
import time

import keras

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 0.5  # seconds within which a second signal is a duplicate, forwarded by a launcher


class Interrupt(keras.callbacks.Callback):
    """Raises KeyboardInterrupt at the end of the current step; a second signal raises it at once.

    Without it, Python raises KeyboardInterrupt wherever the program is: in the middle of a step, or
    in a library call that may ignore it as an error of its own. Use this as a context manager
    around `fit`, and as the last callback.

    Args:
        save: Function without arguments that is called before the interrupt if it is in the middle
            of an epoch; None to save nothing.

    Example:
        checkpoint = ganzoo.callbacks.Checkpoint("runs/ring/checkpoints")
        with ganzoo.callbacks.Interrupt(checkpoint.save_within) as interrupt:
            gan.fit(dataset, callbacks=[checkpoint, interrupt])
    """

    def __init__(self, save=None):
        super().__init__()
        self.save, self.asked = save, None  # time of the first signal

    def __enter__(self):
        """Installs the signal handlers, if this is the main thread; only that gets signals."""
        main = threading.current_thread() is threading.main_thread()
        self._previous = {n: signal.signal(n, self._ask) for n in SIGNALS if main}
        return self

    def __exit__(self, kind, *error):
        """Restores the signal handlers, and raises a signal that came after the last step."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self.asked and kind is None:
            raise KeyboardInterrupt

    def _ask(self, *_):
        if self.asked is None:
            self.asked = time.monotonic()
            with contextlib.suppress(OSError, RuntimeError):  # if the signal interrupts a print
                print("\nStopping after this step; press Ctrl-C again to stop at once.", flush=True)
        elif time.monotonic() - self.asked > ECHO:
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        """Saves and raises the interrupt, if there was a signal and the epoch is not complete."""
        last = batch + 1 == self.params.get("steps") or self.model.stop_training
        if self.asked and not last:
            if self.save:
                self.save()
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        """Raises the interrupt, if there was a signal."""
        if self.asked:
            raise KeyboardInterrupt
