"""Interrupt: Ctrl-C that is not lost."""

import signal
import threading

import keras


class Interrupt(keras.callbacks.Callback):
    """Ends the training by KeyboardInterrupt, at the latest after the present step.

    Python raises KeyboardInterrupt wherever the program is, and in some calls of libraries it is
    taken for a failure that may be ignored: the run would go on. Use it as a context around `fit`:

        with Interrupt() as interrupt:
            gan.fit(..., callbacks=[interrupt])
    """

    def __init__(self):
        super().__init__()
        self.asked = False

    def __enter__(self):
        """Listens; in a thread that is not the main one, which gets no signals, it does nothing."""
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._previous = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error):
        """Leaves things as they were."""
        if self._main:
            signal.signal(signal.SIGINT, self._previous)

    def _ask(self, *_):
        self.asked = True
        raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        """Raises what was lost."""
        if self.asked:
            raise KeyboardInterrupt
