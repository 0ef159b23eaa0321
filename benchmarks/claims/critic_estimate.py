"""Does the WGAN critic's estimate follow sample quality? Writes critic_estimate.json.

    python benchmarks/claims/critic_estimate.py

Trains WGAN on MNIST (runs/claims/wgan, resumable) and compares the critic's estimate of the
distance, the mean of D(x) - D(G(z)) over an epoch, with the Frechet distance in the features of the
zoo's classifier at the end of the epoch, by Spearman's rank correlation over the epochs. (Arjovsky
et al., 2017, arXiv:1701.07875, figure 3, shows such curves.) Requires MNIST.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from ganzoo.callbacks.run_log import read
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"


def spearman(a, b) -> float:
    """Returns the correlation of the ranks of two series without ties."""
    ranks = [np.argsort(np.argsort(series)) for series in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def measure(steps: int, runs: Path) -> dict:
    """Trains, and returns both series and their correlation."""
    recipe = Recipe(model="wgan", dataset="mnist", steps=steps, steps_per_epoch=steps // 40)
    recipe = recipe.replace({"width": 24, "latent_dim": 64})
    summary = run.train(recipe, runs / "wgan", verbose=2)
    rows = read(runs / "wgan" / "metrics.jsonl")
    estimates, distances = [-row["d_adv"] for row in rows], [row["fid_mnist"] for row in rows]
    return {
        "spearman": spearman(estimates, distances),
        "estimate": estimates,
        "fid_mnist": distances,
        "steps": steps,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    results = measure(args.steps, args.runs)
    print(results["spearman"])
    (RESULTS / "critic_estimate.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
