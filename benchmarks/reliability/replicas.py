"""Overhead and consistency of several devices; writes benchmarks/results/replicas.json.

    python benchmarks/reliability/replicas.py                # on two devices, and on four
    python benchmarks/reliability/replicas.py --devices=2

Uses logical devices of one processor under `MirroredStrategy`. Speed is that of `fit` with the same
global batch size, in turns with a single device; a ratio is the median over rounds. Replicas are
consistent if their weights, optimizer states and averages are bitwise identical after 100 steps of
the variant's default training, with a moving average and a replay buffer. The moving statistics of
batch normalization are excluded, as they differ between devices.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo.training import summary

PATH = Path(__file__).parent.parent / "results" / "replicas.json"
DEVICES = (2, 4)  # each in a process of its own: their collectives would get in each other's way
SPEED = {"dcgan": (64, 30), "wgan_gp": (64, 8)}  # variant -> (global batch, steps of a round)
BITS = (
    "gan", "dcgan", "wgan", "wgan_gp", "began", "sngan", "unrolled", "pacgan", "stylegan2",
)  # fmt: skip


def scope(strategy):
    """Returns the scope of a strategy, or an empty context."""
    return (strategy or tf.distribute.get_strategy()).scope()


class Clock(keras.callbacks.Callback):
    """Measures the time from the end of the first step."""

    def on_train_begin(self, logs=None):
        """Initializes the time."""
        self.start = None

    def on_train_batch_end(self, batch, logs=None):
        """Counts a step."""
        if self.start is None:
            self.start, self.first = time.perf_counter(), batch
        else:
            self.rate = (batch - self.first) / (time.perf_counter() - self.start)


def speed(name: str, batch: int, steps: int, rounds: int, several) -> dict:
    """Returns images per second on one device and on several, and their ratio."""
    gans = {}
    for count, strategy in enumerate((None, several)):
        keras.utils.set_random_seed(0)
        with scope(strategy):
            gans[count] = ganzoo.create(name, (28, 28, 1), width=32)
    data = ganzoo.data.load("fashion_mnist_10k", batch_size=batch, repeat=True)

    def rate(count) -> float:
        clock = Clock()
        gans[count].fit(data, steps_per_epoch=steps + 1, verbose=0, callbacks=[clock])
        return clock.rate * batch * gans[count].n_critic

    rate(0), rate(1)  # traces
    rows = [(rate(0), rate(1)) for _ in range(rounds)]
    return {
        "one": statistics.median(one for one, _ in rows),
        "several": statistics.median(many for _, many in rows),
        "ratio": statistics.median(many / one for one, many in rows),
        "batch": batch,
        "rounds": rounds,
    }


def alike(name: str, strategy, steps: int = 100) -> dict:
    """Trains a small variant and returns the numbers of variables and of different ones."""
    keras.utils.set_random_seed(0)
    extra = {} if name in ("ebgan", "began", "pacgan") else {"replay": 64}
    with strategy.scope():
        gan = ganzoo.create(name, (16, 16, 1), width=8, latent_dim=8, ema=0.9, **extra)
    data = ganzoo.data.load("fashion_mnist_10k", image_size=16, batch_size=16, repeat=True)
    gan.fit(data, steps_per_epoch=steps, verbose=0)
    kept = [*gan.generator.trainable_variables, *gan.discriminator.trainable_variables]
    kept += [v for x in (gan.g_optimizer, gan.d_optimizer) for v in x.variables]
    kept += gan.ema.network.trainable_variables
    differ = []
    for variable in kept:
        copies = strategy.experimental_local_results(variable.value)
        values = [np.asarray(copy) for copy in copies]
        if not all(np.array_equal(values[0], other) for other in values[1:]):
            differ.append(variable.path)
    return {"variables": len(kept), "differ": len(differ), "which": differ[:5], "steps": steps}


def measure(count: int, rounds: int, parts: str) -> None:
    """Measures with this number of devices, and adds the results."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    one = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [one] * count)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{place}" for place in range(count)])
    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    row = results.setdefault(str(count), {})

    def keep(part, name, found):
        row.setdefault(part, {})[name] = found
        print(count, name, found, flush=True)
        PATH.write_text(json.dumps(results, indent=1) + "\n")

    if "speed" in parts:
        row["load"], row["hardware"] = os.getloadavg()[0], summary.hardware()
        for name in SPEED:
            keep("speed", name, speed(name, *SPEED[name], rounds, strategy))
    if "bits" in parts:
        for name in BITS:
            keep("bits", name, alike(name, strategy))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--devices", type=int, help="2 or 4; one after the other if not given")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--parts", default="speed,bits")
    args = parser.parse_args()
    if args.devices:
        measure(args.devices, args.rounds, args.parts)
        return
    for count in DEVICES:
        subprocess.run([sys.executable, *sys.argv, f"--devices={count}"], check=True)


if __name__ == "__main__":
    main()
