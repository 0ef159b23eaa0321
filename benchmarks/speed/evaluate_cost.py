"""Time of the Evaluate callback with train.py's defaults, as a share of the epoch.

    python benchmarks/speed/evaluate_cost.py

Trains DCGAN on the embedded images as `python train.py` does, one epoch of 156 steps per round,
and measures the time of the callback and of the epoch in the same rounds; writes
benchmarks/results/evaluate_cost.json.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import keras

import ganzoo
from ganzoo import callbacks
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training.recipe import Recipe


class Timed(callbacks.Evaluate):
    """Evaluate that records its time in seconds."""

    def on_epoch_end(self, epoch, logs=None):
        """Evaluates, and records the time."""
        start = time.perf_counter()
        super().on_epoch_end(epoch, logs)
        self.seconds.append(time.perf_counter() - start)


def clock() -> tuple:
    """Returns the first and the last callback, and the list of epoch times in seconds."""
    epochs = []
    begin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: epochs.append(-time.perf_counter())
    )
    end = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs.append(epochs.pop() + time.perf_counter())
    )
    return begin, end, epochs


def default_run() -> tuple:
    """Returns train.py's defaults: recipe, GAN, real images, data, steps per epoch."""
    from ganzoo.training import run

    recipe = Recipe().resolved()
    source = run.opened(recipe)
    gan, info = run.build(recipe, source.info), source.info
    real, _ = ganzoo.data.arrays(recipe.dataset, limit=run.MEASURED)
    data = ganzoo.data.load(recipe.dataset, batch_size=recipe.batch_size, repeat=True)
    return recipe, gan, real, data, info.num_examples // recipe.batch_size


def measure(gan, data, steps: int, real, features: str, rounds: int) -> dict:
    """Returns the callback's share of the epochs, and its time in seconds."""
    evaluate = Timed(real, features)
    evaluate.seconds = []
    begin, end, epochs = clock()
    gan.fit(
        data, steps_per_epoch=steps, epochs=rounds + 1, verbose=2, callbacks=[begin, evaluate, end]
    )
    # The first round traces the step, and computes the features of the real images.
    shares = [a / b for a, b in zip(evaluate.seconds[1:], epochs[1:], strict=True)]
    return {
        "share": round(statistics.median(shares), 4),
        "shares": [round(share, 4) for share in shares],
        "seconds": round(statistics.median(evaluate.seconds[1:]), 3),
        "seconds_of_the_first": round(evaluate.seconds[0], 3),
        "epoch_seconds": round(statistics.median(epochs[1:]), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    import_tensorflow()
    from ganzoo.training import summary

    recipe, gan, real, data, steps = default_run()
    results = {"steps_per_epoch": steps, "rounds": args.rounds, "hardware": summary.hardware()}
    results["load_before"] = os.getloadavg()[0]
    for features in ("pixels", recipe.features):
        results[features] = measure(gan, data, steps, real, features, args.rounds)
    results["load_after"] = os.getloadavg()[0]
    print(json.dumps(results, indent=1))
    path = Path(__file__).parent.parent / "results" / "evaluate_cost.json"
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
