"""Do conditional GANs generate the requested class? On MNIST, by the zoo's classifier.

    python benchmarks/claims/labels.py

Trains cgan, acgan and projection (runs/claims/<name>, resumable), samples 1,000 images of each
class and classifies them by `classifier_mnist`; writes benchmarks/results/labels.json. Requires
MNIST.
"""

import argparse
from pathlib import Path

import kept
import numpy as np

from ganzoo import metrics
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
LEARNING = {  # what departs from the canonical recipes: smaller, and faster on a CPU
    "cgan": {"width": 24, "latent_dim": 64},
    "acgan": {"width": 24, "latent_dim": 64},
    "projection": {"width": 32, "latent_dim": 64, "n_critic": 1},
}


def measure(name: str, steps: int, runs: Path) -> dict:
    """Trains a variant and returns how often its samples are of the requested class."""
    recipe = Recipe(model=name, dataset="mnist", steps=steps).replace(LEARNING[name])
    summary = run.train(recipe, runs / name, verbose=2)
    from ganzoo.inference import saved_model

    generator = saved_model.load(runs / name / "saved_model")
    labels = np.repeat(np.arange(10), 1000)
    judge = metrics.extractor("mnist")
    rows = metrics.extract(generator.sample(labels=labels, seed=0), judge, batch_size=500)
    right = judge.probabilities(rows).argmax(1) == labels
    return {
        "accuracy": float(right.mean()),
        "accuracy_of_class": [float(right[labels == k].mean()) for k in range(10)],
        "samples": len(labels),
        "steps": steps,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--variants", default=",".join(LEARNING))
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.variants.split(","):
        found = measure(name, args.steps, args.runs)
        print(name, found["accuracy"], flush=True)
        kept.keep(RESULTS / "labels.json", name, found)


if __name__ == "__main__":
    main()
