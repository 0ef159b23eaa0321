"""Time to the first step of each variant; writes tracing.json.

    python benchmarks/speed/tracing.py
    python benchmarks/speed/tracing.py --variants=stylegan2,unrolled

Each variant, with its default networks and training, on 28 x 28 images with batches of 64, or on
the data that it needs: the seconds to build it, to trace its train step, and until the first step
is done, minus the time of a later step.
"""

import argparse
import gc
import json
import time
from pathlib import Path

from ganzoo.engine.quiet import import_tensorflow

PATH = Path(__file__).parent.parent / "results" / "tracing.json"
PAIRS = "edges:fashion_mnist_10k"
DATA = {"seqgan": "oracle", "pix2pix": PAIRS, "unit": PAIRS, "cyclegan": PAIRS}
USUAL = "fashion_mnist_10k"


def measure(name: str) -> dict:
    """Returns the times of a variant in seconds."""
    import keras

    from ganzoo import data
    from ganzoo.training import run
    from ganzoo.training.recipe import Recipe

    keras.backend.clear_session()
    values = {"model": name, "dataset": DATA.get(name, USUAL), "precision": "float32"}
    recipe = Recipe(steps=3).replace(values).resolved()
    start = time.perf_counter()
    gan = run.build(recipe)
    built = time.perf_counter() - start
    stream = data.load(recipe.dataset, "train", recipe.batch_size, repeat=True)
    traces, step, times = [], gan.train_step, []

    def timed(batch):  # called while TensorFlow traces, and never after
        start = time.perf_counter()
        logs = step(batch)
        traces.append(time.perf_counter() - start)
        return logs

    gan.train_step = timed
    clock = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: times.append(time.perf_counter()),
        on_train_batch_end=lambda batch, logs: times.append(time.perf_counter()),
    )
    gan.fit(stream, steps_per_epoch=recipe.steps, verbose=0, callbacks=[clock])
    later = times[-1] - times[-2]
    return {
        "data": recipe.dataset, "built": built, "traced": sum(traces), "traces": len(traces),
        "until_first_step": times[1] - times[0] - later,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--variants", help="names, separated by commas (default: all)")
    args = parser.parse_args()
    import_tensorflow()
    from ganzoo import gans
    from ganzoo.engine import files
    from ganzoo.training import summary

    found = json.loads(PATH.read_text()) if PATH.exists() else {"hardware": summary.hardware()}
    for name in args.variants.split(",") if args.variants else gans.list_variants():
        found[name] = measure(name)
        print(name, found[name], flush=True)
        files.write_text(PATH, json.dumps(found, indent=1) + "\n")
        gc.collect()


if __name__ == "__main__":
    main()
