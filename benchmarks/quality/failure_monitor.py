"""Does the failure monitor detect failures without false alarms? Writes docs/failure_monitor.md.

    python benchmarks/quality/failure_monitor.py

Trains deliberately broken runs and healthy ones. A failure counts as detected if there is an alarm
in the first third of the run. As evidence that a run is broken, the sliced Wasserstein distance of
its samples to the data is divided by that of a healthy run on the same data (`dcgan`, `pacgan`).
Images are those of the embedded Fashion-MNIST at 16 x 16. What the monitor observed is saved in
`--runs`: these runs are not repeated, only evaluated again, to try other rules and thresholds.
"""

import argparse
import dataclasses
import json
import re
import time
from pathlib import Path

import keras
import numpy as np
from monitored import FREE, SGD, adam, alarms, both

import ganzoo
from ganzoo import callbacks, data, metrics
from ganzoo.callbacks import diagnosis
from ganzoo.engine import files
from ganzoo.engine.quiet import import_tensorflow

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "failure_monitor.json"
PAGE = ROOT / "docs" / "failure_monitor.md"
STEPS = {"fashion_mnist_10k": 1000, "ring8": 3000, "grid25": 3000}
IMAGES = "fashion_mnist_10k"
BROKEN = {  # what is wrong -> variant, data, arguments
    "D's rate 2,500 times too large": ("dcgan", IMAGES, {"d_optimizer": adam(0.5)}),
    "G's rate 250 times too large": ("dcgan", IMAGES, {"g_optimizer": adam(0.05)}),
    "G's rate 200 times too small": ("dcgan", IMAGES, {"g_optimizer": adam(1e-6)}),
    "both rates 500 times too large, least squares": ("lsgan", IMAGES, both(0.1)),
    "Adam's beta_1 0.9, rates 10 times too large": ("dcgan", IMAGES, both(2e-3, 0.9)),
    "the same, without normalization in D": ("dcgan", IMAGES, FREE | both(2e-3, 0.9)),
    "D too strong: 5 turns, 100 times G's rate": (
        "dcgan", IMAGES,
        {"n_critic": 5, "d_optimizer": adam(1e-3), "g_optimizer": adam(1e-5)},
    ),
    "G too strong: D hardly learns": (
        "dcgan", IMAGES, {"g_optimizer": adam(2e-3), "d_optimizer": adam(1e-7)},
    ),
    "saturation: minimax loss, no normalization, 5 turns of D": (
        "dcgan", IMAGES,
        FREE | {"loss": "minimax", "g_normalization": "none", "n_critic": 5} | both(5e-3),
    ),
    "hinge, no normalization in D, its rate 250 times too large": (
        "dcgan", IMAGES, FREE | {"loss": "hinge", "d_optimizer": adam(0.05)},
    ),
    "WGAN without weight clipping": ("wgan", IMAGES, {"clip": 1e6} | both(0.01, 0.9)),
    "NaN: SGD with rate 10,000, least squares": ("lsgan", IMAGES, {"d_optimizer": SGD}),
    "collapse on the ring": ("gan", "ring8", {"width": 128} | both(5e-3)),
    "collapse on the grid: G's rate 50 times too large": (
        "gan", "grid25", {"g_optimizer": adam(1e-2)},
    ),
}  # fmt: skip
HEALTHY = {
    name: (name, IMAGES, {})
    for name in (
        "dcgan", "lsgan", "wgan", "wgan_gp", "sngan", "rgan", "r3gan", "fgan", "cgan", "acgan",
    )
} | {
    "dcgan, hinge, spectral norm": (
        "dcgan", IMAGES, {"loss": "hinge", "d_normalization": "spectral"},
    ),
    "pacgan": ("pacgan", "ring8", both(1e-3)),
}  # fmt: skip


def play(variant: str, dataset: str, arguments: dict, seed: int) -> dict:
    """Trains a run; returns what the monitor observed, and the distance of the samples."""
    keras.utils.set_random_seed(seed)
    points = dataset != IMAGES
    options = {} if points else {"image_size": 16}
    labels = {"num_classes": 10} if ganzoo.gans.takes_labels(variant) else {}
    shape = (2,) if points else (16, 16, 1)
    gan = ganzoo.create(variant, shape, **{"width": 16, "seed": seed} | labels | arguments)
    stream = data.load(dataset, batch_size=64, seed=seed, repeat=True, **options)
    real, _ = data.arrays(dataset, **options, limit=1000)
    monitor = callbacks.FailureMonitor(real)
    steps, began = STEPS[dataset], time.time()
    gan.fit(stream, steps_per_epoch=steps // 3, epochs=3, verbose=0, callbacks=[monitor])
    samples = gan.sample(len(real), seed=1)
    finite = np.isfinite(samples.astype("float32")).all()
    return {
        "windows": monitor.seen["windows"],
        "looks": monitor.seen["looks"],
        "chance": dataclasses.asdict(monitor.chance),
        "steps": steps,
        "swd": float(metrics.sliced_wasserstein(real, samples)) if finite else None,
        "seconds": round(time.time() - began, 1),
    }


def judge(seen: dict) -> dict:
    """Returns the alarms for the observations of a run, and its results."""
    facts = {key: seen[key] for key in ("steps", "swd", "seconds")}
    return {"alarms": alarms(seen, diagnosis.Thresholds())} | facts


def detected(row: dict) -> bool:
    """Returns whether there was an alarm in the first third of the run."""
    return bool(row["alarms"]) and row["alarms"][0]["step"] <= row["steps"] / 3


def render(results: dict) -> str:
    """Returns the page."""
    broken, healthy = results.get("broken", {}), results.get("healthy", {})
    caught = sum(detected(row) for row in broken.values())
    false = sum(bool(row["alarms"]) for row in healthy.values())
    lines = [
        "# Evaluation of the failure monitor",
        "",
        "Written by `benchmarks/quality/failure_monitor.py`: deliberately broken runs and healthy",
        "ones, with the default thresholds. The thresholds were chosen with knowledge of runs",
        "with this seed and another one: the tables show how well the runs can be separated, but",
        "they are not a blind test.",
        "",
        f"Broken runs with an alarm in the first third of the run: {caught} of {len(broken)}.",
        f"Healthy runs with an alarm: {false} of {len(healthy)}.",
        "",
        "| broken run | variant, data | relative distance | first alarm | step | of |",
        "|---|---|---:|---|---:|---:|",
    ]
    usual = {IMAGES: "dcgan", "ring8": "pacgan", "grid25": "pacgan"}
    for name, row in broken.items():
        variant, dataset, _ = BROKEN[name]
        first = row["alarms"][0] if row["alarms"] else {"failure": "none", "step": "-"}
        norm = healthy.get(usual[dataset], {}).get("swd")
        worse = f"{row['swd'] / norm:.1f}" if norm and row["swd"] is not None else "-"
        lines.append(
            f"| {name} | `{variant}`, {dataset} | {worse} | {first['failure']} | {first['step']} "
            f"| {row['steps']} |"
        )
    lines += ["", "| healthy run | data | relative distance | alarms | steps |"]
    lines.append("|---|---|---:|---|---:|")
    for name, row in healthy.items():
        dataset, steps = HEALTHY[name][1], row["steps"]
        alarms = ", ".join(f"{a['failure']} at {a['step']}" for a in row["alarms"]) or "none"
        ratio = row["swd"] / healthy[usual[dataset]]["swd"] if usual[dataset] in healthy else 1.0
        lines.append(f"| `{name}` | {dataset} | {ratio:.1f} | {alarms} | {steps} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "failure_monitor")
    args = parser.parse_args()
    import_tensorflow()
    args.runs.mkdir(parents=True, exist_ok=True)
    results = {}
    for kind, runs in (("broken", BROKEN), ("healthy", HEALTHY)):
        rows = results.setdefault(kind, {})
        for name, run in runs.items():
            path = args.runs / f"{re.sub('[^a-z0-9]+', '_', name.lower())}_{args.seed}.json"
            if not path.exists():
                files.write_text(path, json.dumps(play(*run, args.seed)))
            rows[name] = judge(json.loads(path.read_text()))
            print(kind, name, rows[name], flush=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(render(results))


if __name__ == "__main__":
    main()
