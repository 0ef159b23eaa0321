"""Writes docs/speed.md from what the scripts beside it measured."""

import json
import statistics
from pathlib import Path

from ganzoo.engine import files
from ganzoo.publishing.gallery import put

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- speed: written by benchmarks/speed/write_page.py -->", "<!-- end of speed -->"

HEAD = """# How fast it trains

Written by `benchmarks/speed/write_page.py` from what the scripts beside it measured, on {hardware};
there was no GPU.

## Images a second

`python benchmarks/speed/train_speed.py --torch_python=PYTHON`: DCGAN and others in batches of 64, each
form with the same layers, losses and updates, in turns. The loop is the step of `fit` without
`fit`; the tutorial is written as Keras' own tutorial of DCGAN is; PyTorch is eager, with channels
first or last, whichever is faster. The limit is that of the products and convolutions alone, at the
rate at which large matrices are multiplied here.
"""

RATIOS = """## Side by side

Medians of neighbours in time. What is sought stands on top; where less was measured, it is in
italics.
"""

SOUGHT = {  # what a column compares -> the least that is sought
    "`fit` to loop": 0.97,
    "to PyTorch, float32": 1.3,
    "to PyTorch, bfloat16": 1.2,
    "bfloat16 to PyTorch's float32": 1.8,
    "to the tutorial": 1.5,
}
KINDS = ("products", "normalisation", "rest")  # of step_profile.py

FIRST = """## The first step

`python train.py` is at its first step {seconds:.0f} s after it was called
(`python benchmarks/speed/start_up.py`). What each variant adds to that with its canonical networks, on 28
x 28 images, on a machine that was busy (`python benchmarks/speed/tracing.py`): it is built, TensorFlow
traces its step, optimizes the graph and prepares its operations. A step is traced once; it was
twice, as long as the running means of the logs were made in the function that is traced.
"""

BOUNDS = """## What bounds it

Of a step of DCGAN most is G's: its transposed convolutions have several times the operations of
D's. The rest of the way to the limit are passes over maps that do no products: normalisation,
rectifiers, casts, and the last convolution, whose one or three channels leave most of a vector
unused. Batch normalisation was the largest of them, and is a fused operation now
(`python benchmarks/speed/batch_norm.py`):
"""

PROFILE = """
Where a step's time goes (`python benchmarks/speed/step_profile.py --torch_python=PYTHON`), in
milliseconds by the profilers of both libraries: convolutions and products of matrices,
normalisation, and all else. The last column is how many times as fast as PyTorch a step would be of
whose time nothing but our convolutions and products were left. Those are oneDNN's in both
libraries, so where this is little more than the ratio that is sought, what is between them is not
what is missing.
"""

TRIED = """
What did not help: a transposed convolution as a convolution to four times the channels and a
shuffle of them, which takes longer in float32 and in bfloat16; and one pass of D over real, fake
and labelled images together, which gained the perceptrons of the semi-supervised GAN little.
"""

MEMORY = """## Memory

`python benchmarks/speed/train_memory.py --torch_python=PYTHON`: the peak of a process that trains, its
libraries included, in megabytes; PyTorch is eager, with channels last.
"""

WAITING = """## What a user waits for

`python benchmarks/speed/waiting.py`. The metrics are of 10,000 rows of 2,048 numbers against as many; the
network is that of `dcgan_fashion_mnist`, on batches of 250.
"""

GPU = """## On a GPU

Nothing here was run on one. What TensorFlow and Keras offer there, and where it is set:

- `--precision=auto`, the default, takes bfloat16 from compute capability 8.0 (A100, RTX 30) on, and
  float32 before. float16 is there as `--precision=mixed_float16`, with loss scaling, and is never
  chosen: GANs that are stable in bfloat16 overflow in it.
- `--steps_per_execution=10` or more, where a step takes a few milliseconds: Python is asked once in
  ten steps. It was measured on the CPU ([results](../benchmarks/results/fit_overhead.json)).
- `jit_compile=True` in `compile`: XLA fuses what stands between the convolutions. Keras turns it on
  by itself on a single GPU, and off under any strategy.
- Images stay (N, H, W, C), the layout that tensor cores want.
- Data: up to what fits into memory is held there once, as uint8, and a batch is one gather; batches
  are made ahead of the step, and become floats in it.
- Several GPUs: `--strategy=mirrored` ([distributed.md](distributed.md)).
"""


def read(name: str) -> dict:
    """Returns a script's results."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def best(row: dict, start: str) -> str | None:
    """Returns the fastest form whose name starts like this."""
    names = [name for name in row if name.startswith(start)]
    return max(names, key=row.get, default=None)


def ratio(case: dict, one: str | None, other: str | None) -> float | None:
    """Returns the median over rounds; None if a form was not measured."""
    rows = case["rounds"]
    if one not in rows[0] or other not in rows[0]:
        return None
    return statistics.median(row[one] / row[other] for row in rows)


def table(head: list[str], rows: list[list]) -> str:
    """Returns a table, its first column to the left."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def speeds(results: dict) -> str:
    """Returns the table of images a second."""
    forms = {
        "`fit`, float32": "fit float32", "loop": "loop float32", "tutorial": "tutorial",
        "PyTorch": "torch float32", "`fit`, bfloat16": "fit bfloat16", "loop ": "loop bfloat16",
        "PyTorch ": "torch bfloat16",
    }  # fmt: skip
    rows = []
    for name, case in results.items():
        found = case["images_per_second"]
        cells = [f"{found[form]:,.0f}" if (form := best(found, s)) else "" for s in forms.values()]
        limits = case.get("limit", {}).get("images_per_second", {})
        cells += [f"{limits[key]:,.0f}" if limits else "" for key in ("float32", "bfloat16")]
        rows.append([name, *cells])
    return table(["", *forms, "limit, float32", "limit, bfloat16"], rows)


def ratios(results: dict) -> str:
    """Returns the table of ratios."""
    rows = [["sought", *(f"{least}" for least in SOUGHT.values())]]
    for name, case in results.items():
        found = case["images_per_second"]
        torch = {key: best(found, f"torch {key}") for key in ("float32", "bfloat16")}
        values = [
            ratio(case, "fit float32", "loop float32"),
            ratio(case, "fit float32", torch["float32"]),
            ratio(case, "fit bfloat16", torch["bfloat16"]),
            ratio(case, "fit bfloat16", torch["float32"]),
            ratio(case, "fit float32", best(found, "tutorial")),
        ]
        cells = [
            "" if v is None else f"{v:.2f}" if v >= least else f"*{v:.2f}*"
            for v, least in zip(values, SOUGHT.values(), strict=True)
        ]
        rows.append([name, *cells])
    return table(["", *SOUGHT], rows)


def tracing() -> str:
    """Returns how long the first step of each variant takes."""
    found = {name: row for name, row in read("tracing").items() if name != "hardware"}
    keys = ("built", "traced", "until_first_step")
    rows = [
        [f"`{name}`", *(f"{row[key]:.1f}" for key in keys)]
        for name, row in sorted(found.items(), key=lambda item: -item[1]["until_first_step"])
    ]
    return (
        FIRST.format(seconds=read("start_up")["first_step_seconds"])
        + "\n"
        + table(["seconds", "built", "traced", "in `fit`, until the first step"], rows)
    )


def fused() -> str:
    """Returns the table of batch normalisation."""
    found = {name: row for name, row in read("batch_norm").items() if name != "hardware"}
    rows = [
        [name, *(f"{row['steps_per_second'][key]:.1f}" for key in ("keras", "fused")),
         f"{row['ratio']:.2f}"]
        for name, row in found.items()
    ]  # fmt: skip
    return table(["steps a second", "Keras' layer", "fused", "ratio"], rows)


def profile() -> str:
    """Returns the table of what a step's time goes to."""
    rows = []
    for name, case in read("step_profile").items():
        for precision in ("float32", "bfloat16"):
            sides = [case.get(f"{side} {precision}") for side in ("fit", "torch")]
            cells = [f"{side[kind]:.0f}" if side else "" for side in sides for kind in KINDS]
            most = f"{sum(sides[1].values()) / sides[0]['products']:.2f}" if sides[1] else ""
            rows.append([f"{name}, {precision}", *cells, most])
    return table(["", *KINDS, *(f"PyTorch's {kind}" for kind in KINDS), "at most"], rows)


def memory() -> str:
    """Returns the table of peaks."""
    found = {name: row for name, row in read("train_memory").items() if name != "hardware"}
    forms = {
        "`fit`, float32": "fit float32", "PyTorch": "torch float32",
        "`fit`, bfloat16": "fit bfloat16", "PyTorch ": "torch bfloat16",
    }  # fmt: skip
    rows = [
        [name, *(f"{row[key]:,.0f}" if key in row else "" for key in forms.values())]
        for name, row in found.items()
    ]
    return table(["", *forms], rows)


def waiting() -> str:
    """Returns what a user of the zoo waits for, beside what is sought."""
    found = read("waiting")
    spent, near, drawn = (found[key] for key in ("processes", "neighbours", "sampling"))
    sizes = found["sizes"]
    small = [f"`{name}` {ratio:.2f}" for name, ratio in sizes.items() if ratio > 1.2]
    rows = [
        ["`import ganzoo`, on top of TensorFlow's", f"{spent['import']:.2f} s", "0.3 s"],
        ["`ganzoo list`", f"{spent['list']:.2f} s", "1 s"],
        ["a SavedModel, up to its first image", f"{spent['load']:.2f} s", "3 s"],
        ["precision, recall, density, coverage", f"{near['seconds']:.1f} s", "10 s"],
        ["and their memory", f"{near['megabytes'] / 1024:.1f} GB", "2 GB"],
        *([f"`sample`, over {name}", f"{share:.2f}", "0.9"]
          for name, share in drawn["share_of"].items()),
    ]  # fmt: skip
    lines = table(["", "measured", "sought"], rows)
    return lines + (
        "\nA SavedModel is at most 1.2 times its weights, but for those that have many layers of "
        f"few weights:\n{', '.join(small)}.\n"
        if small else "\nEvery SavedModel is at most 1.2 times its weights.\n"
    )  # fmt: skip


def render() -> str:
    """Returns the page."""
    results = read("train_speed")
    hardware = next(iter(results.values()))["hardware"].removesuffix(", no GPU")
    sections = [
        HEAD.format(hardware=hardware), speeds(results), RATIOS, ratios(results), tracing(),
        BOUNDS, fused().rstrip() + "\n" + PROFILE, profile().rstrip() + "\n" + TRIED,
        MEMORY, memory(), WAITING, waiting(), GPU,
    ]  # fmt: skip
    return "\n".join(sections)


def main() -> None:
    files.write_text(PAGE, render())


if __name__ == "__main__":
    main()
