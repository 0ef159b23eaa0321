"""Writes docs/reliability.md and its figure from the results of the scripts that it names.

python benchmarks/reliability/write_page.py
"""

import json
from pathlib import Path

from matplotlib.figure import Figure

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "reliability.md"
PICTURE = PAGE.with_name("reliability_growth.png")

HEAD = """\
# Reliability

What the tests notice, injected faults, training on several devices, a training over hours, and how
speed and memory scale. `benchmarks/reliability/write_page.py` writes the tables from the results of
the scripts that are named in each section, measured on {hardware} without a GPU.
"""
WORDS = {
    "batch_size": "batch size", "width": "width", "image_size": "image size",
    "examples": "images in an archive", "folder": "images in a folder",
}  # fmt: skip


def read(name: str) -> dict:
    """Returns a file of results; empty if it does not exist."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f} MB"


def faults() -> str:
    results = read("faults")
    cases = sum(row["cases"] for row in results.values())
    lost = sum(len(row["lost"]) for row in results.values())
    lines = [
        "## Faults",
        "",
        "`python benchmarks/reliability/faults.py`: a fault is injected at a random moment or",
        "into a random byte, and the program is started again. A case has failed if this start",
        "does not work, if a resumed training does not end with exactly the weights of an",
        "undisturbed one, if a file is incomplete, if temporary files remain, or if a traceback",
        "is shown.",
        "",
        "| fault | cases | failed |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {row['what']} | {row['cases']} | {len(row['lost']) or 'none'} |"
        for row in results.values()
    ]
    lines.append(f"| total | {cases} | {lost or 'none'} |")
    lines += [
        "",
        "The tests run a few cases, and `pytest -m slow tests/test_faults.py` runs hundreds. The",
        "clock is set back for `time.time` and the times of files. Power failures were not",
        "tested: files are flushed to disk before they are renamed, but the folders of a",
        "SavedModel are not. Fuzzed input is tested in `tests/test_hostile.py`, killed workers in",
        "`tests/test_workers.py`.",
    ]
    return "\n".join(lines)


def replicas() -> str:
    results = read("replicas")
    lines = [
        "## Several devices on one machine",
        "",
        "`python benchmarks/reliability/replicas.py`: images per second in D's turns, with the",
        "same global batch size.",
        "",
        "| devices | variant | global batch | one device | all devices | ratio |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for count, row in results.items():
        for name, speed in row.get("speed", {}).items():
            lines.append(
                f"| {count} | `{name}` | {speed['batch']} | {speed['one']:,.0f} | "
                f"{speed['several']:,.0f} | {speed['ratio']:.2f} |"
            )
    lines += [
        "",
        "These are logical devices that share the same two cores: the ratio shows the overhead of",
        "distribution, and with four devices also that a quarter of a batch is too little work.",
    ]
    compared = [
        (count, name, bits)
        for count, row in results.items()
        for name, bits in row.get("bits", {}).items()
    ]
    if compared:
        different = [f"{name} on {count}" for count, name, bits in compared if bits["differ"]]
        steps = {bits["steps"] for *_, bits in compared}
        names = sorted({name for _, name, _ in compared})
        lines += [
            "",
            f"After {max(steps)} steps, all devices had bitwise identical weights, optimizer",
            f"states and averages in {len(compared) - len(different)} of {len(compared)}",
            f"trainings, with {' and '.join(results)} devices:",
            ", ".join(f"`{name}`" for name in names) + ".",
        ]
        if different:
            lines += ["", f"Different were: {', '.join(different)}."]
    return "\n".join(lines)


def soak() -> str:
    results = read("soak")
    memory, disk = results["memory"], results["disk"]
    rows = [
        ("memory", megabytes(memory["first"]), megabytes(memory["last"])),
        *((f"disk, {key}", *map(megabytes, values)) for key, values in disk.items()),
    ]
    low, high = results["open_files"]
    return "\n".join(
        [
            "## A long training",
            "",
            "`python benchmarks/reliability/soak.py`: training with metrics, sample images, logs",
            f"and a checkpoint after every epoch of 50 steps, for {results['hours']:.1f} hours:",
            f"{results['epochs']:,} epochs, {results['steps']:,} steps, {results['looks']:,}",
            "checks by the failure monitor.",
            "",
            "| | after a quarter | at the end |",
            "|---|---:|---:|",
            *(f"| {name} | {first} | {last} |" for name, first, last in rows),
            "",
            f"Memory changed by {memory['growth']:+.1%}; the target is less than +2 %.",
            f"Open files: {low} to {high}. Checkpoints kept: {results['checkpoints_kept']}; "
            f"sample images: {results['pictures']}.",
            "TensorBoard's event files grow with every epoch.",
        ]
    )


def growth() -> str:
    results = read("growth")
    lines = [
        "## Scaling of speed and memory",
        "",
        "`python benchmarks/reliability/growth.py`: one setting at a time is varied, starting",
        "from a DCGAN of width 32 on 28 x 28 images with batches of 64 in float32. Memory is the",
        "peak of the process.",
        "",
        "| | | images/s | memory |",
        "|---|---:|---:|---:|",
    ]
    for part in ("image_size", "width", "batch_size"):
        for value, row in results.get(part, {}).get("rows", {}).items():
            rate = f"{row['images_per_second']:,.0f}"
            lines.append(f"| {WORDS[part]} | {value} | {rate} | {megabytes(row['memory'])} |")
    lines += [
        "",
        f"![images per second against each setting]({PICTURE.name})",
        "",
        "Data only: the time to the first batch, and the increase of the peak memory over a",
        "hundred batches.",
        "",
        "| | | first batch after | memory |",
        "|---|---:|---:|---:|",
    ]
    for part in ("examples", "folder"):
        for value, row in results.get(part, {}).get("rows", {}).items():
            seconds = f"{row['seconds_to_first_batch']:.1f} s"
            cells = f"{WORDS[part]} | {int(value):,} | {seconds} | {megabytes(row['memory'])}"
            lines.append(f"| {cells} |")
    if largest := list(results.get("examples", {}).get("rows", {}).values())[-1:]:
        times = [largest[0][key] / largest[0]["bytes"] for key in ("held", "memory")]
        lines += [
            "",
            f"An archive takes {times[0]:.1f} times its size in memory, and {times[1]:.1f} times",
            "at the peak; the images of a folder are not held in memory.",
        ]
    return "\n".join(lines)


def plot(results: dict) -> None:
    """Plots images per second against each setting."""
    parts = [part for part in ("image_size", "width", "batch_size") if part in results]
    figure = Figure(figsize=(4 * len(parts), 3), layout="constrained")
    for axes, part in zip(figure.subplots(1, len(parts), squeeze=False)[0], parts, strict=True):
        rows = results[part]["rows"]
        axes.plot(
            [int(value) for value in rows],
            [row["images_per_second"] for row in rows.values()],
            marker="o",
        )
        axes.set(xscale="log", yscale="log", xlabel=WORDS[part], ylabel="images/s")
        axes.set_xticks([int(value) for value in rows], list(rows), minor=False)
        axes.set_xticks([], minor=True)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100, metadata={"Software": None})


def tests() -> str:
    terms, mutants = read("terms"), read("mutants")
    lines = [
        "## What the tests notice",
        "",
        "Code is changed on purpose, in one place at a time, and the tests run.",
        "",
        "| script in benchmarks/tests | changes | noticed | share |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| `{name}.py`: {found['what'].removesuffix(' that the tests notice')} | "
        f"{found['tried']:,} | {found['caught']:,} | {found['share']:.1%} |"
        for name, found in [("terms", terms), ("mutants", mutants)]
    ]
    lines += [
        "",
        f"{len(mutants['equivalent'])} further mutants change nothing that could be noticed; they "
        "are listed with",
        "the reason of each. Not noticed:",
        "",
        *(f"- `{line.partition(' ')[2]}`" for line in mutants["survivors"]),
    ]
    return "\n".join(lines)


SECTIONS = {
    "mutants": tests,
    "faults": faults,
    "replicas": replicas,
    "soak": soak,
    "growth": growth,
}


def render() -> str:
    """Returns the page, with the sections whose results are available."""
    hardware = read("soak").get("hardware", "?")
    sections = [HEAD.format(hardware=hardware.removesuffix(", no GPU")).rstrip()]
    sections += [make() for name, make in SECTIONS.items() if read(name)]
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    if read("growth"):
        plot(read("growth"))
    PAGE.write_text(render(), "utf-8")
