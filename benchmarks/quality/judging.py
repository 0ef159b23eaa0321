"""What the critic is worth after training: samples before and after. Writes results/judging.json.

    python benchmarks/quality/judging.py   # goes on where it stopped

Trains a DCGAN on Fashion-MNIST and one on MNIST for the same number of steps (runs/judging_*,
resumable), with spectral normalization in the critic, and measures the Frechet distance, in the
features of the zoo's classifiers, of samples as they come, after rejection by the critic, and after
its gradient moved the latents. Also writes docs/judging.md and its pictures. Requires both data
sets.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


from ganzoo import data, metrics  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.inference import pictures, saved_model  # noqa: E402
from ganzoo.training import run  # noqa: E402
from ganzoo.training.recipe import Recipe  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "judging.json"
PAGE = ROOT / "docs" / "judging.md"
CASES = ("fashion_mnist", "mnist")  # the data
WAYS = {  # what `sample` is told
    "as they come": {},
    "rejection, 50th percentile": {"rejection": 50.0},
    "rejection, 80th percentile": {"rejection": 80.0},
    "rejection, 95th percentile": {"rejection": 95.0},
    "refined, 20 steps": {"refine": 20},
}
NUM, SHOWN = 2000, 20
HEAD = """# The critic as a judge

The discriminator of a trained GAN is usually thrown away. Kept beside its generator, it can refuse
samples that it does not believe (Azadi et al., 2019, arXiv:1810.06758) and move latents to where it
believes more (Che et al., 2020, arXiv:2003.06060):

```text
ganzoo sample runs/mine --rejection --out=better.png
ganzoo sample runs/mine --refine=100 --out=moved.png
```

Written by `python benchmarks/quality/judging.py`: `dcgan` of width 32, {steps:,} steps; the Frechet
distance of {num:,} samples to the test images in the features of the zoo's classifier of the data;
smaller is better. Runs keep their critic; entries do that were published since.

The critics have spectral normalization: one with batch normalization was trained on batches that
were all real or all fake, and scores single images by averages of both.

| data | samples | distance | of what it was | seconds |
|---|---|---|---|---|
"""


def trained(case: str, steps: int, runs: Path):
    """Returns the generator of a run, trained as far as it was not yet."""
    recipe = Recipe(model="dcgan", dataset=case, steps=steps, steps_per_epoch=500)
    changes = {"width": 32, "latent_dim": 64, "precision": "float32", "d_normalization": "spectral"}
    folder = runs / f"judging_{case}"
    run.train(recipe.replace(changes).resolved(), folder, verbose=2)
    return saved_model.load(folder / "saved_model")


def measure(case: str, generator, way: str) -> dict:
    """Returns what was measured of samples drawn in one way, and draws some of them."""
    judge = metrics.extractor(case)
    real, _ = data.arrays(case, "test")
    start = time.monotonic()
    images = generator.sample(NUM, seed=7, **WAYS[way])
    seconds = time.monotonic() - start
    distance = metrics.fid(metrics.extract(real, judge), metrics.extract(images, judge))
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    picture = pictures.enlarged(pictures.grid(images[:SHOWN], SHOWN), 28 * SHOWN)
    pictures.save_png(folder / f"{picture_of(case, way)}.png", picture)
    return {"fid": float(distance), "seconds": round(seconds, 1)}


def picture_of(case: str, way: str) -> str:
    """Returns the name of a picture, without suffix."""
    options = WAYS[way]
    return "_".join([case, *(f"{key}{value:g}" for key, value in options.items())])


def page(results: dict) -> str:
    """Returns the page."""
    rows, shown, best = [], [], []
    for case in CASES:
        found = results["cases"].get(case, {})
        for way, row in found.items():
            share = f"{row['fid'] / found['as they come']['fid']:.0%}"
            rows.append(f"| `{case}` | {way} | {row['fid']:.2f} | {share} | {row['seconds']:.0f} |")
            picture = f"judging/{picture_of(case, way)}.png"
            shown.append(f"`{case}`, {way}:\n\n![{way}]({picture})\n")
        if len(found) > 1:
            share = min(row["fid"] for row in found.values()) / found["as they come"]["fid"]
            best.append(f"{1 - share:.0%} on `{case}`")
    gain = f"\n\nThe most that the critic gained: {', '.join(best)}.\n\n"
    head = HEAD.format(steps=results["steps"], num=results["num"])
    return head + "\n".join(rows) + gain + "\n".join(shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs")
    parser.add_argument("--page_only", action="store_true")
    args = parser.parse_args()
    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    if not args.page_only:
        if results.get("steps") != args.steps:
            results = {"what": "samples judged by the critic", "cases": {}}
        results |= {"steps": args.steps, "num": NUM}
        for case in CASES:
            known = results["cases"].setdefault(case, {})
            todo = [way for way in WAYS if way not in known]
            generator = trained(case, args.steps, args.runs) if todo else None
            for way in todo:
                known[way] = measure(case, generator, way)
                print(case, way, known[way], flush=True)
                files.write_text(PATH, json.dumps(results, indent=2) + "\n")
                PAGE.write_text(page(results))
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
