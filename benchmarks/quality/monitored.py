"""The runs by which the failure monitor is judged: broken ones, and those of every variant.

What the monitor sees of a run is written to a file, so that rules and thresholds can be tried
without training again. Networks are narrow and images small, so that a run takes half a minute.
"""

import dataclasses
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ganzoo import callbacks, gans, metrics
from ganzoo.callbacks import diagnosis
from ganzoo.engine import files
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

STEPS = 1000
SIDE = 16  # of the images
IMAGES = ("fashion_mnist_10k", "mnist", "cifar10", "stacked:mnist", "emoji")
LABELED = ("fashion_mnist_10k", "mnist", "cifar10", "emoji")
PAIRS = ("edges:fashion_mnist_10k", "edges:mnist", "edges:cifar10")
OTHERS = {  # data of the variants that learn from something else
    "pix2pix": PAIRS, "cyclegan": PAIRS, "unit": PAIRS, "seqgan": ("oracle",),
}  # fmt: skip
# It has no generator; those two need a teacher, and weights that are not in the package.
LEFT_OUT = ("classifier", "distilled", "projected_gan")


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A run that is monitored.

    Attributes:
        title: What is wrong; for a healthy run the variant.
        variant: Name of the variant.
        dataset: Name of the data.
        seed: Seed of the run.
        changes: Keys of the recipe that differ from the variant's defaults.
        fitted: Whether the run is in the half by which thresholds are chosen, and not in the one
            that is judged. A variant or a fault is in one half with all of its runs.
        names: The failures that name what is wrong; none for a healthy run.
    """

    title: str
    variant: str
    dataset: str
    seed: int
    changes: dict
    fitted: bool
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the file of the run is called."""
        words = f"{self.title} {self.dataset} {self.seed}"
        return re.sub("[^a-z0-9]+", "_", words.lower()).strip("_")


def adam(rate, beta_1=0.5) -> dict:
    """Returns the config of the optimizer as in a recipe."""
    return {"class_name": "Adam", "config": {"learning_rate": rate, "beta_1": beta_1}}


def both(rate, beta_1=0.5) -> dict:
    """Returns optimizers with the same learning rate for both sides."""
    return {"g_optimizer": adam(rate, beta_1), "d_optimizer": adam(rate, beta_1)}


FREE = {"d_normalization": "none"}
SGD = {"class_name": "SGD", "config": {"learning_rate": 1e4}}
FLIPPED = {"class_name": "NonSaturating", "config": {"flip": 0.45}}
EXPLODED = ("large_gradient", "divergence", "unstable", "nan", "oscillation", "relapse")
COLLAPSED = ("collapse", "missing_modes", "rotation")
LOST = ("d_wins", "no_gradient")
FAULTS = {  # what is wrong -> variant, changes, the failures that name it
    "D's rate 2,500 times too large": ("dcgan", {"d_optimizer": adam(0.5)}, EXPLODED),
    "G's rate 250 times too large": (
        "dcgan", {"g_optimizer": adam(0.05)}, (*EXPLODED, *COLLAPSED),
    ),
    "G's rate 200 times too small": ("dcgan", {"g_optimizer": adam(1e-6)}, (*LOST, "stalled")),
    "both rates 500 times too large, least squares": ("lsgan", both(0.1), EXPLODED),
    "Adam's beta_1 0.9, rates 10 times too large, no normalization in D": (
        "dcgan", FREE | both(2e-3, 0.9), (*EXPLODED, *COLLAPSED),
    ),
    "D too strong: 5 turns, 100 times G's rate": (
        "dcgan", {"n_critic": 5, "d_optimizer": adam(1e-3), "g_optimizer": adam(1e-5)},
        (*LOST, "stalled"),
    ),
    "G too strong: D hardly learns": (
        "dcgan", {"g_optimizer": adam(2e-3), "d_optimizer": adam(1e-7)},
        ("d_fooled", *COLLAPSED),
    ),
    "saturation: minimax loss, no normalization, 5 turns of D": (
        "dcgan",
        FREE | {"loss": "minimax", "g_normalization": "none", "n_critic": 5} | both(5e-3),
        LOST,
    ),
    "hinge, no normalization in D, its rate 250 times too large": (
        "dcgan", FREE | {"loss": "hinge", "d_optimizer": adam(0.05)}, EXPLODED,
    ),
    "WGAN without weight clipping": ("wgan", {"clip": 1e6} | both(0.01, 0.9), EXPLODED),
    "NaN: SGD with rate 10,000, least squares": ("lsgan", {"d_optimizer": SGD}, EXPLODED),
    "45 % of D's labels flipped": ("dcgan", {"loss": FLIPPED}, ("stalled", "d_fooled", *COLLAPSED)),
    "latents of one number": ("dcgan", {"latent_dim": 1}, COLLAPSED),
}  # fmt: skip


def broken() -> list[Run]:
    """Returns the broken runs: every fault on all data of images, with two seeds."""
    return [
        Run(title, variant, dataset, seed, changes, number % 2 == 0, names)
        for seed in (0, 1)
        for dataset in IMAGES
        for number, (title, (variant, changes, names)) in enumerate(FAULTS.items())
    ]


def healthy() -> list[Run]:
    """Returns runs with the default settings of every variant, each on three data sets."""
    runs = []
    for number, variant in enumerate(v for v in gans.list_variants() if v not in LEFT_OUT):
        labels = gans.from_data(variant).get("num_classes", False)
        choice = OTHERS.get(variant, LABELED if labels else IMAGES)
        for seed in range(3):
            dataset = choice[(number + 2 * seed) % len(choice)]
            runs.append(Run(variant, variant, dataset, seed, {}, number % 2 == 0))
    return runs


def play(one: Run) -> dict:
    """Trains a run; returns what the monitor saw, and the distance of the samples to the data."""
    recipe = Recipe(model=one.variant, dataset=one.dataset, steps=STEPS, batch_size=32)
    narrow = {} if one.variant == "seqgan" else {"width": 8}
    size = {} if one.variant == "seqgan" else {"image_size": SIDE}
    recipe = recipe.replace({"precision": "float32", "seed": one.seed} | narrow | size)
    recipe = recipe.replace(one.changes).resolved()
    source = run.opened(recipe)
    gan = run.build(recipe, source.info)
    source, evaluate = run.divided(recipe, gan, source)
    monitor = callbacks.FailureMonitor(evaluate.examples, steps=STEPS, silent=True)
    stream = source.load(recipe.batch_size, seed=one.seed, repeat=True)
    began = time.time()
    gan.fit(stream, steps_per_epoch=STEPS // 4, epochs=4, verbose=0, callbacks=[monitor])
    return {
        "run": dataclasses.asdict(one),
        "windows": monitor.seen["windows"],
        "looks": monitor.seen["looks"],
        "chance": dataclasses.asdict(monitor.chance),
        "gradient_scale": float(gan.gradient_scale),
        "steps": STEPS,
        "swd": _distance(gan, evaluate.examples),
        "seconds": round(time.time() - began, 1),
    }


def _distance(gan, examples) -> float | None:
    """Returns the sliced Wasserstein distance; None for other models, and of what is no number."""
    if type(gan.sampler).__name__ != "Sampler":
        return None
    samples = gan.sample(1000, seed=1)
    if samples.ndim != 4 or not np.isfinite(samples.astype("float32")).all():
        return None
    return float(metrics.sliced_wasserstein(examples["real"][:1000], samples))


def alarms(seen: dict, limits: diagnosis.Thresholds) -> list[dict]:
    """Returns the alarms that the monitor would give of a run: step, failure, evidence."""
    ceiling = limits.gradient_ceiling * seen.get("gradient_scale", 1.0)
    limits = dataclasses.replace(limits, gradient_ceiling=ceiling)
    found, chance = {}, diagnosis.Chance(**seen["chance"])
    for number, window in enumerate(seen["windows"], 1):
        looks = [look for look in seen["looks"] if look["step"] <= window["step"]]
        failures = diagnosis.found(seen["windows"][:number], looks, chance, seen["steps"], limits)
        for name, evidence in failures.items():
            alarm = {"step": window["step"], "failure": name, "evidence": evidence}
            found.setdefault(name, alarm)
    return list(found.values())


def played(runs: Iterable[Run], folder: Path, minutes: float | None) -> dict[Run, dict]:
    """Returns what was seen of runs, and plays those without a file while there is time."""
    folder.mkdir(parents=True, exist_ok=True)
    found, began = {}, time.time()
    for one in runs:
        path = folder / f"{one.name}.json"
        if not path.exists() and (minutes is None or time.time() - began < 60 * minutes):
            files.write_text(path, json.dumps(play(one)))
            print(one.name, json.loads(path.read_text())["seconds"], flush=True)
        if path.exists():
            found[one] = json.loads(path.read_text())
    return found
