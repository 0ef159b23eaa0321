"""Waiting times of users of the zoo; writes waiting.json.

    python benchmarks/speed/waiting.py

In new processes, in turns: `import ganzoo` in addition to `import tensorflow`, `ganzoo list`, and
loading a SavedModel until its first image. In this process: `sample` compared with the generator's
network on the same latents, called and compiled, and with the SavedModel, in turns; the size of
each entry compared with that of its weights; precision, recall, density and coverage of two sets of
10,000 feature vectors of dimension 2,048; 1,000 images drawn, and drawn and written to a folder, in
turns; and the projection of an image of 64 pixels. Requires the weights of LPIPS.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import memory
import numpy as np

from ganzoo import zoo
from ganzoo.engine.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results" / "waiting.json"
ENTRY, FACES = "dcgan_fashion_mnist", "distilled_drawn_progan_faces"
ROUNDS = 5
TENSORFLOW = "import tensorflow"
LOAD = """
import sys, time, tensorflow as tf
start = time.perf_counter()
tf.saved_model.load(sys.argv[1]).sample(1, 0)
print(time.perf_counter() - start)
"""


def seconds(*command: str) -> float:
    """Returns the time of a process in seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def processes() -> dict:
    """Returns the minimum time of each measurement that needs a new process."""
    found = {"tensorflow": [], "both": [], "list": [], "load": []}
    for _ in range(ROUNDS):
        found["tensorflow"].append(seconds("-c", TENSORFLOW))
        found["both"].append(seconds("-c", f"{TENSORFLOW}, ganzoo"))
        found["list"].append(seconds("-m", "ganzoo.cli", "list"))
        command = [sys.executable, "-c", LOAD, str(zoo.fetch(ENTRY))]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        found["load"].append(float(said.stdout))
    least = {name: min(times) for name, times in found.items()}
    return {"import": least["both"] - least["tensorflow"]} | least


def sampling(num: int = 8000, batch: int = 250) -> dict:
    """Returns images per second of `sample`, and its ratio to the others, in turns."""
    import tensorflow as tf

    model, loaded = zoo.load_pretrained(ENTRY), tf.saved_model.load(str(zoo.fetch(ENTRY)))
    latents, compiled = model.latents(num, 0), tf.function(model.network)
    pieces = [latents[start : start + batch] for start in range(0, num, batch)]
    ways = {
        "sample": lambda: model.sample(num, batch_size=batch),
        "the network, called": lambda: [model.network(piece).numpy() for piece in pieces],
        "the network, compiled": lambda: [compiled(piece).numpy() for piece in pieces],
        "the SavedModel": lambda: [loaded.sample(batch, seed) for seed in range(num // batch)],
    }
    times = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, work in ways.items():
            start = time.perf_counter()
            work()
            if turn:  # the first one traces
                times[name].append(time.perf_counter() - start)
    own = times.pop("sample")
    shares = {
        name: statistics.median(b / a for a, b in zip(own, spent, strict=True))
        for name, spent in times.items()
    }
    return {"images_per_second": num / statistics.median(own), "share_of": shares}


def sizes() -> dict:
    """Returns the ratio of each entry's size to that of its weights."""
    found = {}
    for name in zoo.list_pretrained():
        model, total = zoo.load_pretrained(name), zoo.info(name)["bytes"]
        found[name] = total / sum(np.asarray(w).nbytes for w in model.network.get_weights())
    return found


def neighbours(num: int = 10_000, width: int = 2048) -> dict:
    """Returns the time of both metrics, and the increase of the peak memory in megabytes."""
    from ganzoo import metrics

    draw = np.random.default_rng(0)
    real, fake = (draw.normal(size=(num, width)).astype("float32") for _ in range(2))
    before = memory.peak()
    start = time.perf_counter()
    metrics.prdc(real, fake)
    spent = time.perf_counter() - start
    return {"seconds": spent, "megabytes": (memory.peak() - before) / 2**20}


def files(num: int = 1000) -> dict:
    """Returns the seconds for drawing images, and for writing them, too, as single files."""
    from ganzoo.inference import drawing

    model = zoo.load_pretrained(ENTRY)
    times = {"drawn": [], "written": []}
    for turn in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            model.sample(num)
            drawn = time.perf_counter()
            drawing.write(model, Path(folder) / "images", num, 0, name=ENTRY)
            done = time.perf_counter()
        if turn:
            times["drawn"].append(drawn - start)
            times["written"].append(done - drawn)
    return {name: statistics.median(spent) for name, spent in times.items()}


def projection(steps: int = 300) -> dict:
    """Returns the seconds for the projection of an image that the generator drew."""
    from ganzoo import editing

    model = zoo.load_pretrained(FACES)
    start = time.perf_counter()
    found = editing.project(model, model.sample(1, seed=1000), steps=steps)
    seconds = time.perf_counter() - start
    return {"entry": FACES, "steps": found.steps, "seconds": seconds}


def main() -> None:
    found = {"processes": processes()}
    import_tensorflow()
    found |= {"neighbours": neighbours(), "sampling": sampling(), "sizes": sizes()}
    found |= {"files": files(), "projection": projection()}
    from ganzoo.training import summary

    found |= {"entry": ENTRY, "hardware": summary.hardware()}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
