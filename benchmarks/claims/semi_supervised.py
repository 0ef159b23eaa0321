"""MNIST from 100 labels: the test error of the semi-supervised GAN; writes semi_supervised.json.

    python benchmarks/claims/semi_supervised.py

Published: 0.93 % (Salimans et al., 2016, arXiv:1606.03498, mean over ten sets of labels). It needs
MNIST. Run directories (runs/claims/sgan_<seed>) are resumable.
"""

import argparse
import json
from pathlib import Path

from ganzoo import callbacks, data, run
from ganzoo.quiet import import_tensorflow
from ganzoo.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"


def measure(seed: int, labels: int, steps: int, runs: Path) -> dict:
    """Trains with labels chosen by `seed`; returns the error on all test images."""
    rate = {"initial_learning_rate": 3e-3, "decay_steps": steps}
    adam = {
        "class_name": "Adam",
        "config": {
            "beta_1": 0.5,
            "learning_rate": {"class_name": "CosineDecay", "config": rate},
        },
    }
    recipe = Recipe(
        model="sgan", dataset="mnist", steps=steps, batch_size=100, num_labels=labels, seed=seed,
        learning={"g_optimizer": adam, "d_optimizer": adam}, features="pixels",
        evaluate_every=steps,
    ).resolved()  # fmt: skip
    folder = runs / f"sgan_{labels}_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    gan, _ = run.build(recipe)
    callbacks.Checkpoint(folder / "checkpoints", gan.monitor).restore(gan)
    images, truth = data.arrays("mnist", "test")
    return {
        "error": float((gan.classifier.classes(images) != truth).mean()),
        "labels": labels,
        "seed": seed,
        "steps": steps,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    runs = []
    for seed in range(args.seeds):
        runs.append(measure(seed, args.labels, args.steps, args.runs))
        print(runs[-1], flush=True)
        (RESULTS / "semi_supervised.json").write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    main()
