"""Evaluate: measures the model against real examples, after epochs."""

import keras
import numpy as np

from ganzoo import metrics
from ganzoo.data import oracle
from ganzoo.engine.batch import spread

MONITORS = {"pixels": "swd", "inception": "fid", "oracle": "nll_oracle", "bleu": "bleu_gap"}


class Evaluate(keras.callbacks.Callback):
    """Adds to the logs what the model's `measure` says: of a GAN, how far its samples are off.

    That distance is `swd`, the sliced Wasserstein distance, of pixels or points; and of the
    features of a network the Frechet distance, `fid` (Inception) or `fid_<features>`. Of sequences
    it is their likelihood under the oracle, `nll_oracle`, or 1 - BLEU-3, `bleu_gap`. The same
    latents and real images are used every time, so that two epochs of one run differ by their
    weights alone. It is no figure to publish: so few samples bias it.

    Args:
        real: Images, uint8 (N, H, W, C), or points, float32 (N, D); or a dict with such `real`, and
            the `label` (N,) where the model needs it.
        features: "pixels", or a name of `metrics.features.EXTRACTORS`; of sequences "oracle" or
            "bleu".
        num: Samples to draw; by default 800, or 400 of pixels, whose distance takes longer: what
            `benchmarks/evaluate_cost.py` finds to take less than a twentieth of the time.
        seed: Seed of their latents.
        every: Measure at the end of an epoch only if so many steps went by, and after the last.

    Attributes:
        monitor: Name of the distance.
    """

    def __init__(self, real, features: str = "pixels", num: int | None = None, seed: int = 1,
                 every: int = 1):  # fmt: skip
        super().__init__()
        self.examples = real if isinstance(real, dict) else {"real": real}
        self.features, self.seed, self.every = features, seed, every
        default = min(len(self.examples["real"]), 400) if features == "pixels" else 800
        self.num = default if num is None else num
        self.monitor = MONITORS.get(features, f"fid_{features}")
        self._reference = None

    def on_train_begin(self, logs=None):
        """Reads where the run stands."""
        self._last = int(self.model.step.numpy())

    def on_epoch_end(self, epoch, logs=None):
        """Measures, if it is time."""
        step = int(self.model.step.numpy())
        last_epoch = self.model.stop_training or epoch + 1 == self.params.get("epochs")
        if step // self.every > self._last // self.every or last_epoch:
            logs |= self.model.measure(self)
        self._last = step

    def distance(self, samples) -> dict[str, float]:
        """Returns the distance of samples to the real images, by its name."""
        real = self.examples["real"]
        if self.features == "oracle":
            return {"nll_oracle": oracle.oracle().nll(samples)}
        if self.features == "bleu":
            found = {f"bleu_{n}": metrics.bleu(samples, real, n) for n in (2, 3, 4)}
            return {"bleu_gap": 1.0 - found["bleu_3"]} | found
        if self.features == "pixels":
            return {"swd": metrics.sliced_wasserstein(spread(real, len(samples)), samples)}
        if self._reference is None:
            self._extractor = metrics.extractor(self.features)
            self._reference = metrics.moments(real, self._extractor)
        found = metrics.frechet_distance(
            self._reference, metrics.moments(np.asarray(samples), self._extractor)
        )
        return {self.monitor: found}

    def facts(self, values: dict[str, float], against: str) -> dict[str, dict]:
        """Returns measured values, each with what it was measured with."""
        real = len(self.examples["real"])
        facts = {}
        for name, value in values.items():
            facts[name] = {"value": value, "against": against, "n_real": real}
            if name == self.monitor:
                pixels = self.features == "pixels"
                points = pixels and self.examples["real"].ndim == 2
                facts[name] |= {
                    "features": "points" if points else self.features,
                    "n_real": self.num if pixels else real,
                    "n_fake": self.num,
                    "seed": self.seed,
                }
        return facts
