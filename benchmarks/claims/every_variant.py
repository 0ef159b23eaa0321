"""Does `python train.py --model=X --dataset=mnist --steps=200` work for each X? every_variant.json.

    python benchmarks/claims/every_variant.py

The command is run for every variant in a separate process. It either trains, measures and exports,
or exits with status 2 and a line that says which data it needs. Variants that were run before are
skipped, unless they are named by --variants. Requires MNIST.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import kept

from ganzoo import gans

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "every_variant.json"


def carry_out(name: str, steps: int) -> dict:
    """Returns the outcome of the command: the results of the training, or the error message.

    Raises:
        RuntimeError: If it neither trained nor failed with a one-line error.
    """
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder, "run")
        flags = [f"--model={name}", "--dataset=mnist", f"--steps={steps}", f"--run_dir={run_dir}"]
        done = subprocess.run(
            [sys.executable, str(ROOT / "train.py"), *flags], capture_output=True, text=True
        )
        said = done.stderr.strip().splitlines()
        if done.returncode == 2 and len(said) == 1:
            return {"said": said[0].removeprefix("train.py: ")}
        if done.returncode or not (run_dir / "saved_model" / "saved_model.pb").is_file():
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr[-2000:]}")
        summary = json.loads((run_dir / "summary.json").read_text())
    return {
        "steps": summary["steps"],
        "seconds": summary["seconds"],
        "monitor": summary["monitor"],
        "value": summary["metrics"][summary["monitor"]]["value"],
        "parameters": summary["parameters"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--variants", help="names, separated by commas (default: what is not done)")
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    done = kept.read(PATH)
    names = args.variants.split(",") if args.variants else gans.list_variants()
    for name in names:
        if args.variants or name not in done:
            found = carry_out(name, args.steps)
            print(name, found, flush=True)
            kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
