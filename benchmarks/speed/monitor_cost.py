"""Time of the failure monitor with train.py's defaults, as a share of the run.

    python benchmarks/speed/monitor_cost.py

Trains DCGAN on the embedded images with windows of 20 steps, as in the default run of 2,000 steps,
and measures the time of the callback and of the epochs; writes
benchmarks/results/monitor_cost.json.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import evaluate_cost

from ganzoo import callbacks
from ganzoo.engine.quiet import import_tensorflow


class Timed(callbacks.FailureMonitor):
    """The monitor, which records its time in each epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Starts an epoch."""
        super().on_epoch_begin(epoch, logs)
        self.spent.append(0.0)

    def on_train_batch_end(self, batch, logs=None):
        """Calls the monitor, and records the time."""
        start = time.perf_counter()
        super().on_train_batch_end(batch, logs)
        self.spent[-1] += time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    import_tensorflow()
    from ganzoo.training import summary

    _, gan, real, data, steps = evaluate_cost.default_run()
    monitor = Timed(real, windows=(args.rounds + 1) * steps // 20)
    monitor.spent = []
    begin, end, epochs = evaluate_cost.clock()
    load = os.getloadavg()[0]
    gan.fit(
        data,
        steps_per_epoch=steps,
        epochs=args.rounds + 1,
        verbose=2,
        callbacks=[begin, monitor, end],
    )
    # The first epoch traces the step, and the drawing of the samples that are looked at.
    shares = [spent / whole for spent, whole in zip(monitor.spent[1:], epochs[1:], strict=True)]
    results = {
        "share": round(statistics.median(shares), 4),
        "shares": [round(share, 4) for share in shares],
        "epoch_seconds": round(statistics.median(epochs[1:]), 2),
        "looks": len(monitor.seen["looks"]),
        "alarms": [alarm["failure"] for alarm in monitor.seen["alarms"]],
        "load_before": load,
        "hardware": summary.hardware(),
    }
    print(json.dumps(results, indent=1))
    path = Path(__file__).parent.parent / "results" / "monitor_cost.json"
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
