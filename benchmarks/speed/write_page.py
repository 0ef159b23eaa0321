"""Writes docs/speed.md from the results of the scripts in this folder."""

import json
import statistics
from pathlib import Path

from ganzoo.engine import files

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "speed.md"

HEAD = """# Training speed

Written by `benchmarks/speed/write_page.py` from the results of the scripts that are named in each
section, measured on {hardware} without a GPU.

## Images per second

`python benchmarks/speed/train_speed.py --torch_python=PYTHON`: DCGAN and other models with batches
of 64. All implementations have the same layers, losses and updates, and are measured in turns.
"Loop" calls the train step of `fit` in a plain loop; "tutorial" is written like Keras' DCGAN
tutorial; PyTorch runs eagerly, with channels first or last, whichever is faster. The limit is the
time of the matrix products and convolutions alone, at the speed at which this machine multiplies
large matrices.
"""

RATIOS = """## Ratios

Medians of the ratios of measurements that directly followed each other. The first row has the
targets; ratios below their target are in italics.
"""

TARGETS = {  # what a column compares -> the target
    "`fit` to loop": 0.97,
    "to PyTorch, float32": 1.3,
    "to PyTorch, bfloat16": 1.2,
    "bfloat16 to PyTorch's float32": 1.8,
    "to the tutorial": 1.5,
}
KINDS = ("products", "normalisation", "rest")  # keys of step_profile.py
KIND_NAMES = ("products", "normalization", "rest")

FIRST = """## The first step

`python train.py` reaches its first step {seconds:.0f} s after it was started
(`python benchmarks/speed/start_up.py`). The table shows what each variant adds to that, with its
canonical networks on 28 x 28 images, on a busy machine (`python benchmarks/speed/tracing.py`): its
networks are built, and TensorFlow traces the train step, optimizes the graph and prepares its
operations. The step is traced only once.
"""

BOUNDS = """## What limits the speed

Most of the time of a DCGAN step is spent in G, whose transposed convolutions have several times as
many operations as D's convolutions. The rest of the gap to the limit is memory traffic:
normalization, activations, casts, and the last convolution, whose one or three channels leave most
of a vector register unused. Batch normalization was the largest part, and is now a fused operation
(`python benchmarks/speed/batch_norm.py`):
"""

PROFILE = """
The time of a step in milliseconds (`python benchmarks/speed/step_profile.py
--torch_python=PYTHON`), from the profilers of both libraries: convolutions and matrix products
("products"), normalization, and everything else. The last column is an upper bound of the ratio to
PyTorch: that of a step that consists only of our convolutions and products. Both libraries use
oneDNN for these. So where this bound is hardly above the target, removing other operations would
not reach it.
"""

TRIED = """
What did not help: replacing a transposed convolution by a convolution to four times the channels
and a pixel shuffle, which is slower in float32 and in bfloat16; and one pass of D over real, fake
and labeled images together, which made the perceptrons of the semi-supervised GAN hardly faster.
"""

MEMORY = """## Memory

`python benchmarks/speed/train_memory.py --torch_python=PYTHON`: peak memory of the training process
in megabytes, including the libraries, in float32; PyTorch runs eagerly, with channels last. Both
repeat one batch of 64 images, so that no data set is held. What TensorFlow needs to be imported is
more than all that PyTorch needs for a small network, and a bound for the ratio: hence the last
column.
"""

WAITING = """## Other waiting times

`python benchmarks/speed/waiting.py`. The metrics compare two sets of 10,000 feature vectors of
dimension 2,048. The ratios are between the time of the network of `dcgan_fashion_mnist` alone, on
batches of 250, and that of `sample`. Projection is that of one image into
`distilled_drawn_progan_faces`.
"""

GPU = """## Under JAX, as on a GPU

`python benchmarks/speed/gpu.py --torch_python=PYTHON` is one command, for a machine with JAX: data
on the device, {chunk} steps without returning to Python, and buffers that are donated. Operations
are those that XLA counts; the share is that of the speed at which the device multiplies large
matrices in the same precision; PyTorch compiles its networks on a GPU. {measured} Networks of width
{width}, batches of {batch}.

"""

OPTIONS = """\
## On a GPU

Options of TensorFlow and Keras that matter on one:

- `--precision=auto`, the default, uses bfloat16 from compute capability 8.0 (A100, RTX 30) on, and
  float32 below. float16 is available as `--precision=mixed_float16`, with loss scaling, but it is
  never chosen automatically: GANs that are stable in bfloat16 may overflow in float16.
- `--steps_per_execution=10` or more, if a step takes a few milliseconds: Python is then involved
  only once in ten steps. This was measured on a CPU
  ([results](../benchmarks/results/fit_overhead.json)).
- `jit_compile=True` in `compile`: XLA fuses the operations between the convolutions. By default,
  Keras enables it on a single GPU and disables it under any strategy.
- Images have the layout (N, H, W, C), which tensor cores prefer.
- Data sets that fit into memory are held there as uint8, and a batch is a single gather operation.
  Batches are prepared ahead of the step, which converts them to floats.
- Several GPUs: `--strategy=mirrored` ([distributed.md](distributed.md)).
"""


NO_GPU = (
    "Nothing was measured on a GPU: these figures are of a CPU, of small networks, and only show "
    "that the command works."
)


def read(name: str) -> dict:
    """Returns the results of a script."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def best(row: dict, start: str) -> str | None:
    """Returns the name of the fastest implementation whose name starts with `start`."""
    names = [name for name in row if name.startswith(start)]
    return max(names, key=row.get, default=None)


def ratio(case: dict, first: str | None, second: str | None) -> float | None:
    """Returns the median ratio over rounds; None if an implementation was not measured."""
    rows = case["rounds"]
    if first not in rows[0] or second not in rows[0]:
        return None
    return statistics.median(row[first] / row[second] for row in rows)


def label(name: str) -> str:
    """Returns the name of a case in the results as the page spells it."""
    return name.replace("grey", "gray").replace("colour", "color")


def table(head: list[str], rows: list[list]) -> str:
    """Returns a table whose first column is left-aligned."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def speeds(results: dict) -> str:
    """Returns the table of images per second."""
    forms = {
        "`fit`, float32": "fit float32", "loop": "loop float32", "tutorial": "tutorial",
        "PyTorch": "torch float32", "`fit`, bfloat16": "fit bfloat16", "loop ": "loop bfloat16",
        "PyTorch ": "torch bfloat16",
    }  # fmt: skip
    rows = []
    for name, case in results.items():
        rates = case["images_per_second"]
        cells = [f"{rates[form]:,.0f}" if (form := best(rates, s)) else "" for s in forms.values()]
        limits = case.get("limit", {}).get("images_per_second", {})
        cells += [f"{limits[key]:,.0f}" if limits else "" for key in ("float32", "bfloat16")]
        rows.append([label(name), *cells])
    return table(["", *forms, "limit, float32", "limit, bfloat16"], rows)


def ratios(results: dict) -> str:
    """Returns the table of ratios."""
    rows = [["target", *(f"{target}" for target in TARGETS.values())]]
    for name, case in results.items():
        rates = case["images_per_second"]
        torch = {key: best(rates, f"torch {key}") for key in ("float32", "bfloat16")}
        values = [
            ratio(case, "fit float32", "loop float32"),
            ratio(case, "fit float32", torch["float32"]),
            ratio(case, "fit bfloat16", torch["bfloat16"]),
            ratio(case, "fit bfloat16", torch["float32"]),
            ratio(case, "fit float32", best(rates, "tutorial")),
        ]
        cells = [
            "" if v is None else f"{v:.2f}" if v >= target else f"*{v:.2f}*"
            for v, target in zip(values, TARGETS.values(), strict=True)
        ]
        rows.append([label(name), *cells])
    return table(["", *TARGETS], rows)


def tracing() -> str:
    """Returns the section on the time of the first step."""
    results = {name: row for name, row in read("tracing").items() if name != "hardware"}
    keys = ("built", "traced", "until_first_step")
    rows = [
        [f"`{name}`", *(f"{row[key]:.1f}" for key in keys)]
        for name, row in sorted(results.items(), key=lambda item: -item[1]["until_first_step"])
    ]
    return (
        FIRST.format(seconds=read("start_up")["first_step_seconds"])
        + "\n"
        + table(["seconds", "build", "trace", "`fit` until the first step"], rows)
    )


def fused() -> str:
    """Returns the table of batch normalization."""
    results = {name: row for name, row in read("batch_norm").items() if name != "hardware"}
    rows = [
        [label(name), *(f"{row['steps_per_second'][key]:.1f}" for key in ("keras", "fused")),
         f"{row['ratio']:.2f}"]
        for name, row in results.items()
    ]  # fmt: skip
    return table(["steps per second", "Keras' layer", "fused", "ratio"], rows)


def profile() -> str:
    """Returns the table of the profile of a step."""
    rows = []
    for name, case in read("step_profile").items():
        for precision in ("float32", "bfloat16"):
            sides = [case.get(f"{side} {precision}") for side in ("fit", "torch")]
            cells = [f"{side[kind]:.0f}" if side else "" for side in sides for kind in KINDS]
            bound = f"{sum(sides[1].values()) / sides[0]['products']:.2f}" if sides[1] else ""
            rows.append([f"{label(name)}, {precision}", *cells, bound])
    return table(["", *KIND_NAMES, *(f"PyTorch: {kind}" for kind in KIND_NAMES), "bound"], rows)


def memory() -> str:
    """Returns the table of peak memory."""
    results = {name: row for name, row in read("train_memory").items() if name != "hardware"}
    alone = results["the libraries, imported"]
    rows = []
    for name, row in results.items():
        ratios = ["", ""]
        if "torch" in row:
            ratios[0] = f"{row['fit'] / row['torch']:.2f}"
        if "torch" in row and row is not alone:
            more = {key: row[key] - alone[key] for key in row}
            ratios[1] = f"{more['fit'] / more['torch']:.2f}"
        figures = [f"{row[key]:,.0f}" if key in row else "" for key in ("fit", "torch")]
        rows.append([label(name), *figures, *ratios])
    return table(["", "`fit`", "PyTorch", "ratio", "ratio without the libraries"], rows)


def gpu() -> str:
    """Returns the section on the JAX backend."""
    results = read("gpu")
    device = results["device"]
    measured = NO_GPU if device == "cpu" else f"Measured on {device}."
    rows = [
        [
            name,
            f"{row['images_per_second']:,.0f}",
            f"{row['torch']:,.0f}" if row.get("torch") else "",
            f"{row['share']:.0%}",
            f"{row['compiled']:.0f}",
        ]
        for name, row in results["cases"].items()
    ]
    head = ["", "images per second", "PyTorch", "share of the peak", "seconds to compile"]
    return GPU.format(measured=measured, **results) + table(head, rows)


def waiting() -> str:
    """Returns the table of other waiting times and their targets."""
    results = read("waiting")
    processes, prdc, sampling = (results[key] for key in ("processes", "neighbours", "sampling"))
    sizes, project = results["sizes"], results["projection"]
    drawn = results["files"]["drawn"]
    written = results["files"]["written"] - drawn
    larger = [f"`{name}` {ratio:.2f}" for name, ratio in sizes.items() if ratio > 1.2]
    rows = [
        ["`import ganzoo`, in addition to TensorFlow", f"{processes['import']:.2f} s", "0.3 s"],
        ["`ganzoo list`", f"{processes['list']:.2f} s", "1 s"],
        ["loading a SavedModel and sampling an image", f"{processes['load']:.2f} s", "3 s"],
        ["precision, recall, density, coverage", f"{prdc['seconds']:.1f} s", "10 s"],
        ["their memory", f"{prdc['megabytes'] / 1024:.1f} GB", "2 GB"],
        *([f"`sample`, compared with {name}", f"{share:.2f}", "0.9"]
          for name, share in sampling["share_of"].items()),
        ["1,000 images written to a folder, after drawing them", f"{written:.1f} s",
         f"{drawn:.1f} s, as drawing"],
        ["projection of an image of 64 pixels, 300 steps", f"{project['seconds']:.0f} s", "120 s"],
    ]  # fmt: skip
    lines = table(["", "measured", "target"], rows)
    return lines + (
        "\nThe size of an entry is at most 1.2 times that of its generator's weights in float32, "
        "except for those with\nmany layers of few weights and those that keep a critic or a "
        f"second network: {', '.join(larger)}.\n"
        if larger else
        "\nThe size of an entry is at most 1.2 times that of its generator's weights in float32.\n"
    )  # fmt: skip


def render() -> str:
    """Returns the page."""
    results = read("train_speed")
    hardware = next(iter(results.values()))["hardware"].removesuffix(", no GPU")
    sections = [
        HEAD.format(hardware=hardware), speeds(results), RATIOS, ratios(results), tracing(),
        BOUNDS, fused().rstrip() + "\n" + PROFILE, profile().rstrip() + "\n" + TRIED,
        MEMORY, memory(), WAITING, waiting(), gpu(), OPTIONS,
    ]  # fmt: skip
    return "\n".join(sections)


def main() -> None:
    files.write_text(PAGE, render())


if __name__ == "__main__":
    main()
