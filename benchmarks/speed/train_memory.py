"""Peak memory of training, compared with PyTorch; writes train_memory.json.

    python benchmarks/speed/train_memory.py --torch_python=PYTHON

The cases of train_speed.py and a large one, in float32, each implementation in a separate process
that repeats one batch for five steps: peak memory of the process in megabytes, including the
libraries.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import memory
import train_speed

PATH = Path(__file__).parent.parent / "results" / "train_memory.json"
STEPS = 5
# Too slow to be timed.
train_speed.CASES["DCGAN 128 colour, width 64"] = ("dcgan", (128, 128, 3), {"width": 64})
PEAK = f"import sys; sys.path.append({sys.path[0]!r}); import memory; print(memory.peak() / 2**20)"


def imported(python: str, library: str) -> float:
    """Returns the peak of a process that only imports a library."""
    command = [python, "-c", f"import {library}; {PEAK}"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def ours(case: str) -> float:
    """Returns the peak of `fit` in a separate process."""
    command = [sys.executable, __file__, "--only", case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def fit(case: str) -> None:
    """Trains on one batch, as the PyTorch side does."""
    import numpy as np
    import tensorflow as tf

    shape = train_speed.CASES[case][1]
    images = np.random.default_rng(0).integers(0, 256, (train_speed.BATCH, *shape), "uint8")
    batches = tf.data.Dataset.from_tensors(images).repeat()
    train_speed.fitted(train_speed.created(case, "float32"), batches)(STEPS)


def theirs(python: str, case: str) -> float:
    """Returns the peak of eager PyTorch, with channels last, in a separate process."""
    worker = train_speed.torch_worker(python)
    request = {"case": case, "spec": train_speed.spec(case), "precision": "float32"}
    found, _ = worker.ask(request | {"layout": "channels_last", "steps": STEPS})
    worker.close()
    return found["memory"] / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--torch_python", metavar="PYTHON", help="one that can import torch")
    parser.add_argument("--only", metavar="CASE", help="one, in this process")
    args = parser.parse_args()
    from ganzoo.engine.quiet import import_tensorflow

    import_tensorflow()
    if args.only:
        fit(args.only)
        print(memory.peak() / 2**20)
        return
    from ganzoo.training import summary

    found = {"hardware": summary.hardware()}
    row = found["the libraries, imported"] = {
        "fit": imported(sys.executable, "ganzoo.training.run")
    }
    if args.torch_python:
        row["torch"] = imported(args.torch_python, "torch")
    for case in train_speed.CASES:
        row = found[case] = {"fit": ours(case)}
        if args.torch_python and train_speed.spec(case):
            row["torch"] = theirs(args.torch_python, case)
        print(case, row, flush=True)
        PATH.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
