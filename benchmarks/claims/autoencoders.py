"""VAE compared with autoencoders that are trained with a GAN; writes autoencoders.json.

    python benchmarks/claims/autoencoders.py

Trains `vae`, `vaegan`, `klgan`, `aae` and `bigan` on Fashion-MNIST for the same number of steps
(runs/claims/autoencoder_<variant>, resumable) and measures on the test images: the reconstruction
error in pixels and in the features of the zoo's classifier, how often that classifier assigns the
reconstruction to the right class, the Frechet distance of 10,000 samples, and attribute arithmetic:
how often an image of class a is classified as b after the difference of the classes' mean training
codes was added to its code. Requires Fashion-MNIST.
"""

import argparse
from pathlib import Path

import kept
import numpy as np

from ganzoo import callbacks, data, metrics
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
PATH = RESULTS / "autoencoders.json"
VARIANTS = ("vae", "vaegan", "klgan", "aae", "bigan")
CHANGES = [(0, 3), (6, 3), (7, 9), (2, 8)]  # T-shirt to dress, shirt to dress, sneaker to boot ...


def measure(name: str, steps: int, runs: Path) -> dict:
    """Trains a variant and returns its metrics."""
    recipe = Recipe(
        model=name, dataset="fashion_mnist", steps=steps, steps_per_epoch=min(steps, 500)
    )
    recipe = recipe.replace({"width": 32}).resolved()
    folder = runs / f"autoencoder_{name}"
    summary = run.train(recipe, folder, verbose=2)
    gan = run.build(recipe)
    callbacks.Checkpoint(folder / "checkpoints", summary["monitor"]).restore_best(gan)
    judge = metrics.extractor("fashion_mnist")

    def features(images):
        return metrics.extract(images, judge, batch_size=500)

    def classes(images):
        return judge.probabilities(features(images)).argmax(1)

    real, labels = data.arrays("fashion_mnist", "test")
    again, seen = gan.reconstruct(real), features(real)
    training, of = data.arrays("fashion_mnist", "train", limit=10_000)
    moved = []
    for source, target in CHANGES:
        direction = gan.attribute(training, of, target, source)
        found = classes(gan.shifted(real[labels == source], direction))
        moved.append(float((found == target).mean()))
    return {
        "pixels": float(np.sqrt(np.mean((again / 127.5 - real / 127.5) ** 2))),
        "features": float(np.sqrt(np.mean((features(again) - seen) ** 2))),
        "class_kept": float((classes(again) == labels).mean()),
        "fid_fashion_mnist": metrics.fid(seen, features(gan.sample(len(real), seed=0))),
        "moved": moved,
        "steps": steps,
        "best_step": summary["best_step"],
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.variants.split(","):
        found = measure(name, args.steps, args.runs)
        print(name, found, flush=True)
        kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
