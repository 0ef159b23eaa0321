"""RunLog: writes the logs of each epoch as JSON lines, TensorBoard scalars and a plot."""

import json
import math
import time
from pathlib import Path

import keras
import tensorflow as tf
from absl import logging

from ganzoo.engine import files
from ganzoo.inference import pictures
from ganzoo.metrics import spaces


class RunLog(keras.callbacks.Callback):
    """Writes `metrics.jsonl`, TensorBoard scalars and `curves.png` after every epoch.

    A line contains `epoch`, `step`, `seconds` (the total training time over all sessions of the
    run) and the logs. A resumed run drops the lines after its checkpoint, as these epochs are
    repeated. The curves are plotted at the end and so seldom before that they take a twentieth of
    the time.

    Args:
        directory: Directory of the run.
        writer: A `tf.summary` writer, or None.

    Example:
        log = ganzoo.callbacks.RunLog("runs/ring")
        gan.fit(dataset, epochs=2, callbacks=[log])
    """

    def __init__(self, directory, writer=None):
        super().__init__()
        self.path, self.writer = Path(directory) / "metrics.jsonl", writer
        self.lines: list[str] = []  # as text, which takes much less memory than thousands of dicts

    def on_train_begin(self, logs=None):
        """Reads the existing lines up to the model's current step."""
        step = int(self.model.step.numpy())
        rows = [row for row in read(self.path) if row["step"] <= step]
        self.lines = [json.dumps(row) + "\n" for row in rows]
        self.seconds = rows[-1].get("seconds", 0.0) if rows else 0.0
        self._drawn, self._due = 0, 0.0
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Writes the line, the scalars and the curves of the epoch."""
        step = int(self.model.step.numpy())
        values = {name: float(f"{float(value):.6g}") for name, value in (logs or {}).items()}
        seconds = round(self.seconds + time.perf_counter() - self.start, 2)
        # JSON has no NaN, so values that are not finite become null.
        row = {name: value if math.isfinite(value) else None for name, value in values.items()}
        row = {"epoch": epoch + 1, "step": step, "seconds": seconds} | row
        self.lines.append(json.dumps(row) + "\n")
        files.write_text(self.path, "".join(self.lines))
        if time.perf_counter() >= self._due:
            self._draw()
        if self.writer is not None:
            with self.writer.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self.writer.flush()

    def on_train_end(self, logs=None):
        """Plots the complete curves."""
        if len(self.lines) > self._drawn:
            self._draw()

    def _draw(self) -> None:
        began = time.perf_counter()
        measured = dict.fromkeys(space.monitor for space in spaces.SPACES.values())
        rows = [json.loads(line) for line in self.lines]
        pictures.curves(self.path.with_name("curves.png"), rows, measured)
        self._drawn, ended = len(self.lines), time.perf_counter()
        self._due = ended + 20.0 * (ended - began)


def read(path) -> list[dict]:
    """Returns the intact lines of a `metrics.jsonl`; an empty list if the file does not exist."""
    path, rows = Path(path), []
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            float(row["step"]), float(row.get("seconds", 0.0))
        except (ValueError, LookupError, TypeError, AttributeError):
            logging.warning("%s: line %d is damaged and ignored", path, number)
        else:
            rows.append(row)
    return rows
