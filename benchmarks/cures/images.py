"""Games on images: a patient's recipe by `fit`, one seed after the other.

`distance` is the Frechet distance of 2,500 samples to the test images, in the features of the
zoo's classifier of the data set.
"""

import time

import kept
import numpy as np

from ganzoo import callbacks, metrics
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.metrics import spaces
from ganzoo.training import run

SAMPLES = 2500


def play(recipe, seeds) -> dict:
    """Returns how the games of a recipe ended, a list of measures in the order of the seeds.

    `alarm` is the failure monitor's first one, and `alarmed_at` its step.
    """
    import_tensorflow()
    began = time.perf_counter()
    rows = [_played(recipe.replace({"seed": seed}).resolved()) for seed in seeds]
    return {"seconds": round(time.perf_counter() - began, 1)} | kept.columns(rows)


def _played(recipe) -> dict:
    source = run.opened(recipe)
    gan = run.build(recipe, source.info)
    monitor = callbacks.FailureMonitor(source.arrays(96)[0], steps=recipe.steps, silent=True)
    stream = source.load(recipe.batch_size, seed=recipe.seed, repeat=True)
    gan.fit(
        stream, steps_per_epoch=recipe.steps, epochs=1, verbose=0,
        callbacks=[monitor],
    )  # fmt: skip
    alarms = monitor.seen["alarms"]
    first = [alarm for alarm in alarms if alarm["step"] == alarms[0]["step"]]
    return _measured(gan, recipe) | {
        "alarm": "+".join(alarm["failure"] for alarm in first) or None,
        "alarmed_at": first[0]["step"] if first else None,
    }


def _measured(gan, recipe) -> dict:
    name = spaces.of_data(recipe.dataset)
    samples = gan.sample(SAMPLES, seed=recipe.seed)
    if not np.isfinite(samples.astype("float32")).all():
        return {"distance": None}
    features = metrics.extractor(name)
    real = metrics.real_moments(name, "test", features=features)
    distance = metrics.fid(real, samples, features)
    return {"distance": round(distance, 2)}
