"""Peak memory of training, compared with PyTorch; writes train_memory.json.

    python benchmarks/speed/train_memory.py --torch_python=PYTHON

The cases of train_speed.py, each implementation in a separate process, for 20 steps: peak memory of
the process in megabytes, including the libraries.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import memory
import train_speed

PATH = Path(__file__).parent.parent / "results" / "train_memory.json"
STEPS = 20
PEAK = f"import sys; sys.path.append({sys.path[0]!r}); import memory; print(memory.peak() / 2**20)"


def imported(python: str, library: str) -> float:
    """Returns the peak of a process that only imports a library."""
    command = [python, "-c", f"import {library}; {PEAK}"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def ours(case: str, precision: str) -> float:
    """Returns the peak of `fit` in a separate process."""
    command = [sys.executable, __file__, "--only", case, precision]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def theirs(python: str, case: str, precision: str) -> float:
    """Returns the peak of eager PyTorch, with channels last, in a separate process."""
    worker = train_speed.torch_worker(python)
    request = {"case": case, "spec": train_speed.spec(case), "precision": precision}
    found, _ = worker.ask(request | {"layout": "channels_last", "steps": STEPS})
    worker.close()
    return found["memory"] / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--torch_python", metavar="PYTHON", help="one that can import torch")
    parser.add_argument("--only", nargs=2, metavar=("CASE", "PRECISION"), help="one, in here")
    args = parser.parse_args()
    from ganzoo.engine.quiet import import_tensorflow

    import_tensorflow()
    if args.only:
        train_speed.fit(args.only[0], train_speed.NUMBERS[args.only[1]])(STEPS)
        print(memory.peak() / 2**20)
        return
    from ganzoo.training import summary

    alone = dict.fromkeys(
        (f"fit {n}" for n in train_speed.NUMBERS), imported(sys.executable, "ganzoo.training.run")
    )
    if args.torch_python:
        theirs_alone = imported(args.torch_python, "torch")
        alone |= dict.fromkeys((f"torch {name}" for name in train_speed.NUMBERS), theirs_alone)
    found = {"hardware": summary.hardware(), "the libraries, imported": alone}
    for case in train_speed.CASES:
        row = found[case] = {}
        for name in train_speed.NUMBERS:
            row[f"fit {name}"] = ours(case, name)
            if args.torch_python and train_speed.spec(case):
                row[f"torch {name}"] = theirs(args.torch_python, case, name)
        print(case, row, flush=True)
        PATH.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
