"""FailureMonitor: says early that a training fails, on what evidence, why, and what to try."""

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
from ganzoo.callbacks import diagnosis
from ganzoo.engine import files
from ganzoo.engine.sides import weights_of
from ganzoo.errors import InputError, unknown

ACTIONS = ("warn", "stop", "rollback")
GUIDE = "docs/guide.md"


class FailureMonitor(keras.callbacks.Callback):
    """Watches the losses, the gradients and a few samples for the failures of `diagnosis.FAILURES`.

    The run is cut into `windows` of as many steps each, whose mean logs are kept, and samples of
    always the same latents are looked at at every second one. A kind of failure is said once.

    Args:
        real: Images, uint8 (N, H, W, C), or points, float32 (N, D), to compare samples with; or a
            dict with such `real`, and what else the model draws by. If there are fewer than 96, or
            they are tokens, or None, the logs alone are watched.
        directory: The run's directory: alarms go to `alarms.jsonl` there, and the lists that they
            are found in to `monitor.json`, so that a resumed run goes on as it would have. None to
            write nothing.
        on_failure: "warn"; "stop", to end the training; or "rollback", to go on from the best
            checkpoint with halved learning rates, three times at most, and then to stop.
        checkpoint: The `callbacks.Checkpoint` to roll back to.
        writer: A `tf.summary` writer, or None.
        windows: Windows of a run.
        steps: Of the whole run; what `fit` is told if not given.
        thresholds: A `diagnosis.Thresholds`.
        silent: Neither to print nor to write: for workers that are not the chief, who must act as
            it does.

    Raises:
        InputError: If `on_failure` is unknown, or there is nothing to roll back to.
    """

    def __init__(
        self, real=None, directory=None, on_failure: str = "warn", checkpoint=None, writer=None,
        windows: int = 100, thresholds: diagnosis.Thresholds | None = None, silent: bool = False,
        steps: int | None = None,
    ):  # fmt: skip
        super().__init__()
        if on_failure not in ACTIONS:
            raise unknown("on_failure", on_failure, ACTIONS)
        if on_failure == "rollback" and checkpoint is None:
            raise InputError("on_failure='rollback' needs `checkpoint`, a callbacks.Checkpoint.")
        self.examples = real if isinstance(real, dict) else {"real": real}
        real = self.examples["real"]
        tokens = real is not None and real.ndim == 2 and real.dtype.kind in "iu"
        self.real = None if real is None or tokens or len(real) < 96 else real[:96]
        self.directory = Path(directory) if directory else None
        self.on_failure, self.checkpoint, self.writer = on_failure, checkpoint, writer
        self.windows, self.thresholds = windows, thresholds or diagnosis.Thresholds()
        self.silent, self.planned = silent, steps
        self.seen: dict[str, list] = {"windows": [], "looks": [], "alarms": []}
        self._broken_off: dict | None = None

    def on_train_begin(self, logs=None):
        """Takes up what was seen of the steps that the model has behind it."""
        step = int(self.model.step.numpy())
        path = self.directory and self.directory / "monitor.json"
        before = _kept(path) if step and path and path.exists() else None
        if before:
            self._broken_off = before.pop("broken_off", None)
            self.seen = {k: [row for row in v if row["step"] <= step] for k, v in before.items()}
        self._write_alarms()
        self.steps, self._drawn = self.planned, None
        self.chance = _chance(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Notes that the means begin anew; at the first epoch, how long the run will be."""
        self._step = self._begun = step = int(self.model.step.numpy())
        if self.steps is None:
            rest = (self.params.get("epochs") or 1) - epoch
            self.steps = step + rest * (self.params.get("steps") or 1000)
        self._means: dict[str, float] = {}
        left, self._broken_off = self._broken_off, None
        if left and left["at"] == step:
            self._begun, self._step, self._means = left["begun"], left["step"], left["means"]

    def on_train_batch_end(self, batch, logs=None):
        """Closes a window, if it is time, and looks for failures."""
        every = max(self.steps // self.windows, 1)
        step = int(self.model.step.numpy())
        if step // every == self._step // every:
            return
        means = {name: float(value) for name, value in logs.items()}
        # A weight that is no number need not show in a loss: ReLU makes zero of it.
        row = {"step": step} | self._since(means, step) | self._norms()
        self.seen["windows"].append(row)
        self._step, self._means = step, means
        sampled = self.real is not None and self.model.generator is not None
        if sampled and step // (2 * every) != (step - every) // (2 * every):
            self._look(step)
        self._judge(step)

    def on_epoch_end(self, epoch, logs=None):
        """Keeps what was seen."""
        self._save(self.seen)

    def save_within(self) -> None:
        """Keeps what was seen, and the window that is open."""
        step = int(self.model.step.numpy())
        opened = {"at": step, "begun": self._begun, "step": self._step, "means": self._means}
        self._save(self.seen | {"broken_off": opened})

    def _save(self, seen: dict) -> None:
        if self.directory and not self.silent:
            files.write_sealed(self.directory / "monitor.json", seen)

    def _since(self, means, step) -> dict:
        """Returns the means since the last window, of the running means of the epoch."""
        done, before = step - self._begun, self._step - self._begun
        return {
            name: (value * done - self._means.get(name, 0.0) * before) / (done - before)
            for name, value in means.items()
        }

    def _norms(self) -> dict:
        """Returns the length of each side's weights."""
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
        seen = diagnosis.look(samples, self.real, before)
        looks.append({"step": step} | {k: np.asarray(v).tolist() for k, v in seen.items()})

    def _draw(self) -> np.ndarray:
        """Returns samples as training sees them, (64, ...), in the scale of the real examples."""
        gan = self.model
        if self._drawn is None:
            make = gan.probe(self.examples, 64, 2)

            @tf.function
            def drawn():
                with random.scope(random.key(2)), keras.StatelessScope():  # nothing is moved
                    return make()

            self._drawn = drawn
        return ops.convert_to_numpy(self._drawn()).astype("float32")

    def _judge(self, step) -> None:
        ceiling = self.thresholds.gradient_ceiling * self.model.gradient_scale
        thresholds = dataclasses.replace(self.thresholds, gradient_ceiling=ceiling)
        found = diagnosis.found(
            self.seen["windows"], self.seen["looks"], self.chance, self.steps, thresholds
        )
        alarms = self.seen["alarms"]
        undone = [i for i, alarm in enumerate(alarms, 1) if "rolled_back_to" in alarm]
        known = {alarm["failure"] for alarm in alarms[max(undone, default=0) :]}
        new = {name: evidence for name, evidence in found.items() if name not in known}
        for name, evidence in new.items():
            self._say(name, evidence, step)
        if new and self.on_failure == "stop":
            self.model.stop_training = True
        elif new and self.on_failure == "rollback":
            self._roll_back(step)

    def _say(self, name, evidence, step) -> None:
        failure = diagnosis.FAILURES[name]
        rates = unusual_rates(self.model)
        alarm = {
            "step": step,
            "failure": name,
            "what": failure.title,
            "evidence": evidence,
            "cause": "; ".join([*rates, failure.cause]),
            "try": list(failure.tricks),
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
        else:  # what follows from the first is said in short
            print(f"\nALARM at step {step}: {alarm['what']}: {evidence}. See {more}")
        self._write_alarms()
        if self.writer is not None:
            with self.writer.as_default(step=step):
                tf.summary.text("alarm", "\n\n".join(f"**{k}** {v}" for k, v in alarm.items()))

    def _write_alarms(self) -> None:
        """Writes the alarms of the steps that count; none that a killed process left."""
        if self.directory and not self.silent:
            path, rows = self.directory / "alarms.jsonl", self.seen["alarms"]
            if rows:
                files.write_text(path, "".join(json.dumps(row) + "\n" for row in rows))
            else:
                path.unlink(missing_ok=True)

    def _roll_back(self, step) -> None:
        times = sum("rolled_back_to" in alarm for alarm in self.seen["alarms"])
        found = self.checkpoint.restore_best(self.model) if times < 3 else None
        if found is None:
            if not self.silent:
                print("There is nothing to roll back to: the training stops.")
            self.model.stop_training = True
            return
        self.model.step.assign(step)  # so that other noise is drawn than the first time
        for optimizer in (self.model.g_optimizer, self.model.d_optimizer):
            with contextlib.suppress(TypeError):  # a schedule cannot be set, and stays
                optimizer.learning_rate = _rate(optimizer) / 2.0 ** (times + 1)
        # What was seen of what was undone says nothing of what comes.
        self.seen["windows"], self.seen["looks"] = [], []
        self.model.reset_metrics()
        self._begun, self._means = step, {}
        self.seen["alarms"][-1]["rolled_back_to"] = found["step"]
        print(f"Rolled back to step {found['step']}, with halved learning rates.")


def _kept(path: Path) -> dict | None:
    """Returns what was seen before; None, with a warning, if that cannot be read any more."""
    try:
        return files.read_sealed(path)
    except (OSError, ValueError) as error:
        logging.warning("the failure monitor begins anew: %s", error)
        return None


def unusual_rates(gan) -> list[str]:
    """Returns a clause for each learning rate that is over five times the variant's canonical."""
    clauses = []
    canonical = gan.learning()
    for side in "dg":
        rates = [
            _rate(x) for x in (getattr(gan, f"{side}_optimizer"), canonical[f"{side}_optimizer"])
        ]
        if None not in rates and rates[0] > 5.0 * rates[1]:
            clauses.append(
                f"{side.upper()}'s learning rate, {rates[0]:g}, is {rates[0] / rates[1]:.0f} times "
                f"the canonical {rates[1]:g}"
            )
    return clauses


def _rate(optimizer) -> float | None:
    return None if optimizer is None else float(ops.convert_to_numpy(optimizer.learning_rate))


def _chance(gan) -> diagnosis.Chance:
    """Returns the losses where D scores every image zero; None of one that can fall below zero.

    Such a loss, as Wasserstein's or an f-divergence's, has no floor that would tell who has won.
    """
    if not gan.compares or gan.loss is None:
        return diagnosis.Chance(None, None)
    zero, far = ops.zeros((8, 1)), ops.ones((8, 1)) * 10.0

    def generator(fake, real):
        return float(gan.loss.generator(*([fake, real] if gan.loss.relative else [fake])))

    at_chance = float(gan.loss.discriminator(zero, zero)), generator(zero, zero)
    when_won = float(gan.loss.discriminator(far, -far)), generator(far, -far)
    return diagnosis.Chance(*(
        x if math.isfinite(x) and x > 1e-3 and least > -1e-3 else None
        for x, least in zip(at_chance, when_won, strict=True)
    ))  # fmt: skip
