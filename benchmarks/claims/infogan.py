"""Does InfoGAN's categorical code find the digits? Writes benchmarks/results/infogan.json.

    python benchmarks/claims/infogan.py

Trains InfoGAN on MNIST without labels (runs/claims/infogan, resumable), assigns each code to the
digit of most training images for which it is predicted, and measures the error rate on the test
set. Published: 5 % (Chen et al., 2016, arXiv:1606.03657). Requires MNIST. The mutual information
converges after two epochs, but the assignment of codes to digits changes much longer, and two codes
may remain mixed up; a weight of 0.1 and batches of 128 did not help.
"""

import argparse
from pathlib import Path

import kept

from ganzoo import callbacks, data
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"


def measure(seed: int, steps: int, runs: Path) -> dict:
    """Trains InfoGAN and returns the error rate of its code as a classifier."""
    recipe = Recipe(
        model="infogan", dataset="mnist", steps=steps, steps_per_epoch=500, seed=seed,
        precision="float32",
    ).resolved()  # fmt: skip
    folder = runs / f"infogan_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    gan = run.build(recipe)
    callbacks.Checkpoint(folder / "checkpoints", summary["monitor"]).restore(gan)
    names = gan.names(*data.arrays("mnist", "train", limit=10_000))
    images, labels = data.arrays("mnist", "test")
    found = names[gan.read(images)]
    return {
        "error": float((found != labels).mean()),
        "digit_of_code": names.tolist(),
        "seed": seed,
        "steps": steps,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, action="append", help="which seeds; 0, 1 and 2")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for seed in args.seed or range(3):
        found = measure(seed, args.steps, args.runs)
        print(found, flush=True)
        kept.keep(RESULTS / "infogan.json", f"{args.steps} steps, seed {seed}", found)


if __name__ == "__main__":
    main()
