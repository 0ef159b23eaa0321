"""MNIST from 100 labels: the test error of the semi-supervised GAN; writes semi_supervised.json.

    python benchmarks/claims/semi_supervised.py

Published: 0.93 % (Salimans et al., 2016, arXiv:1606.03498, mean over ten sets of labels), after
180,000 steps; here training has 100,000 steps. Requires MNIST. The runs (runs/claims/sgan_...) are
resumable.
"""

import argparse
from pathlib import Path

import kept

from ganzoo import callbacks, data
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"


def measure(seed: int, labels: int, steps: int, runs: Path) -> dict:
    """Trains with labels chosen by `seed`; returns the error rate on the test set."""
    falling = {"rate": 3e-3, "begin": steps * 2 // 3, "end": steps}  # as the authors' code has it
    rate = {"class_name": "LinearDecay", "config": falling}
    adam = {"class_name": "Adam", "config": {"beta_1": 0.5, "epsilon": 1e-4, "learning_rate": rate}}
    recipe = Recipe(
        model="sgan", dataset="mnist", steps=steps, batch_size=100, num_labels=labels, seed=seed,
        learning={"g_optimizer": adam, "d_optimizer": adam}, features="pixels", precision="float32",
        evaluate_every=10_000,
    ).resolved()  # fmt: skip
    folder = runs / f"sgan_{labels}_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    gan = run.build(recipe)
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
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for seed in range(args.seeds):
        found = measure(seed, args.labels, args.steps, args.runs)
        print(found, flush=True)
        kept.keep(RESULTS / "semi_supervised.json", f"{args.labels} labels, seed {seed}", found)


if __name__ == "__main__":
    main()
