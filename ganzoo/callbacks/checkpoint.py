"""Checkpoint: saves the full training state, so that an interrupted run resumes exactly."""

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

    A checkpoint consists of `step-00000156.weights.h5` and `step-00000156.json`, which contains the
    SHA-256 of the weights and is written last. The newest `keep` checkpoints are kept, and the one
    with the smallest `monitor`. With a dataset that starts where the checkpoint was saved
    (`data.load(..., repeat=True, start_batch=...)`), a restored run ends with exactly the weights
    of an uninterrupted run.

    `save_within` saves a checkpoint in the middle of an epoch. After `restore`, `within` is the
    number of steps of the current epoch that are done.

    Args:
        directory: Directory of the checkpoints.
        monitor: Name of the log whose smallest value marks the best checkpoint.
        keep: Number of newest checkpoints to keep.

    Example:
        checkpoint = ganzoo.callbacks.Checkpoint("runs/ring/checkpoints", monitor="d_adv")
        epoch = checkpoint.restore(gan)  # 0 in the first session
        gan.fit(dataset, epochs=epoch + 1, initial_epoch=epoch, callbacks=[checkpoint])
    """

    def __init__(self, directory, monitor: str = "swd", keep: int = 2):
        super().__init__()
        self.directory, self.monitor, self.keep = Path(directory), monitor, keep
        self.within = 0  # steps of the current epoch that were done in a restored checkpoint
        self._means: dict[str, list] = {}  # its running means of the logs in that epoch

    def restore(self, gan: keras.Model) -> int:
        """Loads the newest intact checkpoint into the compiled `gan`; call it before `fit`.

        Returns:
            The number of complete epochs, for `initial_epoch`; 0 if there is no checkpoint. Of the
            next epoch, `self.within` steps are done as well.

        Raises:
            InputError: If there are checkpoints, but none is intact, or they are of other networks.
        """
        records = sorted(self.records(), key=lambda record: -record["step"])
        restored = self._first_intact(gan, records)
        count = len(list(self.directory.glob("step-*.json")))
        if restored is None and count:
            raise InputError(
                f"none of the {count} checkpoints in {self.directory} is intact; to start "
                "the run over, delete that directory."
            )
        restored = restored or {"epoch": 0}
        self.within, self._means = restored.get("within", 0), restored.get("means", {})
        return restored["epoch"]

    def restore_best(self, gan: keras.Model) -> dict | None:
        """Loads the intact checkpoint with the smallest `monitor`, or the newest if none has it.

        Returns:
            The record of the checkpoint, with `epoch`, `step` and the monitored value; None if
            there is no intact checkpoint.
        """

        def rank(record):
            value = record.get(self.monitor)
            return (value is None, value, -record["step"])

        return self._first_intact(gan, sorted(self.records(), key=rank))

    def records(self) -> list[dict]:
        """Returns the records of all checkpoints in the directory."""
        return [r for r in map(_read, self.directory.glob("step-*.json")) if r is not None]

    def on_epoch_begin(self, epoch, logs=None):
        """Restores the running means of the logs if the epoch was interrupted."""
        self._epoch, self._begun = epoch, int(self.model.step.numpy()) - self.within
        with self.model.distribute_strategy.scope():
            for name, values in self._means.items():
                for variable, value in zip(self.model.tracker(name).variables, values, strict=True):
                    variable.assign(value)
        self.within, self._means = 0, {}

    def on_epoch_end(self, epoch, logs=None):
        """Saves a checkpoint, and deletes those that are no longer needed."""
        value = (logs or {}).get(self.monitor)
        # A diverged checkpoint is never the best, nor is one of a phase that only prepares.
        if value is not None and math.isfinite(value) and self.model.eligible:
            self._save({"epoch": epoch + 1, self.monitor: float(value)})
        else:
            self._save({"epoch": epoch + 1})

    def save_within(self) -> None:
        """Saves a checkpoint in the middle of an epoch."""
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
        rated = [r for r in records if self.monitor in r]
        kept = records[: self.keep] + sorted(rated, key=lambda r: r[self.monitor])[:1]
        for record in records:
            if record not in kept:
                self._weights(record["step"]).with_suffix("").with_suffix(".json").unlink()
                self._weights(record["step"]).unlink(missing_ok=True)

    def load(self, gan: keras.Model, record: dict) -> bool:
        """Loads the checkpoint of one of `records` into `gan`; returns whether it is intact.

        Raises:
            InputError: If it is intact, but of other networks.
        """
        weights = self._weights(record["step"])
        if not weights.exists():
            problem = "it is missing"
        elif files.sha256(weights) != record["sha256"]:
            problem = "its SHA-256 is not the recorded one"
        else:
            try:
                gan.load_weights(weights)
            except (ValueError, KeyError) as error:
                raise InputError(
                    f"{weights}: expected a checkpoint of the networks of this recipe, got one of "
                    "others: restore the recipe that it was trained by, or delete "
                    f"{self.directory} to start the run over."
                ) from error
            return True
        logging.warning("skipping checkpoint %s: %s", weights, problem)
        return False

    def _first_intact(self, gan, records: list[dict]) -> dict | None:
        return next((record for record in records if self.load(gan, record)), None)


def _list_attributes_once() -> None:
    """Makes Keras cache its list of optimizer attributes that are not saved.

    Keras 3.15 stores the list under a different name than the one it reads. So for each optimizer
    that it saves, it creates another optimizer to list its attributes, and TensorFlow does not free
    the 70 kB of that optimizer's variables.
    """
    with contextlib.suppress(ImportError, AttributeError, ValueError):  # other versions
        from keras.src.backend.common import global_state
        from keras.src.saving import saving_lib

        skipped = saving_lib.get_attr_skipset("Optimizer")
        global_state.set_global_attribute("saving_attr_skiplist_Optimizer", skipped)


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text())
        return {key: record[key] for key in ("epoch", "step", "sha256")} | record
    except (OSError, ValueError, LookupError, TypeError):
        logging.warning("skipping checkpoint record %s: it cannot be read", path)
        return None
