"""Checkpoint: a run that was killed at any moment goes on as if it had not been."""

import contextlib
import json
import math
from pathlib import Path

import keras
from absl import logging

from ganzoo.engine import files
from ganzoo.errors import InputError


class Checkpoint(keras.callbacks.Callback):
    """Saves networks, optimizers, averages, buffers and counters after every epoch.

    `save_within` does so within an epoch: what is behind it of that epoch is `self.within`.

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
        self.within = 0  # steps of the present epoch that a restored checkpoint has behind it
        self._means: dict[str, list] = {}  # what it has of that epoch's logs

    def restore(self, gan: keras.Model) -> int:
        """Loads the newest intact checkpoint into the compiled `gan`; call it before `fit`.

        Returns:
            The number of epochs behind it, for `initial_epoch`; 0 if there is no checkpoint. Of the
            next one `self.within` steps are behind it, too.

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
        found = found or {"epoch": 0}
        self.within, self._means = found.get("within", 0), found.get("means", {})
        return found["epoch"]

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

    def on_epoch_begin(self, epoch, logs=None):
        """Takes up the logs of an epoch that was broken off."""
        self._epoch, self._begun = epoch, int(self.model.step.numpy()) - self.within
        with self.model.distribute_strategy.scope():
            for name, values in self._means.items():
                for variable, value in zip(self.model.tracker(name).variables, values, strict=True):
                    variable.assign(value)
        self.within, self._means = 0, {}

    def on_epoch_end(self, epoch, logs=None):
        """Saves, and drops what is no longer needed."""
        value = (logs or {}).get(self.monitor)
        if value is not None and math.isfinite(value):  # one that diverged is never the best
            self._save({"epoch": epoch + 1, self.monitor: float(value)})
        else:
            self._save({"epoch": epoch + 1})

    def save_within(self) -> None:
        """Saves after any step."""
        within = int(self.model.step.numpy()) - self._begun
        means = {m.name: [float(v.numpy()) for v in m.variables] for m in self.model.metrics}
        self._save({"epoch": self._epoch, "within": within, "means": means})

    def _save(self, facts: dict) -> None:
        step = int(self.model.step.numpy())
        weights = self._weights(step)
        _list_attributes_once()
        with files.replacing(weights, ".weights.h5") as temporary:
            self.model.save_weights(temporary)
            record = facts | {"step": step, "sha256": files.sha256(temporary)}
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


def _list_attributes_once() -> None:
    """Has Keras keep its list of what not to save of an optimizer.

    Keras 3.15 looks the list up under another name than it keeps it under. So it makes an optimizer
    to list the attributes of, for each one that it saves, and TensorFlow does not give back the 70
    kB of that one's variables.
    """
    with contextlib.suppress(ImportError, AttributeError, ValueError):  # other versions
        from keras.src.backend.common import global_state
        from keras.src.saving import saving_lib

        kept = saving_lib.get_attr_skipset("Optimizer")
        global_state.set_global_attribute("saving_attr_skiplist_Optimizer", kept)


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text())
        return {key: record[key] for key in ("epoch", "step", "sha256")} | record
    except (OSError, ValueError, LookupError, TypeError):
        logging.warning("skipping checkpoint record %s: it cannot be read", path)
        return None
