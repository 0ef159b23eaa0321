"""Does IMLE leave less out than a GAN? The same generator, the same images; writes imle.json.

    python benchmarks/claims/imle.py

Trains `imle` and `dcgan`, with DCGAN's generator of 32 filters and 32 latents, for the same number
of steps of 64 images of Fashion-MNIST (runs/claims/imle_<variant>, resumable), and measures 10,000
samples of each against the test images: precision, recall, density and coverage, in the features of
the zoo's classifier and in pixels, which is where IMLE measures what is near. A step of IMLE takes
longer, as it makes a pool of samples; the seconds are beside the figures. It needs Fashion-MNIST.
"""

import argparse
from pathlib import Path

import kept

from ganzoo import data, metrics, run
from ganzoo.quiet import import_tensorflow
from ganzoo.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
PATH = RESULTS / "imle.json"
SHARED = {"width": 32, "latent_dim": 32}
VARIANTS = ("imle", "dcgan")


def shares(real, fake) -> dict:
    """Returns precision and recall, density and coverage of rows (N, D)."""
    found = metrics.prdc(real, fake)
    return found[0]._asdict() | found[1]._asdict()


def measure(name: str, steps: int, seed: int, runs: Path) -> dict:
    """Trains a variant and returns how much of the test images its samples cover."""
    recipe = Recipe(
        model=name, dataset="fashion_mnist", steps=steps, steps_per_epoch=min(steps, 500), seed=seed
    )
    recipe = recipe.replace(SHARED).resolved()
    folder = runs / f"imle_{name}_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    from ganzoo import export

    judge = metrics.extractor("fashion_mnist")
    real, _ = data.arrays("fashion_mnist", "test")
    samples = export.load(folder / "saved_model").sample(len(real), seed=0)
    seen, drawn = (metrics.extract(x, judge, batch_size=500) for x in (real, samples))
    return {
        "features": shares(seen, drawn),
        "pixels": shares(*(x.reshape(len(x), -1) / 255.0 for x in (real, samples))),
        "fid_fashion_mnist": metrics.fid(seen, drawn),
        "samples": len(samples),
        "steps": steps,
        "best_step": summary["best_step"],
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.variants.split(","):
        found = measure(name, args.steps, args.seed, args.runs)
        print(name, found, flush=True)
        kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
