"""Image translation compared with trivial baselines; writes translation.json.

    python benchmarks/claims/translation.py

Trains pix2pix on pairs of edges and images of Fashion-MNIST, and CycleGAN and UNIT on the same data
without pairs (runs/claims/<name>, resumable), and measures translations on held-out pairs of the
test split. pix2pix is compared with three baselines: the edges themselves, the mean of all training
images, and the target of the nearest training edges. The others are compared with the untranslated
images. Requires Fashion-MNIST.
"""

import argparse
from pathlib import Path

import kept
import numpy as np

from ganzoo import data, metrics
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.metrics import spaces
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

PATH = Path(__file__).parent.parent / "results" / "translation.json"
RATES = {f"learning.{side}_optimizer.config.learning_rate": 2e-4 for side in "gd"}
SYSTEMS = {  # name -> what departs from the canonical recipes: smaller, and faster on a CPU
    "pix2pix": {"width": 16},
    "cyclegan": {"width": 16, "blocks": 3, "batch_size": 16},
    "unit": {"width": 16, "blocks": 2, "batch_size": 16, **RATES},
}
STEPS = {"pix2pix": 3000, "cyclegan": 3000, "unit": 8000}


class Judge:
    """Compares images with the ground truth, in features of the domain and of Inception."""

    def __init__(self, domain_features: str | None):
        names = ["inception", *([domain_features] if domain_features else [])]
        self.networks = {name: metrics.extractor(name) for name in names}
        self.known: dict[
            tuple[int, str], tuple
        ] = {}  # with the array, so that its id stays its own

    def features(self, images, name: str) -> np.ndarray:
        """Returns the features of images; those of the same array are cached."""
        key = id(images), name
        if key not in self.known:
            found = metrics.extract(images, self.networks[name], batch_size=100)
            self.known[key] = images, found
        return self.known[key][1]

    def __call__(self, images, truth) -> dict:
        """Returns L1, SSIM and FIDs of images compared with the ground truth."""
        distances = {
            f"fid_{name}": metrics.fid(self.features(truth, name), self.features(images, name))
            for name in self.networks
        }
        pairs = {"l1": metrics.l1(images, truth), "ssim": metrics.ssim(images, truth)}
        return {name: float(values.mean()) for name, values in pairs.items()} | distances


def baselines(x, y, dataset: str, judge: Judge) -> dict:
    """Returns the metrics of the baselines, which need no network.

    Args:
        x: Test images to translate, uint8 (N, H, W, C).
        y: The ground truth.
        dataset: Data set of pairs; its training split is used for the baselines.
        judge: Computes the metrics.
    """
    train = data.examples(dataset, "train")
    mean = np.rint(train["y"].mean(0, dtype=np.float64)).astype(np.uint8)
    nearest = metrics.nearest(x, train["x"], batch_size=1024).indices[:, 0]
    guesses = {
        "copy": x,
        "mean": np.broadcast_to(mean, y.shape),
        "nearest": train["y"][nearest],
    }
    return {name: judge(guess, y) for name, guess in guesses.items()}


def measure(name: str, dataset: str, steps: int, num: int, runs: Path) -> dict:
    """Trains a model on a data set, paired or unpaired as it needs, and measures it."""
    own = dataset if name == "pix2pix" else f"unpaired:{dataset}"
    recipe = Recipe(model=name, dataset=own, steps=steps, steps_per_epoch=min(steps, 500))
    recipe = recipe.resolved().replace(SYSTEMS[name])
    folder = runs / f"{name}_{dataset.replace(':', '_')}"
    summary = run.train(recipe, folder, verbose=2)
    from ganzoo.inference import saved_model

    judge = Judge(spaces.of_data(dataset))
    test = data.examples(dataset, "test", limit=num)
    x, y = test["x"], test["y"]
    there = saved_model.load(folder / "saved_model")
    over = there.translate(x)
    found = {"translated": judge(over, y)}
    if name == "pix2pix":
        found |= baselines(x, y, dataset, judge)
    else:
        back = saved_model.load(folder / "saved_model_y_to_x")
        home = back.translate(y)
        found["untranslated"] = judge(x, y)
        found["translated back"] = judge(home, x)
        found["untranslated back"] = judge(y, x)
        cycles = (x, back.translate(over)), (y, there.translate(home))
        found["cycle_l1"] = [float(metrics.l1(*pair).mean()) for pair in cycles]
    return {
        "figures": found,
        "dataset": own,
        "against": f"{dataset} test",
        "num": len(x),
        "features": list(judge.networks),
        "best_step": summary["best_step"],
        "steps": steps,
        "batch_size": recipe.batch_size,
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--dataset", default="edges:fashion_mnist", help="a set of pairs")
    parser.add_argument("--steps", type=int, help="the same number for each")
    parser.add_argument("--num", type=int, default=1000, help="test pairs to measure on")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for name in args.systems.split(","):
        steps = args.steps or STEPS[name]
        found = measure(name, args.dataset, steps, args.num, args.runs)
        print(name, found["figures"], flush=True)
        kept.keep(PATH, f"{name}, {args.dataset}", found)


if __name__ == "__main__":
    main()
