"""Students against their teachers; writes distillation.json.

    python benchmarks/claims/distillation.py [--only=clothes] [--run_dir=FOLDER]

`clothes` trains `distilled` at half the width of its teacher, `dcgan_fashion_mnist`, on what that
draws (runs/claims/distilled, resumable). `faces` takes the published entry whose teacher is an
imported ProGAN, which has to be imported here as `progan_faces`. Measured are the Frechet distances
of both to the test images of clothes, in the features of Inception and of the zoo's classifier, and
that of the student of faces to what its teacher drew (of its card: `ganzoo evaluate`); LPIPS and
the error of pixels between what both draw from the same latents, which training never saw; and how
fast each draws, in turns. Requires the data, and the weights of Inception and LPIPS.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kept  # noqa: E402
import numpy as np  # noqa: E402

from ganzoo import data, metrics, zoo  # noqa: E402
from ganzoo.inference import saved_model  # noqa: E402
from ganzoo.training import run  # noqa: E402
from ganzoo.training.recipe import Recipe  # noqa: E402

PATH = Path(__file__).parent.parent / "results" / "distillation.json"
CLOTHES, FACES = "dcgan_fashion_mnist", "progan_faces"
STUDENT = f"distilled_drawn_{FACES}"
NUM, PAIRS, ROUNDS, SEED = 10_000, 1000, 5, 77
DRAWN, FEW = 8000, 16  # images of the teacher of faces, and those that it draws to be timed


def recipe(steps: int) -> Recipe:
    """Returns the recipe of the student of clothes."""
    changes = {
        "dataset": f"drawn:30000:{CLOTHES}", "width": 16, "perceptual": "fashion_mnist",
        "steps_per_epoch": 500, "precision": "float32", "features": "fashion_mnist",
    }  # fmt: skip
    return Recipe(model="distilled", steps=steps).replace(changes).resolved()


def clothes(run_dir: Path, steps: int) -> dict:
    """Returns what was measured of the teacher and the student of clothes."""
    trained = run.train(recipe(steps), run_dir, verbose=2)
    teacher, student = zoo.load_pretrained(CLOTHES), saved_model.load(run_dir / "saved_model")
    real, _ = data.arrays("fashion_mnist", "test")
    latents = teacher.latents(PAIRS, SEED)
    both = [x.sample(latents=latents) for x in (teacher, student)]
    generators = {"teacher": teacher, "student": student}
    found = costs(generators, PAIRS)
    samples = {name: one.sample(NUM, SEED) for name, one in generators.items()}
    for name, fids in distances(samples, real, ("inception", "fashion_mnist")).items():
        found[name]["fid"] = fids
    found["student"] |= compared(*both) | facts(trained)
    return found


def faces() -> dict:
    """Returns what was measured of the teacher and the student of faces."""
    teacher, student = zoo.load_pretrained(FACES), zoo.load_pretrained(STUDENT)
    known, size = zoo.info(STUDENT)["metrics"], student.network.output_shape[1:3]
    drawn = data.open(f"drawn:{DRAWN}:{FACES}", "train", image_size=size)
    pairs = drawn.divided()[1].examples(None)  # which training did not see
    found = costs({"teacher": teacher, "student": student}, FEW)
    fid = known["metrics"]["fid"]
    found["student"] |= {"fid": {"inception": fid["value"]}, "num": fid["n_fake"]}
    again = student.sample(latents=pairs["latents"])
    found["student"] |= compared(pairs["real"], again) | facts(known)
    return found


def costs(generators: dict, num: int) -> dict:
    """Returns the sizes and times of generators, by their names."""
    times = seconds(generators, num)
    return {
        name: {"parameters": generator.network.count_params(), "seconds": times[name]}
        for name, generator in generators.items()
    }


def distances(samples: dict, real, judges) -> dict:
    """Returns the distances of samples to the real images, by the names of both."""
    found = {which: {} for which in samples}
    for name in judges:
        judge = metrics.extractor(name)
        features = metrics.extract(real, judge)
        for which, images in samples.items():
            found[which][name] = metrics.fid(features, metrics.extract(images, judge))
    return found


def seconds(generators: dict, num: int) -> dict:
    """Returns how long each takes to draw 1,000 images: the median of some rounds, in turns."""
    found = {name: [] for name in generators}
    for _ in range(ROUNDS + 1):
        for name, generator in generators.items():
            start = time.perf_counter()
            generator.sample(num, SEED)
            found[name].append(time.perf_counter() - start)
    return {name: float(np.median(times[1:])) * 1000 / num for name, times in found.items()}


def compared(theirs, ours) -> dict:
    """Returns how far images are from those of the teacher, uint8 (N, H, W, C)."""
    error = (theirs.astype("float32") - ours) / 127.5
    return {
        "lpips": float(metrics.lpips(theirs, ours, "vgg16").mean()),
        "error": float(np.sqrt(np.mean(error**2))),
    }


def facts(summary: dict) -> dict:
    """Returns what a training cost."""
    return {
        "steps": summary["steps"],
        "minutes": summary["seconds"] / 60,
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", choices=("clothes", "faces"))
    parser.add_argument("--steps", type=int, default=6000, help="of the student of clothes")
    parser.add_argument("--run_dir", type=Path, default=Path("runs/claims/distilled"))
    args = parser.parse_args()
    measures = {"clothes": lambda: clothes(args.run_dir, args.steps), "faces": faces}
    for name in [args.only] if args.only else measures:
        found = measures[name]()
        print(name, found, flush=True)
        kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
