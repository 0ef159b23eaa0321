"""What seeds and averaging do to the figures of an entry; writes seeds.json.

    python benchmarks/claims/seeds.py --entries=dcgan_fashion_mnist --precision=float32

An entry is one run, whose generator is a moving average of its weights; studies with which it is
compared had several runs, or averaged nothing. Here its recipe is trained with several seeds, and
the best checkpoint of each run is measured with the average and without it. The runs (runs/seeds)
are resumable, and what is in the file is not measured again. The card of the entry lists its other
seeds.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import kept

from ganzoo import zoo
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.evaluation import published
from ganzoo.publishing import gallery
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

PATH = Path(__file__).parent.parent / "results" / "seeds.json"
METRICS = ("fid", "fid_without_averaging")


def measured(folder: Path) -> dict[str, float]:
    """Returns the FID of a run in Inception features, with the average of its weights and without.

    Each is measured by a process of its own, and kept in the run.
    """
    path = folder / "evaluation.json"
    command = [sys.executable, "-m", "ganzoo", "evaluate", folder, "--metrics=fid"]
    command += ["--features=inception", "--num=10000"]
    for name, flags in zip(METRICS, ([], ["--without_averaging"]), strict=True):
        if name not in (json.loads(path.read_text())["metrics"] if path.exists() else {}):
            subprocess.run([*command, *flags], check=True)
    metrics = json.loads(path.read_text())["metrics"]
    return {name: metrics[name]["value"] for name in METRICS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--entries", default="dcgan_fashion_mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", help="default: that of the entry")
    parser.add_argument("--runs", type=Path, default=Path("runs/seeds"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.entries.split(","):
        recipe = Recipe.load(zoo.recipe_path(name))
        for seed in reversed(range(args.seeds)):  # 0, which most entries have, comes last
            key = f"{name}, seed {seed}"
            if key in kept.read(PATH):
                continue
            changes = {"seed": seed} | ({"precision": args.precision} if args.precision else {})
            folder = args.runs / f"{name}_{seed}"
            summary = run.train(recipe.replace(changes).resolved(), folder, verbose=2)
            found = {"entry": name, "seed": seed} | measured(folder)
            found |= {key: summary[key] for key in ("steps", "seconds", "hardware")}
            found["published"] = published.fid(recipe.to_dict())
            print(found, flush=True)
            kept.keep(PATH, key, found)
        others = [
            {key: row[key] for key in ("seed", *METRICS)}
            for row in kept.read(PATH).values()
            if row["entry"] == name and row["seed"] != recipe.seed
        ]
        gallery.add(name, {"seeds": sorted(others, key=lambda row: row["seed"])})
    gallery.write()


if __name__ == "__main__":
    main()
