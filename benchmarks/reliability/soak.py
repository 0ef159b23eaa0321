"""Long training: memory, open files and disk usage over hours.

    python benchmarks/reliability/soak.py --hours=2

Runs train.py in a separate process with epochs of 50 steps, each with metrics, sample images, logs
and a checkpoint; observes that process every 20 seconds; writes benchmarks/results/soak.json. The
first quarter is a warm-up. Growth compares the last tenth of the observations with the first tenth
after the warm-up.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "speed"))

import memory  # noqa: E402

from ganzoo.engine.quiet import import_tensorflow

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "soak.json"
FLAGS = {
    "model": "dcgan", "dataset": "fashion_mnist_10k", "steps": 10**8, "steps_per_epoch": 50,
    "width": 8, "features": "pixels", "replay": 256, "ema": 0.99, "augment": "instance_noise",
}  # fmt: skip
FOLDERS = ("checkpoints", "samples", "tensorboard")


def look(process: int, run_dir: Path) -> dict:
    """Returns a process's memory in bytes, open files, and bytes in its run directory."""
    sizes = {name: 0 for name in (*FOLDERS, "files")}
    for path in run_dir.rglob("*"):
        try:
            folder = path.relative_to(run_dir).parts[0]
            sizes[folder if folder in FOLDERS else "files"] += path.lstat().st_size
        except FileNotFoundError:  # renamed or dropped since it was listed
            continue
    return {
        "memory": memory.resident(process),
        "open_files": len(list(Path(f"/proc/{process}/fd").iterdir())),
        "pictures": len(list((run_dir / "samples").glob("*.png"))),
        "checkpoints_kept": len(list((run_dir / "checkpoints").glob("*.h5"))),
        "disk": sizes,
    }


def growth(looks: list[dict]) -> dict:
    """Returns the medians of the first and the last tenth after the warm-up, and 20 values."""
    warm = looks[len(looks) // 4 :]
    tenth = max(1, len(warm) // 10)
    first, last = (statistics.median(x["memory"] for x in y) for y in (warm[:tenth], warm[-tenth:]))
    curve = [x["memory"] for x in looks[:: max(1, len(looks) // 20)]]
    return {"first": first, "last": last, "growth": last / first - 1, "curve": curve}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two looks")
    args = parser.parse_args()
    import_tensorflow()
    from ganzoo.callbacks.run_log import read
    from ganzoo.training import summary

    with tempfile.TemporaryDirectory() as folder:
        run_dir, looks = Path(folder, "run"), []
        flags = [f"--{key}={value}" for key, value in FLAGS.items()]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), f"--run_dir={run_dir}", *flags],
            stdout=subprocess.DEVNULL,
        )
        began = time.monotonic()
        try:
            while time.monotonic() - began < 3600 * args.hours:
                time.sleep(args.every)
                if process.poll() is not None:
                    raise SystemExit(f"the training ended by itself, with {process.returncode}.")
                if (run_dir / "metrics.jsonl").exists():
                    looks.append(look(process.pid, run_dir))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
        rows = read(run_dir / "metrics.jsonl")
    files = [x["open_files"] for x in looks[len(looks) // 4 :]]
    results = {
        "hours": round((time.monotonic() - began) / 3600, 2),
        "epochs": len(rows),
        "steps": rows[-1]["step"],
        "looks": len(looks),
        "memory": growth(looks),
        "open_files": [min(files), max(files)],
        "checkpoints_kept": max(x["checkpoints_kept"] for x in looks),
        "pictures": max(x["pictures"] for x in looks),
        "disk": {key: [x["disk"][key] for x in (looks[len(looks) // 4], looks[-1])]
                 for key in looks[0]["disk"]},
        "ended_with": process.returncode,
        "hardware": summary.hardware(),
    }  # fmt: skip
    print(results)
    PATH.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
