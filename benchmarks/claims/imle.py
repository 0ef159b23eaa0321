"""Does IMLE leave less out than a GAN? The same generator, the same images; writes imle.json.

    python benchmarks/claims/imle.py

Trains IMLE on pixels, IMLE on a perceptual distance, DCGAN, and both in one game (`imlegan`), with
the distance as a classifier of clothes or one of digits sees it; all with DCGAN's generator of 32
filters and 32 latents, for the same number of updates of 64 images of Fashion-MNIST
(runs/claims/imle_<name>, resumable), and measures 10,000 samples of each against the test images:
precision, recall, density and coverage, in three spaces. `fashion_mnist`, the features of the zoo's
classifier of clothes, is flattered where the distance is that of its other layers; `mnist`, which
has never seen clothes, where it is that of its own; and there are the pixels. It needs
Fashion-MNIST.
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
    """Returns images as rows of this space."""
    if space == "pixels":
        return images.reshape(len(images), -1) / 255.0
    return metrics.extract(images, space, batch_size=500)


def measure(name: str, updates: int, seed: int, runs: Path) -> dict:
    """Trains a variant and returns how much of the test images its samples cover."""
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
