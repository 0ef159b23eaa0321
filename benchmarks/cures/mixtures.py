"""Which variants find all modes with their own optimizers; writes results/mixtures.json.

    python benchmarks/cures/mixtures.py [--variants=gan,wgan_gp] [--mixtures=ring8] [--seeds=3]

Every variant that learns points, by its own recipe: its networks for points, of width 32, losses
and parts, and the optimizers, rates and numbers of D's steps of `learning()`, as `ganzoo train`
would without flags. All seeds of a variant are played at once (see `toys`), and what is in the file
is not played again. A variant that needs TensorFlow, or labels, images or sequences, is left out.
"""

import argparse
import time
from pathlib import Path

import toys  # first, since it chooses the backend

# isort: split
import kept

from ganzoo import gans
from ganzoo.errors import InputError
from ganzoo.training.recipe import Recipe

PATH = Path(__file__).parent.parent / "results" / "mixtures.json"
MIXTURES = ("ring8", "grid25")
WIDTH, BATCH = 32, 128


def play(name: str, mixture: str, seeds: int, steps: int) -> dict:
    """Returns how the games of a variant ended, or why it cannot play."""
    try:
        recipe = Recipe(model=name, dataset=mixture, steps=steps, batch_size=BATCH)
        recipe = recipe.replace({"precision": "float32", "width": WIDTH}).resolved()
        records = toys.Games(recipe, range(seeds)).play()
    except InputError as error:
        return {"left_out": str(error)}
    ends = [record["looks"][-1] for record in records["runs"].values()]
    return {
        "steps": steps,
        "seconds": records["seconds"],
        "modes": [end["modes"] for end in ends],
        "in_modes": [end["in_modes"] for end in ends],
        "distance": [end["distance"] for end in ends],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--variants", default=",".join(gans.list_variants()))
    parser.add_argument("--mixtures", default=",".join(MIXTURES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10_000)
    args = parser.parse_args()
    rows = kept.read(PATH)
    for name in args.variants.split(","):
        for mixture in args.mixtures.split(","):
            key = f"{name} on {mixture}"
            if key in rows:
                continue
            began = time.perf_counter()
            rows[key] = play(name, mixture, args.seeds, args.steps)
            print(key, rows[key], f"{time.perf_counter() - began:.0f} s in all", flush=True)
            kept.keep(PATH, key, rows[key])


if __name__ == "__main__":
    main()
