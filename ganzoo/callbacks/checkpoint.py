"""Checkpoint: a run that was killed at any moment goes on as if it had not been."""

import json
import math
from pathlib import Path

import keras
from absl import logging

from ganzoo import files
from ganzoo.errors import InputError


class Checkpoint(keras.callbacks.Callback):
    """Saves networks, optimizers, averages, buffers and counters after every epoch.

    A checkpoint is `step-00000156.weights.h5` and, written last, `step-00000156.json` with its
    SHA-256. The newest two are kept, and the one with the smallest `monitor`. Together with a data
    stream that starts where the checkpoint was (`data.load(..., repeat=True, start_batch=...)`) a
    restored run ends with the weights of an uninterrupted one, bit for bit.

    Args:
        directory: Where the checkpoints go.
        monitor: Name of the log that picks the best one.
        keep: How many of the newest to keep.
    """

    def __init__(self, directory, monitor: str = "swd", keep: int = 2):
        super().__init__()
        self.directory, self.monitor, self.keep = Path(directory), monitor, keep

    def restore(self, gan: keras.Model) -> int:
        """Loads the newest intact checkpoint into the compiled `gan`; call it before `fit`.

        Returns:
            The number of epochs behind it, for `initial_epoch`; 0 if there is no checkpoint.

        Raises:
            InputError: If there are checkpoints and none is intact.
        """
        records = sorted(self.records(), key=lambda record: -record["step"])
        found = self._first_intact(gan, records)
        count = len(list(self.directory.glob("step-*.json")))
        if found is None and count:
            raise InputError(
                f"none of the {count} checkpoints in {self.directory} is intact; to start "
                "the run over, delete that directory."
            )
        return found["epoch"] if found else 0

    def restore_best(self, gan: keras.Model) -> dict | None:
        """Loads the intact checkpoint with the smallest `monitor`, the newest if none has one.

        Returns:
            Its record: `epoch`, `step`, `monitor`; None if there is no intact checkpoint.
        """

        def rank(record):
            value = record.get(self.monitor)
            return (value is None, value, -record["step"])

        return self._first_intact(gan, sorted(self.records(), key=rank))

    def records(self) -> list[dict]:
        """Returns the records of the checkpoints that there are."""
        return [r for r in map(_read, self.directory.glob("step-*.json")) if r is not None]

    def on_epoch_end(self, epoch, logs=None):
        """Saves, and drops what is no longer needed."""
        step = int(self.model.step.numpy())
        weights = self._weights(step)
        with files.replacing(weights, ".weights.h5") as temporary:
            self.model.save_weights(temporary)
            record = {"epoch": epoch + 1, "step": step, "sha256": files.sha256(temporary)}
        value = (logs or {}).get(self.monitor)
        if value is not None and math.isfinite(value):  # one that diverged is never the best
            record[self.monitor] = float(value)
        files.write_text(weights.with_name(f"step-{step:08d}.json"), json.dumps(record))
        self._drop_old()

    def _weights(self, step: int) -> Path:
        return self.directory / f"step-{step:08d}.weights.h5"

    def _drop_old(self) -> None:
        records = sorted(self.records(), key=lambda record: -record["step"])
        worth = [r for r in records if self.monitor in r]
        kept = records[: self.keep] + sorted(worth, key=lambda r: r[self.monitor])[:1]
        for record in records:
            if record not in kept:
                self._weights(record["step"]).with_suffix("").with_suffix(".json").unlink()
                self._weights(record["step"]).unlink(missing_ok=True)

    def _first_intact(self, gan, records: list[dict]) -> dict | None:
        for record in records:
            weights = self._weights(record["step"])
            if not weights.exists():
                problem = "it is missing"
            elif files.sha256(weights) != record["sha256"]:
                problem = "its SHA-256 is not the recorded one"
            else:
                gan.load_weights(weights)
                return record
            logging.warning("skipping checkpoint %s: %s", weights, problem)
        return None


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text())
        return {key: record[key] for key in ("epoch", "step", "sha256")} | record
    except (OSError, ValueError, LookupError, TypeError):
        logging.warning("skipping checkpoint record %s: it cannot be read", path)
        return None
