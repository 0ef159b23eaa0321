"""Overhead of `fit` compared with a plain `tf.function` loop of the same step, interleaved.

    python benchmarks/speed/fit_overhead.py

Writes benchmarks/results/fit_overhead.json. A ratio of 0.97 means that `fit`, without progress
bar, has 97 % of the loop's steps per second.
"""

import json
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import ganzoo
from ganzoo.engine import files
from ganzoo.training import summary

CASES = {  # name -> (arguments of create, batch, steps of a round)
    "dcgan 28x28 width 32": ({"name": "dcgan"}, 64, 40),
    "dcgan 28x28 width 32, steps_per_execution 10": (
        {"name": "dcgan", "steps_per_execution": 10}, 64, 40,
    ),
    "wgan_gp 28x28 width 32": ({"name": "wgan_gp"}, 64, 12),
    "dcgan 8x8 width 8 (overhead alone)": (
        {"name": "dcgan", "image_shape": (8, 8, 1), "width": 8}, 16, 300,
    ),
}  # fmt: skip
ROUNDS = 9


def measure(arguments: dict, batch: int, steps: int) -> dict:
    size = arguments.get("image_shape", (28, 28, 1))[0]
    gan = ganzoo.create(**arguments)
    load = {"image_size": size, "batch_size": batch * gan.n_critic, "repeat": True}
    stream = ganzoo.data.load("fashion_mnist_10k", **load)
    step = tf.function(gan.train_step, autograph=False)

    def bare():
        iterator = iter(stream)
        start = None
        for i in range(steps + 1):
            logs = step(next(iterator))
            if i == 0:
                start = time.perf_counter()
        float(logs["g_adv"])  # the last step is done
        return steps / (time.perf_counter() - start)

    class Clock(ganzoo.callbacks.StopAtStep):
        """Measures the time from the end of the first execution, as for the loop."""

        def __init__(self):
            super().__init__(10**9)
            self.start = self.first = None

        def on_train_batch_end(self, index, logs=None):
            if self.start is None:
                self.start, self.first = time.perf_counter(), index
            self.rate = (index - self.first) / (time.perf_counter() - self.start)

    def fit():
        clock = Clock()
        execution = arguments.get("steps_per_execution", 1)
        per_turn = ganzoo.data.load(
            "fashion_mnist_10k", image_size=size, batch_size=batch, repeat=True
        )
        gan.fit(per_turn, steps_per_epoch=steps + execution, verbose=0, callbacks=[clock])
        return clock.rate

    bare(), fit()  # trace both
    rounds = [(bare(), fit()) for _ in range(ROUNDS)]
    return {
        "batch": batch,
        "n_critic": gan.n_critic,
        "loop_steps_per_second": round(statistics.median(r[0] for r in rounds), 2),
        "fit_steps_per_second": round(statistics.median(r[1] for r in rounds), 2),
        "ratio": round(statistics.median(f / b for b, f in rounds), 4),
        "ratios": [round(f / b, 3) for b, f in rounds],
    }


def main():
    results = {"hardware": summary.hardware(), "tensorflow": tf.__version__, "cases": {}}
    for name, (arguments, batch, steps) in CASES.items():
        results["cases"][name] = measure(arguments, batch, steps)
        print(f"{name}: {json.dumps(results['cases'][name])}", flush=True)
    out = Path(__file__).parent.parent / "results" / "fit_overhead.json"
    files.write_text(out, json.dumps(results, indent=1) + "\n")
    print(f"written: {out}")


if __name__ == "__main__":
    main()
