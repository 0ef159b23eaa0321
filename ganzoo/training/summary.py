"""The end of a run: its summary, as a file and in words."""

import json
import platform
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ganzoo import __version__
from ganzoo.callbacks.run_log import read as read_log
from ganzoo.engine import files
from ganzoo.engine.sides import networks_of
from ganzoo.inference.saved_model import KINDS


def write(run_dir: Path, gan, steps: int, best: dict, monitor: str, metrics: dict) -> dict:
    """Writes `summary.json` and returns what it says.

    Args:
        run_dir: Directory of the run.
        gan: The trained game, as it was at its best.
        steps: Steps that were trained.
        best: Record of the best checkpoint.
        monitor: Name of the metric that checkpoints were compared by.
        metrics: Measured values, each with its settings.
    """
    rows = read_log(run_dir / "metrics.jsonl")
    rates = [row["images_per_second"] for row in rows if "images_per_second" in row]
    summary = {
        "kind": gan.exported.kind,
        "steps": steps,
        "recipe": files.sha256(run_dir / "recipe.toml"),
        "alarms": read_log(run_dir / "alarms.jsonl"),
        "seconds": rows[-1].get("seconds", 0.0) if rows else 0.0,
        "images_per_second": round(float(np.median(rates)), 1) if rates else None,
        "best_step": best["step"],
        "monitor": monitor,
        "metrics": metrics,
        "parameters": {
            side: sum(network.count_params() for network in networks_of(getattr(gan, side)))
            for side in ("generator", "discriminator")
            if getattr(gan, side) is not None
        },
        "hardware": hardware(),
        "versions": {
            "ganzoo": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
    }
    trainer = run_dir / "trainer.json"  # of another backend, which only trains
    if trainer.exists():
        facts = json.loads(trainer.read_text())
        summary["hardware"] = facts["hardware"]
        summary["versions"] |= facts["versions"]
    files.write_text(run_dir / "summary.json", json.dumps(summary, indent=1))
    return summary


def closing_words(run_dir, summary: dict) -> str:
    """Returns what a person wants to know at the end: what came out, where it is, what is next."""
    run_dir = Path(run_dir)
    minutes, rate = summary["seconds"] / 60, summary["images_per_second"]
    rate = f", {rate} images/s" if rate else ""
    monitor = summary["monitor"]
    value = summary["metrics"][monitor]["value"]
    value = "never finite: the run diverged" if value is None else f"{value:.4g}"
    usage = KINDS[summary["kind"]].usage(run_dir) if "kind" in summary else ""
    return f"""
Done: {summary["steps"]} steps in {minutes:.1f} minutes{rate}.
Best epoch: step {summary["best_step"]}, {monitor} {value}.

  look at it    {run_dir / "samples.png"}  (and {run_dir / "samples"}, {run_dir / "curves.png"})\
{usage}
  watch         tensorboard --logdir={run_dir / "tensorboard"}
  continue      python train.py --run_dir={run_dir} --steps={2 * summary["steps"]}
  next          python train.py --dataset=fashion_mnist --steps=20000    (all 60,000 images)
                python train.py --model=wgan_gp                          (another variant)
"""


def hardware() -> str:
    """Returns what the run was computed on, in words."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(g).get("device_name", "GPU") for g in gpus]
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")
    cores = sum(x.startswith("processor") for x in lines) or "?"
    return ", ".join([f"{cores} cores of {model}", *(names or ["no GPU"])])
