"""Each entry in each format: what it differs by, its size, its time. Writes results/formats.json.

    npm install --prefix=FOLDER @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
    python benchmarks/quality/formats.py --node=FOLDER   # goes on where it stopped

Exports each entry as ONNX, LiteRT (float32, float16, int8) and TensorFlow.js, runs it by ONNX
Runtime, LiteRT's interpreter and node, and compares the outputs for 8 random inputs with those of
the network. The time is that of one example, the median of some rounds, on one thread. Without
--node the cells of TensorFlow.js stay empty. Also writes docs/formats.md. Requires the packages of
the extra `test`.

    GANZOO_HOME=FOLDER/home python benchmarks/quality/formats.py --node=FOLDER --imported

does so with what was imported there, such as all that benchmarks/imports/real.py imports; these are
larger, and get fewer inputs and rounds.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

import ganzoo  # noqa: E402
from ganzoo import zoo  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.errors import InputError  # noqa: E402
from ganzoo.inference import formats  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "formats.json"
PAGE = ROOT / "docs" / "formats.md"
COLUMNS = {  # of the table -> the format and the precision
    "ONNX": ("onnx", "float32"),
    "LiteRT": ("litert", "float32"),
    "LiteRT float16": ("litert", "float16"),
    "LiteRT int8": ("litert", "int8"),
    "TF.js": ("tfjs", "float32"),
}
NUM, ROUNDS = 8, 15  # random inputs, and rounds
LARGE = 2, 3  # the same for imported weights
HEAD = """# Exports: ONNX, LiteRT, TensorFlow.js

A trained generator, translator, classifier or sequence model is a SavedModel. For other runtimes,
of an entry, a run or what you imported:

```bash
ganzoo export dcgan_mnist --format=onnx --out=digits.onnx
ganzoo export dcgan_mnist --format=litert --precision=int8 --out=digits.tflite
ganzoo export dcgan_mnist --format=tfjs --out=digits_tfjs
```

```python
ganzoo.load_pretrained("dcgan_mnist").export("digits.onnx", format="onnx")
```

A file holds one function in float32, with its inputs and outputs by name: `latents`, and `labels`
if there are some, to `images` in [-1, 1]; of a translator `images` to `translations`, without its
dropout; of sequences one step, from `tokens` and states to `logits` and the next states. ONNX and
TensorFlow.js take batches of any size. LiteRT takes those of `--batch_size`, by default 1, and none
of its files needs TensorFlow's own operations (Flex). ONNX needs `pip install
'keras-ganzoo[onnx]'`; the others need nothing.

To run one:

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("digits.onnx")
(images,) = session.run(None, {"latents": np.random.randn(16, 64).astype("float32")})
```

## Every entry

Written by `python benchmarks/quality/formats.py`. The largest difference from the network's own
output, at the worst pixel of {num} random inputs; the size of the file; and the milliseconds that
one example takes on one thread, by ONNX Runtime, LiteRT's interpreter, and TensorFlow.js as
WebAssembly in node, on a machine that was training other entries: a rough guide. Images range from
-1 to 1, and one level of 8 bits is 0.008.

"""
IMPORTED = """
## Imported weights

The same of weights that others published, all that
[published_weights.md](published_weights.md#real-weights) imports, with {num} random inputs.

"""


def run_onnx(path: Path, given: dict, rounds: int, node) -> tuple[dict, float]:
    """Returns the outputs, and the milliseconds that one example takes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    names = [output.name for output in session.get_outputs()]
    first = {name: value[:1] for name, value in given.items()}
    found = dict(zip(names, session.run(None, given), strict=True))
    return found, median(lambda: session.run(None, first), rounds)


def run_litert(path: Path, given: dict, rounds: int, node) -> tuple[dict, float]:
    """See `run_onnx`; the file takes one example at a time."""
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(path), num_threads=1).get_signature_runner()
    num = len(next(iter(given.values())))
    rows = [run(**{name: value[i : i + 1] for name, value in given.items()}) for i in range(num)]
    found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    first = {name: value[:1] for name, value in given.items()}
    return found, median(lambda: run(**first), rounds)


def run_tfjs(path: Path, given: dict, rounds: int, node: Path) -> tuple[dict, float]:
    """See `run_onnx`; the script goes beside the package, where node looks for it."""
    script = node / "tfjs.mjs"
    script.write_text(Path(__file__).with_name("tfjs.mjs").read_text())
    answers = []
    for rows, times in [(slice(None), 1), (slice(1), rounds)]:
        told = {
            name: {"data": value[rows].ravel().tolist(), "shape": value[rows].shape,
                   "dtype": str(value.dtype)}
            for name, value in given.items()
        }  # fmt: skip
        (path / "inputs").write_text(json.dumps(told))
        command = ["node", script, path, path / "inputs", path / "outputs", str(times)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError(done.stderr.strip().splitlines()[-1])
        answers.append(json.loads((path / "outputs").read_text()))
    found = {name: np.array(values) for name, values in answers[0]["found"].items()}
    return found, answers[1]["milliseconds"]


RUN = {"onnx": run_onnx, "litert": run_litert, "tfjs": run_tfjs}


def median(function, rounds: int) -> float:
    """Returns the median of the milliseconds of some calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.median(times))


def measure(model, format: str, precision: str, node: Path | None, num: int, rounds: int) -> dict:
    """Returns what was measured of an entry in a format; why not, if it could not be."""
    portable = formats.Portable(model, None)
    given = portable.example(num)
    expected = {name: np.asarray(x) for name, x in portable(list(given.values())).items()}
    with tempfile.TemporaryDirectory() as folder:
        path = formats.path_of(str(Path(folder, "model")), format)
        try:
            model.export(path, precision, format=format)
            size = files.size(path)
            found, milliseconds = RUN[format](path, given, rounds, node)
        except InputError as error:
            return {"error": str(error)}
    difference = max(
        float(np.abs(found[name].reshape(value.shape) - value).max())
        for name, value in expected.items()
    )
    return {"difference": difference, "bytes": size, "milliseconds": milliseconds}


def digest(name: str) -> str:
    """Returns what tells the files of an entry from those that it had before."""
    listed = json.dumps(zoo.info(name)["files"], sort_keys=True)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def shown(row: dict | None) -> str:
    """Returns a cell of the table."""
    if row is None or "error" in row:
        return "" if row is None else f"none: {row['error']}"
    return f"{row['difference']:.0e}, {row['bytes'] / 1e6:.1f} MB, {row['milliseconds']:.3g} ms"


def table(results: dict) -> str:
    """Returns a table of rows, and in words the largest difference of a file in float32."""
    lines = [f"| name | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for name, row in sorted(results.items()):
        lines.append(f"| `{name}` | {' | '.join(shown(row.get(column)) for column in COLUMNS)} |")
    worst = max(
        (row[column]["difference"] for row in results.values()
         for column, (_, precision) in COLUMNS.items()
         if precision == "float32" and "difference" in row.get(column, {})), default=0.0,
    )  # fmt: skip
    return "\n".join(lines) + f"\n\nThe largest difference of a file in float32 is {worst:.0e}.\n"


def render(results: dict) -> str:
    """Returns the page."""
    own, others = (
        {name: row for name, row in results.items() if bool(row.get("imported")) is imported}
        for imported in (False, True)
    )
    page = HEAD.replace("{num}", str(NUM)) + table(own)
    return page + (IMPORTED.replace("{num}", str(LARGE[0])) + table(others) if others else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node", type=Path, help="the folder with node_modules/@tensorflow/tfjs")
    parser.add_argument("--entries", help="some of them, separated by commas; by default all")
    parser.add_argument("--imported", action="store_true", help="what was imported, instead")
    args = parser.parse_args()
    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    entries = ganzoo.list_pretrained()
    results = {k: row for k, row in results.items() if k in entries or row.get("imported")}
    names = zoo.list_imported() if args.imported else entries
    num, rounds = LARGE if args.imported else (NUM, ROUNDS)
    for name in args.entries.split(",") if args.entries else names:
        model, row = None, results.setdefault(name, {})
        if row.get("of") != digest(name):
            row.clear()  # other weights have its name now
            row |= {"of": digest(name)} | ({"imported": True} if args.imported else {})
        for column, (format, precision) in COLUMNS.items():
            if "difference" in row.get(column, {}) or (format == "tfjs" and not args.node):
                continue
            model = model or ganzoo.load_pretrained(name)
            row[column] = measure(model, format, precision, args.node, num, rounds)
            print(name, column, row[column], flush=True)
        files.write_text(PATH, json.dumps(results, indent=1, sort_keys=True) + "\n")
    files.write_text(PAGE, render(results))


if __name__ == "__main__":
    main()
