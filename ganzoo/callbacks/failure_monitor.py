"""FailureMonitor: detects failures of a training early, and suggests causes and remedies."""

import contextlib
import dataclasses
import json
import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import logging
from keras import ops

from ganzoo import random
from ganzoo.callbacks import advice, diagnosis
from ganzoo.engine import files, pixels
from ganzoo.engine.sides import weights_of
from ganzoo.errors import InputError, unknown

ACTIONS = ("warn", "stop", "rollback", "cure")
CURE = "cure.json"  # in the directory of a run that ended to be cured
CURED = "cured"  # the folder in it where it goes on
CURES = 3  # after which a run that fails again goes on as it is
GUIDE = "docs/guide.md"


class FailureMonitor(keras.callbacks.Callback):
    """Watches losses, gradients and samples for the failures in `diagnosis.FAILURES`.

    The run is divided into `windows` with the same number of steps, whose mean logs are recorded,
    and samples from fixed latents are checked in every second window. Each kind of failure is
    reported once.

    Args:
        real: Images, uint8 (N, H, W, C), or points, float32 (N, D), to compare samples with; or a
            dict of such `real` and other inputs that the model's samples depend on. Only logs are
            watched if there are fewer than 96 examples, if they are tokens, or with None.
        directory: Directory of the run: alarms are written to `alarms.jsonl` there, and the records
            to `monitor.json`, so that a resumed run continues exactly. None to write nothing.
        on_failure: `"warn"`; `"stop"` to end the training; or `"rollback"` to continue from the
            best checkpoint with halved learning rates, up to three times, and then to stop; or
            `"cure"` to end the training and write to `cure.json` the measured cure that fits, with
            which `training.run` goes on, up to three times with different ones.
        checkpoint: The `callbacks.Checkpoint` to roll back to.
        writer: A `tf.summary` writer, or None.
        windows: Number of windows of a run.
        steps: Number of steps of the whole run; by default computed from the arguments of `fit`.
        suspicions: What seems to be wrong with the data, in words, which an alarm gives as its
            cause; see `data.check`.
        thresholds: A `diagnosis.Thresholds`.
        silent: Whether to neither print nor write. For workers other than the chief, which must
            still act on failures as the chief does.

    Raises:
        InputError: If `on_failure` is unknown, or `"rollback"` is given without a checkpoint.

    Example:
        monitor = ganzoo.callbacks.FailureMonitor(real=images, on_failure="stop")
        gan.fit(dataset, epochs=2, callbacks=[monitor])
    """

    def __init__(
        self, real=None, directory=None, on_failure: str = "warn", checkpoint=None, writer=None,
        windows: int = 100, thresholds: diagnosis.Thresholds | None = None, silent: bool = False,
        steps: int | None = None, suspicions: tuple[str, ...] = (),
    ):  # fmt: skip
        super().__init__()
        if on_failure not in ACTIONS:
            raise unknown("on_failure", on_failure, ACTIONS)
        if on_failure == "rollback" and checkpoint is None:
            raise InputError("on_failure='rollback' needs `checkpoint`, a callbacks.Checkpoint.")
        if on_failure == "cure" and directory is None:
            raise InputError("on_failure='cure' needs `directory`, where the cure is written.")
        self.examples = pixels.examples_of(real)
        real = self.examples["real"]
        tokens = real is not None and real.ndim == 2 and real.dtype.kind in "iu"
        self.real = None if real is None or tokens or len(real) < 96 else real[:96]
        self.directory = Path(directory) if directory else None
        self.on_failure, self.checkpoint, self.writer = on_failure, checkpoint, writer
        self.windows, self.thresholds = windows, thresholds or diagnosis.Thresholds()
        self.silent, self.planned, self.suspicions = silent, steps, suspicions
        self.seen: dict[str, list] = {"windows": [], "looks": [], "alarms": []}
        self._broken_off: dict | None = None

    def on_train_begin(self, logs=None):
        """Restores the records up to the model's current step."""
        step = int(self.model.step.numpy())
        path = self.directory and self.directory / "monitor.json"
        records = _saved(path) if step and path and path.exists() else None
        if records:
            self._broken_off = records.pop("broken_off", None)
            self.seen = {k: [row for row in v if row["step"] <= step] for k, v in records.items()}
        self._write_alarms()
        if self.directory and not self.silent:
            (self.directory / CURE).unlink(missing_ok=True)  # of a step that was not saved
        self.steps, self._drawn = self.planned, None
        self.chance = losses_at_chance(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Resets the running means, and computes the length of the run at the first epoch."""
        self._step = self._begun = step = int(self.model.step.numpy())
        if self.steps is None:
            remaining = (self.params.get("epochs") or 1) - epoch
            self.steps = step + remaining * (self.params.get("steps") or 1000)
        self._means: dict[str, float] = {}
        opened, self._broken_off = self._broken_off, None
        if opened and opened["at"] == step:
            self._begun, self._step, self._means = opened["begun"], opened["step"], opened["means"]

    def on_train_batch_end(self, batch, logs=None):
        """At the end of a window, records it and checks for failures."""
        window = max(self.steps // self.windows, 1)
        step = int(self.model.step.numpy())
        if step // window == self._step // window:
            return
        means = {name: float(value) for name, value in logs.items()}
        # The weights are checked, too, as a ReLU can hide a NaN from the losses.
        row = {"step": step} | self._since(means, step) | self._norms()
        self.seen["windows"].append(row)
        self._step, self._means = step, means
        sampled = self.real is not None and self.model.generator is not None
        if sampled and step // (2 * window) != (step - window) // (2 * window):
            self._look(step)
        self._judge(step)

    def on_epoch_end(self, epoch, logs=None):
        """Saves the records."""
        self._save(self.seen)

    def save_within(self) -> None:
        """Saves the records and the current window in the middle of an epoch."""
        step = int(self.model.step.numpy())
        opened = {"at": step, "begun": self._begun, "step": self._step, "means": self._means}
        self._save(self.seen | {"broken_off": opened})

    def _save(self, seen: dict) -> None:
        if self.directory and not self.silent:
            files.write_sealed(self.directory / "monitor.json", seen)

    def _since(self, means, step) -> dict:
        """Returns the means since the last window, computed from running means of the epoch."""
        done, before = step - self._begun, self._step - self._begun
        return {
            name: (value * done - self._means.get(name, 0.0) * before) / (done - before)
            for name, value in means.items()
        }

    def _norms(self) -> dict:
        """Returns the norm of each side's weights."""
        sides = {"d": self.model.discriminator, "g": self.model.generator}
        return {
            f"{key}_weight_norm": float(tf.linalg.global_norm([w.value for w in weights_of(side)]))
            for key, side in sides.items()
            if side is not None
        }

    def _look(self, step) -> None:
        samples = self._draw()
        if not np.isfinite(samples).all():
            return
        looks = self.seen["looks"]
        before = np.array(looks[-1]["nearest"]) if looks else None
        statistics = diagnosis.look(samples, self.real, before)
        looks.append({"step": step} | {k: np.asarray(v).tolist() for k, v in statistics.items()})

    def _draw(self) -> np.ndarray:
        """Returns samples in training mode, (64, ...), with the range of the real examples."""
        gan = self.model
        if self._drawn is None:
            make = gan.probe(self.examples, 64, 2)

            @tf.function
            def drawn():
                # The stateless scope leaves all variables unchanged.
                with random.scope(random.key(2)), keras.StatelessScope():
                    return make()

            self._drawn = drawn
        return ops.convert_to_numpy(self._drawn()).astype("float32")

    def _judge(self, step) -> None:
        ceiling = self.thresholds.gradient_ceiling * self.model.gradient_scale
        thresholds = dataclasses.replace(self.thresholds, gradient_ceiling=ceiling)
        failures = diagnosis.found(
            self.seen["windows"], self.seen["looks"], self.chance, self.steps, thresholds
        )
        alarms = self.seen["alarms"]
        undone = [i for i, alarm in enumerate(alarms, 1) if "rolled_back_to" in alarm]
        known = {alarm["failure"] for alarm in alarms[max(undone, default=0) :]}
        new = {name: evidence for name, evidence in failures.items() if name not in known}
        for name, evidence in new.items():
            self._say(name, evidence, step)
        if new and self.on_failure == "stop":
            self.model.stop_training = True
        elif new and self.on_failure == "rollback":
            self._roll_back(step)
        elif new and self.on_failure == "cure":
            self._cure(new, step)

    def _say(self, name, evidence, step) -> None:
        failure = diagnosis.FAILURES[name]
        rates = unusual_rates(self.model)
        alarm = {
            "step": step,
            "failure": name,
            "what": failure.title,
            "evidence": evidence,
            "cause": "; ".join([*self.suspicions, *rates, failure.cause]),
            "try": advice.tricks(name, self.model),
        }
        self.seen["alarms"].append(alarm)
        if self.silent:
            return
        more = f"{GUIDE}#{name.replace('_', '-')}"
        if len(self.seen["alarms"]) == 1:
            print(
                f"\nALARM at step {step}: {alarm['what']}.\n"
                f"  evidence  {evidence}\n"
                f"  cause     {alarm['cause']}\n"
                f"  try       {'; or '.join(alarm['try'])}\n"
                f"  more      {more}"
            )
        else:  # further alarms are often consequences of the first one: one line is enough
            print(f"\nALARM at step {step}: {alarm['what']}: {evidence}. See {more}")
        self._write_alarms()
        if self.writer is not None:
            with self.writer.as_default(step=step):
                tf.summary.text("alarm", "\n\n".join(f"**{k}** {v}" for k, v in alarm.items()))

    def _write_alarms(self) -> None:
        """Writes the alarms, and so drops those of steps that a killed process did not save."""
        if self.directory and not self.silent:
            path, rows = self.directory / "alarms.jsonl", self.seen["alarms"]
            if rows:
                files.write_text(path, "".join(json.dumps(row) + "\n" for row in rows))
            else:
                path.unlink(missing_ok=True)

    def _cure(self, failures, step) -> None:
        """Ends the training, with a note of the cure; goes on if no measured cure fits."""
        tried = self._tried()
        found = ((name, advice.cure(name, self.model, tried)) for name in failures)
        name, cure = next((pair for pair in found if pair[1]), (None, None))
        if cure is None or len(tried) >= CURES:
            reason = "Its cures did not help" if tried else "No measured cure fits this run"
            print(f"{reason}: it goes on as it is.")
            return
        row = {"step": step, "failure": name, "title": cure["title"], "changes": cure["changes"]}
        files.write_text(self.directory / CURE, json.dumps(row, indent=1) + "\n")
        self.model.stop_training = True

    def _tried(self) -> list[str]:
        """Returns the titles of the cures that led to this run."""
        folder, titles = self.directory, []
        while folder.name == CURED and (folder.parent / CURE).exists():
            folder = folder.parent
            titles.append(json.loads((folder / CURE).read_text())["title"])
        return titles

    def _roll_back(self, step) -> None:
        times = sum("rolled_back_to" in alarm for alarm in self.seen["alarms"])
        best = self.checkpoint.restore_best(self.model) if times < 3 else None
        if best is None:
            if not self.silent:
                print("There is no checkpoint to roll back to, or too many rollbacks: stopping.")
            self.model.stop_training = True
            return
        self.model.step.assign(step)  # so that the noise differs from the first time
        for optimizer in (self.model.g_optimizer, self.model.d_optimizer):
            with contextlib.suppress(TypeError):  # a schedule cannot be changed
                optimizer.learning_rate = _rate(optimizer) / 2.0 ** (times + 1)
        # Records of the undone steps do not apply to the next ones.
        self.seen["windows"], self.seen["looks"] = [], []
        self.model.reset_metrics()
        self._begun, self._means = step, {}
        self.seen["alarms"][-1]["rolled_back_to"] = best["step"]
        print(f"Rolled back to step {best['step']}, with halved learning rates.")


def _saved(path: Path) -> dict | None:
    """Returns the saved records; None, with a warning, if the file is damaged."""
    try:
        return files.read_sealed(path)
    except (OSError, ValueError) as error:
        logging.warning("the failure monitor starts without its records: %s", error)
        return None


def unusual_rates(gan) -> list[str]:
    """Returns a clause for each learning rate that is over five times the variant's default."""
    clauses = []
    defaults = gan.learning()
    for side in "dg":
        rates = [
            _rate(x) for x in (getattr(gan, f"{side}_optimizer"), defaults[f"{side}_optimizer"])
        ]
        if None not in rates and rates[0] > 5.0 * rates[1]:
            clauses.append(
                f"{side.upper()}'s learning rate, {rates[0]:g}, is {rates[0] / rates[1]:.0f} times "
                f"the default {rates[1]:g}"
            )
    return clauses


def _rate(optimizer) -> float | None:
    return None if optimizer is None else float(ops.convert_to_numpy(optimizer.learning_rate))


def losses_at_chance(gan) -> diagnosis.Chance:
    """Returns the losses when D scores every image zero; None for losses that can be negative.

    Such losses, as Wasserstein's or an f-divergence's, have no lower bound that a winner reaches.
    """
    if not gan.compares or gan.loss is None:
        return diagnosis.Chance(None, None)
    zero, large = ops.zeros((8, 1)), ops.ones((8, 1)) * 10.0

    def generator(fake, real):
        return float(gan.loss.generator(*([fake, real] if gan.loss.relative else [fake])))

    at_chance = float(gan.loss.discriminator(zero, zero)), generator(zero, zero)
    when_won = float(gan.loss.discriminator(large, -large)), generator(large, -large)
    return diagnosis.Chance(*(
        x if math.isfinite(x) and x > 1e-3 and least > -1e-3 else None
        for x, least in zip(at_chance, when_won, strict=True)
    ))  # fmt: skip
