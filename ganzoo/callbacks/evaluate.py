"""Evaluate: measures the model against real examples, after epochs."""

import keras
import numpy as np

from ganzoo import metrics
from ganzoo.engine import pixels
from ganzoo.engine.batch import spread
from ganzoo.metrics import spaces


class Evaluate(keras.callbacks.Callback):
    """Adds to the logs what the model's `measure` returns: for a GAN, a distance to the data.

    The distance is that of a feature space (`metrics.spaces`): `swd`, the sliced Wasserstein
    distance, of pixels or points; the Frechet distance of a network's features, `fid` (Inception)
    or `fid_<features>`; for sequences the likelihood under the oracle, `nll_oracle`, or 1 - BLEU-3,
    `bleu_gap`. The same latents and real images are used every time, so that two epochs of a run
    differ only in their weights. It is not a figure to publish: with so few samples it is biased.

    Args:
        real: Images (N, H, W, C), uint8 or of another range of values that `ValueRange`
            understands; or points, float32 (N, D); or a dict with such `real`, and the `label`
            (N,) if the model needs it.
        features: Name of the feature space.
        num: Number of samples; by default 800, or 400 for pixels, whose distance takes longer. Then
            it takes less than a twentieth of the training's time (measured by
            `benchmarks/speed/evaluate_cost.py`).
        seed: Seed of the samples.
        every: Measure at the end of an epoch only if this many steps went by, and after the last.
        against: The name of the real examples, for `facts`.

    Attributes:
        monitor: Name of the distance in the logs.

    Raises:
        InputError: If there is no such feature space, or the images have another range of values.

    Example:
    ```python
    images, _ = ganzoo.data.arrays("fashion_mnist_10k")
    evaluate = ganzoo.callbacks.Evaluate(images, features="fashion_mnist")
    gan.fit(dataset, epochs=5, callbacks=[evaluate])
    ```
    """

    def __init__(self, real, features: str = "pixels", num: int | None = None, seed: int = 1,
                 every: int = 1, against: str = "real"):  # fmt: skip
        super().__init__()
        self.against = against
        self.examples = pixels.examples_of(real)
        self.space, self.seed, self.every = spaces.get(features), seed, every
        default = min(len(self.examples["real"]), 400) if self.space.matched else 800
        self.num = default if num is None else num
        self.monitor = self.space.monitor
        self._network = self._reference = None

    def on_train_begin(self, logs=None):
        """Notes the step at which the training starts."""
        self._last = int(self.model.step.numpy())

    def on_epoch_end(self, epoch, logs=None):
        """Measures, if it is time."""
        step = int(self.model.step.numpy())
        last_epoch = self.model.stop_training or epoch + 1 == self.params.get("epochs")
        if step // self.every > self._last // self.every or last_epoch:
            logs |= self.model.measure(self)
        self._last = step

    def distance(self, samples) -> dict[str, float]:
        """Returns the distance of samples to the real examples, by its name."""
        real = self.examples["real"]
        if self.space.distance is not None:
            real = spread(real, len(samples)) if self.space.matched else real
            return self.space.distance(real, samples)
        if self._reference is None:
            self._network = metrics.extractor(self.space.name)
            self._reference = metrics.moments(real, self._network)
        moments = metrics.moments(np.asarray(samples), self._network)
        return {self.monitor: metrics.frechet_distance(self._reference, moments)}

    def facts(self, values: dict[str, float]) -> dict[str, dict]:
        """Returns measured values, each with the settings it was measured with."""
        real = len(self.examples["real"])
        facts = {}
        for name, value in values.items():
            facts[name] = {"value": value, "against": self.against, "n_real": real}
            if name == self.monitor:
                points = self.space.name == "pixels" and self.examples["real"].ndim == 2
                facts[name] |= {
                    "features": "points" if points else self.space.name,
                    "n_real": self.num if self.space.matched else real,
                    "n_fake": self.num,
                    "seed": self.seed,
                }
                for key in ("resize", "precision"):
                    if setting := getattr(self._network, key, None):
                        facts[name][key] = setting
        return facts
