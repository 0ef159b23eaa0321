"""Speed of whole train steps with fused batch normalization, compared with Keras' layer.

    python benchmarks/speed/batch_norm.py

Both train the same model in one process, in turns; writes benchmarks/results/batch_norm.json.
"""

import json
import statistics
from pathlib import Path

import train_speed

from ganzoo.engine.quiet import import_tensorflow

PATH = Path(__file__).parent.parent / "results" / "batch_norm.json"
CASES = ("DCGAN 28 grey, width 32", "DCGAN 32 colour, width 64", "SNGAN ResNet 32 colour, width 64")
ROUNDS = 7


def measure(case: str, precision: str) -> dict:
    """Returns the steps per second of both, and the ratio of consecutive measurements."""
    from ganzoo.layers import BatchNormalization

    fused, players = BatchNormalization._fused, {}
    for name, fits in (("fused", fused), ("keras", lambda layer, inputs: False)):
        BatchNormalization._fused = fits
        players[name] = train_speed.loop(case, precision)
        players[name](1)  # traced while it is in force
    BatchNormalization._fused = fused
    count = max(2, round(0.7 / players["fused"](1)))
    rounds = [{name: count / play(count) for name, play in players.items()} for _ in range(ROUNDS)]
    return {
        "steps_per_second": {n: statistics.median(r[n] for r in rounds) for n in players},
        "ratio": statistics.median(r["fused"] / r["keras"] for r in rounds),
    }


def main() -> None:
    import_tensorflow()
    from ganzoo.engine import files
    from ganzoo.training import summary

    results = {"hardware": summary.hardware()}
    for case in CASES:
        for precision in ("float32", "mixed_bfloat16"):
            found = results[f"{case}, {precision}"] = measure(case, precision)
            print(case, precision, found, flush=True)
            files.write_text(PATH, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
