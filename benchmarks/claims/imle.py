"""Does IMLE cover more modes than a GAN with the same generator? Writes imle.json.

    python benchmarks/claims/imle.py

Trains IMLE with a distance in pixels, IMLE with a perceptual distance, DCGAN, and a combination of
both (`imlegan`), whose perceptual distance is that of a classifier of clothes or of digits. All use
DCGAN's generator with 32 filters and 32 latents, and the same number of updates with 64 images of
Fashion-MNIST (runs/claims/imle_<name>, resumable). 10,000 samples of each are compared with the
test images by precision, recall, density and coverage in three spaces: pixels, and the features of
the classifiers `fashion_mnist` and `mnist`, which are biased in favor of models that were trained
with the distance of the same classifier. Requires Fashion-MNIST.
"""

import argparse
from pathlib import Path

import kept

from ganzoo import data, metrics
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
PATH = RESULTS / "imle.json"
SHARED = {"width": 32, "latent_dim": 32}
BATCH, TURNS = 64, 16  # images of an update; updates after a search
SEARCH = {"pool": 4096, "turns": TURNS}
GAMES = {
    "imle": SEARCH,
    "imle, perceptual": SEARCH | {"perceptual": "fashion_mnist"},
    "imlegan, clothes": SEARCH | {"perceptual": "fashion_mnist"},
    "imlegan, digits": SEARCH | {"perceptual": "mnist"},
    "dcgan": {},
}
SPACES = ("fashion_mnist", "mnist", "pixels")


def shares(real, fake) -> dict:
    """Returns precision and recall, density and coverage of rows (N, D)."""
    found = metrics.prdc(real, fake)
    return found[0]._asdict() | found[1]._asdict()


def seen(images, space: str):
    """Returns the images as vectors of this space."""
    if space == "pixels":
        return images.reshape(len(images), -1) / 255.0
    return metrics.extract(images, space, batch_size=500)


def measure(name: str, updates: int, seed: int, runs: Path) -> dict:
    """Trains a variant and returns its metrics."""
    variant, learning = name.partition(",")[0], GAMES[name]
    turns = learning.get("turns", 1)
    steps = updates // turns
    recipe = Recipe(
        model=variant, dataset="fashion_mnist", steps=steps, batch_size=BATCH * turns, seed=seed,
        steps_per_epoch=min(steps, 500 // turns),
    )  # fmt: skip
    recipe = recipe.replace(SHARED | learning)
    folder = runs / f"imle_{name.replace(', ', '_')}_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    from ganzoo.inference import saved_model

    real, _ = data.arrays("fashion_mnist", "test")
    samples = saved_model.load(folder / "saved_model").sample(len(real), seed=0)
    rows = {space: (seen(real, space), seen(samples, space)) for space in SPACES}
    return {
        "shares": {space: shares(*pair) for space, pair in rows.items()},
        "fid": {space: metrics.fid(*rows[space]) for space in SPACES[:2]},
        "samples": len(samples),
        "updates": updates,
        "best_update": summary["best_step"] * turns,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--updates", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--games", default=";".join(GAMES), help="separated by semicolons")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.games.split(";"):
        found = measure(name, args.updates, args.seed, args.runs)
        print(name, found, flush=True)
        kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
