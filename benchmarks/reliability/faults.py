"""Fault injection: does anything get lost if something fails? Writes results/faults.json.

    python benchmarks/reliability/faults.py                # all kinds, about 300 cases
    python benchmarks/reliability/faults.py --kinds=killed_training --cases=3 --out=elsewhere.json

Each case runs train.py or another command in a separate process, which is killed, runs out of disk
space or gets damaged files at a random moment, and is then started again. A case has failed
("lost") if that start does not work, if a resumed training does not end with exactly the weights of
an undisturbed one, if a file under its final name is incomplete, or if a traceback is shown instead
of a one-line error. The faults are defined here, the commands in commands.py.
"""

import argparse
import hashlib
import http.server
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from commands import (
    TINY,
    Bench,
    Command,
    Lost,
    Unable,
    check_files,
    check_nothing_left,
    damage,
    mount,
    with_disk,
)
from PIL import Image

from ganzoo import callbacks, testing, zoo  # noqa: F401
from ganzoo.data import idx
from ganzoo.engine import files
from ganzoo.zoo import download, places

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "faults.json"

# --- the kinds: each is a function of a bench, a folder of the case's own and a random.Random


def killed_training(bench: Bench, folder: Path, rng, numbers=(signal.SIGKILL,)) -> None:
    """A training is killed three times, then resumed until it ends."""
    for _ in range(3):
        process = bench.train(folder / "run")
        process.killed_after(rng.uniform(0.0, 1.1 * bench.seconds), rng.choice(numbers))
        check_files(folder)
    bench.check_end(folder / "run")


def terminated_training(bench: Bench, folder: Path, rng) -> None:
    """The same with SIGTERM, or Ctrl-C once or twice."""
    killed_training(bench, folder, rng, (signal.SIGTERM, signal.SIGINT))


def interrupted_training(bench: Bench, folder: Path, rng) -> None:
    """Ctrl-C in a long epoch: the state is saved; a second one stops the program immediately."""
    process = bench.train(folder / "run", steps=10**6, steps_per_epoch=10**6)
    while "d_adv" not in process.said() and process.running():
        time.sleep(0.02)
    time.sleep(rng.uniform(0.0, 0.5))
    process.kill(signal.SIGINT)
    if rng.random() < 0.5:
        time.sleep(rng.uniform(0.0, 1.0))
        process.kill(signal.SIGINT)
    began = time.monotonic()
    if process.end() != 130:
        raise Lost(f"ended with {process.status}")
    if time.monotonic() - began > 20.0:
        raise Lost("it took over 20 seconds to end")
    if "python train.py --run_dir=" not in process.said():
        raise Lost("it does not say how to go on")
    check_files(folder)


def killed_export(bench: Bench, folder: Path, rng) -> None:
    """An export that replaces another is killed: one of them exists, and the next export works."""
    out = folder / "exported"
    shutil.copytree(bench.whole / "saved_model", out)
    for _ in range(2):
        process = Command("ganzoo", "export", bench.whole, f"--out={out}")
        process.killed_after(rng.uniform(0.0, 3.0))
        check_files(folder)
    Command("ganzoo", "export", bench.whole, f"--out={out}").done()
    Command("ganzoo", "sample", out, f"--out={folder / 'grid.png'}").done()
    check_nothing_left(folder.glob(".*"))


def publication(bench, before) -> Command:
    """Returns the publishing of a run, begun."""
    arguments = bench.public, f"--entry={ENTRY}", "--unmeasured"
    return Command("ganzoo", "publish", *arguments, before=before)


def checkout(folder: Path) -> Callable[[], None]:
    """Makes an empty checkout, and returns what has a command take it for its own."""
    if not folder.exists():
        empty = {"format": 1, "base_url": "https://example.org", "entries": {}}
        (folder / "saved_models").mkdir(parents=True)
        (folder / "saved_models" / "registry.json").write_text(json.dumps(empty))
        shutil.copy(ROOT / "README.md", folder)

    def adopt():
        places.PACKAGE = folder / "ganzoo"

    return adopt


ENTRY = "gan_fashion_mnist_10k"


def killed_publish(bench: Bench, folder: Path, rng) -> None:
    """A publication is killed, of a new or an existing entry: the registry is always valid."""
    root = folder / "checkout"
    adopt = checkout(root)
    for turn in range(3):
        process = publication(bench, adopt)
        process.killed_after(rng.uniform(0.0, 0.4))
        check_files(root)
        check_registry(root, f"turn {turn}")
    publication(bench, adopt).done()
    Command("ganzoo", "verify", before=adopt).done()
    check_nothing_left(root.rglob(".*"))


def check_registry(root: Path, when: str) -> None:
    """Raises if the registry of a checkout names what is not there."""
    for name, entry in json.loads((root / "saved_models/registry.json").read_text())[
        "entries"
    ].items():
        model = root / "saved_models" / name / str(entry["version"])
        if problem := download.problem(model, entry["files"]):
            raise Lost(f"{when}: the registry has an entry that is not there: {problem}")


def tiny_mnist(source: Path) -> Callable[[], None]:
    """Writes four small files in the place of MNIST's; returns what has them taken for those."""
    source.mkdir()
    contents = {}
    for part, count in (("train", 600), ("t10k", 400)):
        pixels = np.random.default_rng(count).integers(0, 256, count * 784, np.uint8)
        contents[f"{part}-images"] = bytes(16) + pixels.tobytes()
        contents[f"{part}-labels"] = bytes(8) + bytes(count)
    for key, value in contents.items():
        kind = "idx3" if "images" in key else "idx1"
        (source / f"{key}.{kind}-ubyte").write_bytes(value)

    def adopt():
        idx.SHA256["mnist"] = {key: hashlib.sha256(x).hexdigest() for key, x in contents.items()}
        idx._SIZE = {key: len(value) for key, value in contents.items()}

    return adopt


def killed_import(bench: Bench, folder: Path, rng) -> None:
    """A data import is killed: the data set is complete or missing; the next import works."""
    adopt, home = tiny_mnist(folder / "source"), {"GANZOO_DATA": str(folder / "data")}
    words = ["ganzoo", "data", "mnist", f"--from={folder / 'source'}"]
    for _ in range(3):
        process = Command(*words, before=adopt, env=home)
        process.killed_after(rng.uniform(0.0, 0.3))
        if (archive := folder / "data" / "mnist.npz").exists():
            with np.load(archive) as file:
                [file[name] for name in file.files]
    Command(*words, before=adopt, env=home).done()
    check_nothing_left((folder / "data").glob(".*"))


class Slowly(http.server.SimpleHTTPRequestHandler):
    """Serves files, a little at a time."""

    def copyfile(self, source, outputfile):
        """Sends a file."""
        while chunk := source.read(20_000):
            outputfile.write(chunk)
            time.sleep(0.01)

    def log_message(self, *args):
        """Says nothing."""


def killed_download(bench: Bench, folder: Path, rng) -> None:
    """A download is killed: the cached copy is complete or missing; the next download works."""
    mirror, wheel, home = folder / "mirror", folder / "wheel", folder / "home"
    publication(bench, checkout(mirror)).done()
    shutil.copytree(mirror / "models", wheel / "_models")
    shutil.copy(mirror / "saved_models" / "registry.json", wheel / "_models")

    def adopt():
        places.PACKAGE = wheel

    def handler(*args):
        return Slowly(*args, directory=str(mirror / "saved_models"))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    pid = os.fork()
    if pid == 0:
        sys.stderr = open(os.devnull, "w")  # of those that hang up
        server.serve_forever()
    server.server_close()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    env = {"GANZOO_MIRROR": address, "GANZOO_HOME": str(home)}
    words = ["ganzoo", "sample", ENTRY, "--num=4", f"--out={folder / 'grid.png'}"]
    try:
        for _ in range(2):
            process = Command(*words, before=adopt, env=env)
            process.killed_after(rng.uniform(0.0, 0.6))
            entry = json.loads((wheel / "_models" / "registry.json").read_text())["entries"][ENTRY]
            model = home / ENTRY / "1"
            if model.exists() and (problem := download.problem(model, entry["files"])):
                raise Lost(problem)
        Command(*words, before=adopt, env=env).done()
        check_files(home)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def damaged_checkpoint(bench: Bench, folder: Path, rng) -> None:
    """The last checkpoint, or its record, is damaged: the run resumes from the one before it."""
    target = folder / "run"
    bench.train(target, steps=24).done()
    newest = sorted((target / "checkpoints").glob("step-*"))[-2:]
    damage(rng.choice(newest), rng)
    recipe = target / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("steps = 24", "steps = 40"))
    bench.check_end(target)


def damaged_saved_model(bench: Bench, folder: Path, rng) -> None:
    """A file of a SavedModel is damaged: it is still loaded, or rejected with one line."""
    shutil.copytree(bench.whole / "saved_model", folder / "model")
    damage(rng.choice(sorted(p for p in (folder / "model").rglob("*") if p.is_file())), rng)
    Command("ganzoo", "sample", folder / "model", f"--out={folder / 'grid.png'}").refused()


def damaged_run_file(bench: Bench, folder: Path, rng) -> None:
    """A file of an unfinished run is damaged: same final weights, or an error in one line."""
    target = folder / "run"
    process = bench.train(target)
    while not list(target.glob("checkpoints/*.json")) and process.running():
        time.sleep(0.02)
    process.killed_after(0.0)
    names = ("recipe.toml", "metrics.jsonl", "monitor.json", "alarms.jsonl", "curves.png")
    damage(rng.choice([target / name for name in names if (target / name).exists()]), rng)
    again = bench.train(target)
    again.refused()
    if again.status == 0:
        bench.check_end(target)


def damaged_input(bench: Bench, folder: Path, rng) -> None:
    """An archive, an image, a recipe, a registry or a cached data set is damaged."""
    kind, env, before = rng.choice(["npz", "folder", "recipe", "registry", "cache"]), {}, None
    words = ["train.py", f"--run_dir={folder / 'run'}", *(f"--{k}={v}" for k, v in TINY.items())]
    words.append("--steps=2")
    if kind == "npz":
        path = folder / "images.npz"
        shutil.copy(bench.folder / "images.npz", path)
        words.append(f"--dataset=npz:{path}")
    elif kind == "folder":
        (folder / "images").mkdir()
        for place in range(20):
            pixels = np.random.default_rng(place).integers(0, 256, (9, 8), "uint8")
            Image.fromarray(pixels).save(folder / "images" / f"{place}.png")
        path = folder / "images" / "7.png"
        words += [f"--dataset=folder:{folder / 'images'}"]
    elif kind == "recipe":
        path = folder / "recipe.toml"
        shutil.copy(bench.whole / "recipe.toml", path)
        words = [*words[:2], f"--recipe={path}", "--steps=2"]
    elif kind == "registry":
        before = checkout(folder / "checkout")
        path = folder / "checkout" / "saved_models" / "registry.json"
        publication(bench, before).done()
        words = ["ganzoo", "list"]
    else:
        adopt, env = tiny_mnist(folder / "source"), {"GANZOO_DATA": str(folder / "data")}
        source = f"--from={folder / 'source'}"
        Command("ganzoo", "data", "mnist", source, before=adopt, env=env).done()
        path = folder / "data" / "mnist.npz"
        words.append("--dataset=mnist")
    damage(path, rng)
    Command(*words, before=before, env=env).refused()


# --- faults of the machine


def full_disk(bench: Bench, folder: Path, rng) -> None:
    """The disk is full during a training, then free again: one line, and the same final weights."""

    def work(disk):
        process = bench.train(disk / "run")
        process.refused()
        if process.status == 2 and "No space left" not in process.said():
            raise Lost(f"it does not say that the disk is full: {process.said()[-300:]}")
        check_files(disk)
        mount(disk, 1 << 28, again=True)
        bench.check_end(disk / "run")

    with_disk(rng.randrange(4096, 600_000), folder, work)


def full_disk_for_commands(bench: Bench, folder: Path, rng) -> None:
    """The disk is full during an export, a publication, an import or while writing an image."""

    def work(disk):
        adopt = checkout(disk / "checkout")
        mnist = tiny_mnist(folder / "source")

        def both():
            adopt(), mnist()

        out, env = disk / "out", {"GANZOO_DATA": str(disk / "data")}
        for words in (
            ["export", bench.whole, f"--out={out}"],
            ["publish", bench.public, f"--entry={ENTRY}", "--unmeasured"],
            ["data", "mnist", f"--from={folder / 'source'}"],
            ["sample", bench.whole, f"--out={disk / 'grid.png'}"],
        ):
            Command("ganzoo", *words, before=both, env=env).refused()
            check_files(disk)
            check_registry(disk / "checkout", words[0])
        mount(disk, 1 << 28, again=True)
        Command("ganzoo", "export", bench.whole, f"--out={out}").done()

    with_disk(rng.randrange(8192, 150_000), folder, work)


def read_only_disk(bench: Bench, folder: Path, rng) -> None:
    """The folder is read-only: each command reports it in one line, and a run resumes later."""

    def work(disk):
        process = bench.train(disk / "run")
        process.killed_after(rng.uniform(0.0, 1.1 * bench.seconds))
        mount(disk, 1 << 28, again=True, read_only=True)
        process = bench.train(disk / "run")
        process.refused()
        if process.status != 2:
            raise Lost("a training goes on in a directory that cannot be written")
        for words in (
            ["export", bench.whole, f"--out={disk / 'out'}"],
            ["sample", bench.whole, f"--out={disk / 'grid.png'}"],
        ):
            process = Command("ganzoo", *words)
            process.refused()
            if process.status != 2:
                raise Lost(f"{words[0]} ended with {process.status}")
        mount(disk, 1 << 28, again=True)
        bench.check_end(disk / "run")

    with_disk(1 << 28, folder, work)


def clock_going_back(bench: Bench, folder: Path, rng) -> None:
    """The clock is set back by years between two starts: all files are from the future."""
    process = bench.train(folder / "run")
    process.killed_after(rng.uniform(0.3, 1.0) * bench.seconds)
    for path in (folder / "run").rglob("*"):
        ahead = time.time() + rng.uniform(-1.0, 1.0) * 3e8
        os.utime(path, (ahead, ahead))
    real = time.time

    def back():
        time.time = lambda: real() - 2e8

    bench.train(folder / "run", before=back).done()
    bench.check_end(folder / "run")


def out_of_memory(bench: Bench, folder: Path, rng) -> None:
    """A batch does not fit into memory: an error in one line that says what to do."""

    def little():
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + (4 << 30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    process = bench.train(
        folder / "run", little, model="dcgan", dataset="fashion_mnist_10k", image_size=64,
        width=rng.choice([128, 256]), batch_size=rng.choice([2000, 4000]), replay=None,
    )  # fmt: skip
    process.refused()
    if process.status != 2 or "batch_size" not in process.said():
        raise Lost(f"expected advice, got {process.status}: {process.said()[-600:]}")


def nan_in_weights(bench: Bench, folder: Path, rng) -> None:
    """A weight becomes NaN: there is an alarm; --on_failure=rollback ends with finite weights."""
    action = rng.choice(["warn", "stop", "rollback"])
    at = rng.randrange(12, 36)

    def poison():
        watch = callbacks.StopAtStep.on_train_batch_end

        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.step.numpy()) == at and not getattr(self, "done", False):
                self.done = True
                weight = self.model.generator.trainable_weights[0]
                weight.assign(weight * float("nan"))
            watch(self, batch, logs)

        callbacks.StopAtStep.on_train_batch_end = on_train_batch_end

    process = bench.train(folder / "run", poison, on_failure=action, replay=None)
    said = process.done()
    if "ALARM" not in said or "no longer a number" not in said:
        raise Lost(f"no alarm: {said[-400:]}")
    check_files(folder)
    finite = all(
        np.isfinite(v).all()
        for v in testing.saved_weights(folder / "run").values()
        if v.dtype.kind == "f"
    )
    if action == "rollback" and not finite:
        raise Lost("it did not roll back to finite weights")


KINDS = {  # and how many cases of each
    killed_training: 30, terminated_training: 15, interrupted_training: 15, killed_export: 15,
    killed_publish: 15, killed_import: 15, killed_download: 15, damaged_checkpoint: 15,
    damaged_saved_model: 20, damaged_run_file: 10, damaged_input: 40, full_disk: 10,
    full_disk_for_commands: 5, read_only_disk: 5, clock_going_back: 5, out_of_memory: 3,
    nan_in_weights: 6,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    names = [kind.__name__ for kind in KINDS]
    parser.add_argument("--kinds", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--cases", type=int, help="of each kind; by default as many as it needs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=PATH)
    args = parser.parse_args()
    os.environ.pop("GANZOO_DATA", None)
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    with tempfile.TemporaryDirectory() as root:
        bench = Bench(Path(root))
        for kind in (kind for kind in KINDS if kind.__name__ in args.kinds.split(",")):
            lost, began, count = [], time.monotonic(), args.cases or KINDS[kind]
            for case in range(count):
                folder = Path(root, f"{kind.__name__}_{case}")
                folder.mkdir()
                try:
                    kind(bench, folder, random.Random(f"{args.seed} {kind.__name__} {case}"))
                except Lost as error:
                    lost.append(f"case {case}: {error}")
                    print(f"LOST {kind.__name__} {lost[-1]}", flush=True)
                except Unable as error:
                    print(f"{kind.__name__}: not tried: {error}", flush=True)
                    count = case
                    break
                shutil.rmtree(folder)
            seconds = round(time.monotonic() - began)
            results[kind.__name__] = {
                "what": kind.__doc__, "cases": count, "seed": args.seed, "lost": lost,
                "seconds": seconds,
            }  # fmt: skip
            print(f"{kind.__name__}: {count} cases, {len(lost)} lost, {seconds} s", flush=True)
            files.write_text(args.out, json.dumps(results, indent=1) + "\n")
    if any(row["lost"] for row in results.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
