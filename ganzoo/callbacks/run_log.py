"""RunLog: what happened, an epoch a line, for programs, for TensorBoard and for the eye."""

import json
import math
import time
from pathlib import Path

import keras
import tensorflow as tf
from absl import logging

from ganzoo.engine import files
from ganzoo.inference import pictures


class RunLog(keras.callbacks.Callback):
    """Writes `metrics.jsonl`, TensorBoard scalars and `curves.png` after every epoch.

    A line holds `epoch`, `step`, `seconds` of training up to there over all sessions of the run,
    and the logs. A run that is resumed drops the lines after its checkpoint: they are made again.
    The curves of more than 100 epochs are drawn anew when they are longer by a hundredth.

    Args:
        directory: The run's directory.
        writer: A `tf.summary` writer, or None.
    """

    def __init__(self, directory, writer=None):
        super().__init__()
        self.path, self.writer = Path(directory) / "metrics.jsonl", writer
        self.lines: list[str] = []  # text, as thousands of rows would take several times the memory

    def on_train_begin(self, logs=None):
        """Takes up the lines of the steps that the model has behind it."""
        step = int(self.model.step.numpy())
        rows = [row for row in read(self.path) if row["step"] <= step]
        self.lines = [json.dumps(row) + "\n" for row in rows]
        self.seconds = rows[-1].get("seconds", 0.0) if rows else 0.0
        self._drawn = 0
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Writes the epoch's line, scalars and curves."""
        step = int(self.model.step.numpy())
        values = {name: float(f"{float(value):.6g}") for name, value in (logs or {}).items()}
        seconds = round(self.seconds + time.perf_counter() - self.start, 2)
        # JSON has no NaN: what is not finite, in a run that diverged, is null.
        row = {name: value if math.isfinite(value) else None for name, value in values.items()}
        row = {"epoch": epoch + 1, "step": step, "seconds": seconds} | row
        self.lines.append(json.dumps(row) + "\n")
        files.write_text(self.path, "".join(self.lines))
        if len(self.lines) >= max(self._drawn + 1, 1.01 * self._drawn):
            self._draw()
        if self.writer is not None:
            with self.writer.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self.writer.flush()

    def on_train_end(self, logs=None):
        """Draws the curves to their ends."""
        if len(self.lines) > self._drawn:
            self._draw()

    def _draw(self) -> None:
        pictures.curves(self.path.with_name("curves.png"), [json.loads(x) for x in self.lines])
        self._drawn = len(self.lines)


def read(path) -> list[dict]:
    """Returns the lines of a `metrics.jsonl`, but damaged ones; none if there is no such file."""
    path, rows = Path(path), []
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            float(row["step"]), float(row.get("seconds", 0.0))
        except (ValueError, LookupError, TypeError, AttributeError):
            logging.warning("%s: line %d is damaged, and left out", path, number)
        else:
            rows.append(row)
    return rows
