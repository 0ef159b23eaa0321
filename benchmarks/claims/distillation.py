"""A student at half the width against its teacher, an entry of the zoo; writes distillation.json.

    python benchmarks/claims/distillation.py

Trains `distilled` on what `dcgan_fashion_mnist` draws (runs/claims/distilled, resumable), and
measures both on 10,000 samples: the Frechet distance to the test images, in the features of
Inception and of the zoo's classifier; LPIPS and the error of pixels between what both draw from the
same latents, which training never saw; and how fast each draws, in turns. Requires Fashion-MNIST,
and the weights of Inception and LPIPS.
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
TEACHER = "dcgan_fashion_mnist"
NUM, PAIRS, ROUNDS, SEED = 10_000, 1000, 5, 77


def recipe(steps: int) -> Recipe:
    """Returns the recipe of the student."""
    changes = {
        "dataset": f"drawn:30000:{TEACHER}", "width": 16, "perceptual": "fashion_mnist",
        "steps_per_epoch": 500, "precision": "float32", "features": "fashion_mnist",
    }  # fmt: skip
    return Recipe(model="distilled", steps=steps).replace(changes).resolved()


def distances(generator, judges: dict, real: dict) -> dict:
    """Returns the Frechet distances of samples to the test images, by the name of the features."""
    images = generator.sample(NUM, SEED)
    return {
        name: metrics.fid(real[name], metrics.extract(images, judge))
        for name, judge in judges.items()
    }


def seconds(generators: dict) -> dict:
    """Returns how long each takes to draw 1,000 images: the median of some rounds, in turns."""
    found = {name: [] for name in generators}
    for _ in range(ROUNDS + 1):
        for name, generator in generators.items():
            start = time.perf_counter()
            generator.sample(PAIRS, SEED)
            found[name].append(time.perf_counter() - start)
    return {name: float(np.median(times[1:])) for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--run_dir", type=Path, default=Path("runs/claims/distilled"))
    parser.add_argument("--features", default="inception,fashion_mnist")
    args = parser.parse_args()
    summary = run.train(recipe(args.steps), args.run_dir, verbose=2)
    generators = {
        "teacher": zoo.load_pretrained(TEACHER),
        "student": saved_model.load(args.run_dir / "saved_model"),
    }
    images, _ = data.arrays("fashion_mnist", "test")
    judges = {name: metrics.extractor(name) for name in args.features.split(",")}
    real = {name: metrics.extract(images, judge) for name, judge in judges.items()}
    latents = generators["teacher"].latents(PAIRS, SEED)
    both = [x.sample(latents=latents) for x in generators.values()]
    times = seconds(generators)
    for name, generator in generators.items():
        found = {
            "fid": distances(generator, judges, real),
            "parameters": generator.network.count_params(),
            "seconds": times[name],
        }
        if name == "student":
            error = (both[0].astype("float32") - both[1]) / 127.5
            found |= {
                "lpips": float(metrics.lpips(*both, "vgg16").mean()),
                "error": float(np.sqrt(np.mean(error**2))),
                "steps": summary["steps"],
                "minutes": summary["seconds"] / 60,
                "hardware": summary["hardware"],
            }
        print(name, found, flush=True)
        kept.keep(PATH, name, found)


if __name__ == "__main__":
    main()
