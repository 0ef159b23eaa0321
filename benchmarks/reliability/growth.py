"""Scaling of speed and memory with image size, width, batch size and data; writes growth.json.

    python benchmarks/reliability/growth.py            # all of it, about 15 minutes on two cores
    python benchmarks/reliability/growth.py --parts=folder

One setting at a time is varied, starting from a DCGAN with 32 filters on 28 x 28 images with
batches of 64. Each training runs in a separate process like that of `train.py`, whose peak memory
is measured; images per second are those of its last epoch. For data sets, memory and the time to
the first batch are measured: arrays of up to a gigabyte, and folders of up to a million entries,
which are links to about a hundred images.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "speed"))

import memory  # noqa: E402
import numpy as np

from ganzoo.engine.quiet import import_tensorflow

PATH = Path(__file__).parent.parent / "results" / "growth.json"
BASE = {"model": "dcgan", "dataset": "fashion_mnist_10k", "width": 32, "batch_size": 64}
SERIES = {
    "image_size": (16, 28, 64, 128),
    "width": (8, 16, 32, 64, 128),
    "batch_size": (8, 32, 64, 128, 256),
}
EXAMPLES = (1_000, 10_000, 100_000, 300_000)  # of 32 x 32 x 3, up to 0.9 GB
ENTRIES = (1_000, 10_000, 100_000, 1_000_000)


def trained(changes: dict, steps: int = 12) -> dict:
    """Trains for some steps and returns images per second and peak memory."""
    import keras

    from ganzoo import data
    from ganzoo.training import run
    from ganzoo.training.recipe import Recipe

    recipe = Recipe(steps=steps, precision="float32").replace(BASE | changes).resolved()
    gan = run.build(recipe)
    size = {"image_size": recipe.image_size} if recipe.image_size else {}
    stream = data.load(recipe.dataset, "train", recipe.batch_size, repeat=True, **size)
    times: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: times.append(time.perf_counter())
    )
    gan.fit(stream, steps_per_epoch=steps, verbose=0, callbacks=[clock])
    half = steps // 2
    return {
        "images_per_second": recipe.batch_size * (steps - 1 - half) / (times[-1] - times[half]),
        "memory": memory.peak(),
    }


def loaded(dataset: str) -> dict:
    """Returns the time to the first batch of a data set, and the memory after a hundred more."""
    from ganzoo import data

    before, began = memory.peak(), time.perf_counter()
    batches = iter(data.load(dataset, "train", 64, repeat=True, image_size=32))
    next(batches)
    first = time.perf_counter() - began
    for _ in range(100):
        next(batches)
    return {
        "seconds_to_first_batch": first, "memory": memory.peak() - before, "before": before,
        "held": memory.resident() - before,
    }  # fmt: skip


def examples(count: int) -> dict:
    """Loads an archive with this number of images."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.npz")
        # Made in another process, whose memory is not ours.
        code = (
            "import numpy as np, sys; rng = np.random.default_rng(0);"
            "np.savez(sys.argv[1], images=rng.integers(0, 256, (int(sys.argv[2]), 32, 32, 3),"
            "dtype='uint8'))"
        )
        subprocess.run([sys.executable, "-c", code, str(path), str(count)], check=True)
        return loaded(f"npz:{path}") | {"bytes": path.stat().st_size}


def entries(count: int) -> dict:
    """Loads a folder with this number of images."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        originals, rng = Path(folder, "originals"), np.random.default_rng(0)
        originals.mkdir()
        for place in range(100):
            pixels = rng.integers(0, 256, (32, 32, 3), "uint8")
            Image.fromarray(pixels).save(originals / f"{place}.png")
        links = Path(folder, "links")
        for place in range(count):
            if place % 10_000 == 0:
                (links / f"{place // 10_000:03d}").mkdir(parents=True)
            name = links / f"{place // 10_000:03d}" / f"{place:07d}.png"
            os.link(originals / f"{place % 100}.png", name)
        return loaded(f"folder:{links}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--parts", default=",".join([*SERIES, "examples", "folder"]))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # what a child measures
    args = parser.parse_args()
    import_tensorflow()
    if args.one:
        part, value = args.one[0], int(args.one[1])
        alone = {"examples": examples, "folder": entries}.get(part)
        print("FOUND", json.dumps(alone(value) if alone else trained({part: value})))
        return
    from ganzoo.training import summary

    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    for part in args.parts.split(","):
        values = SERIES.get(part) or {"examples": EXAMPLES, "folder": ENTRIES}[part]
        rows = {}
        for value in values:
            done = subprocess.run(
                [sys.executable, __file__, "--one", part, str(value)],
                capture_output=True, text=True,
            )  # fmt: skip
            found = [x for x in done.stdout.splitlines() if x.startswith("FOUND ")]
            if not found:
                sys.exit(f"{part}={value}: {done.stderr[-2000:]}")
            rows[str(value)] = json.loads(found[0].removeprefix("FOUND "))
            print(part, value, rows[str(value)], flush=True)
        results[part] = {"rows": rows, "load": os.getloadavg()[0], "hardware": summary.hardware()}
        PATH.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
