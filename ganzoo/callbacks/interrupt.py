"""Interrupt: Ctrl-C, or SIGTERM, that is not lost."""

import contextlib
import signal
import threading
import time

import keras

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 0.5  # seconds in which a second signal is the first one's echo, passed on by a launcher


class Interrupt(keras.callbacks.Callback):
    """Ends the training by KeyboardInterrupt after the present step; a second signal does at once.

    Python raises KeyboardInterrupt wherever the program is: within a step, whose half would be
    lost, or in a call of a library that takes it for a failure which may be ignored. Use it as a
    context around `fit`, as the last callback:

        with Interrupt(checkpoint.save_within) as interrupt:
            gan.fit(..., callbacks=[checkpoint, interrupt])

    Args:
        save: Called without arguments before the end if that is within an epoch; None to save
            nothing.
    """

    def __init__(self, save=None):
        super().__init__()
        self.save, self.asked = save, None  # when

    def __enter__(self):
        """Listens; in a thread that is not the main one, which gets no signals, it does nothing."""
        main = threading.current_thread() is threading.main_thread()
        self._previous = {n: signal.signal(n, self._ask) for n in SIGNALS if main}
        return self

    def __exit__(self, kind, *error):
        """Leaves things as they were, and raises what came after the last step."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self.asked and kind is None:
            raise KeyboardInterrupt

    def _ask(self, *_):
        if self.asked is None:
            self.asked = time.monotonic()
            with contextlib.suppress(OSError, RuntimeError):  # while something else is printed
                print("\nStopping after this step; once more to stop at once.", flush=True)
        elif time.monotonic() - self.asked > ECHO:
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        """Saves and ends, if that was asked for and the epoch is not at its end."""
        last = batch + 1 == self.params.get("steps") or self.model.stop_training
        if self.asked and not last:
            if self.save:
                self.save()
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        """Ends, if that was asked for."""
        if self.asked:
            raise KeyboardInterrupt
