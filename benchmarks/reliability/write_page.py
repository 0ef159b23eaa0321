"""Writes docs/reliability.md and its picture from the results of the scripts that it names.

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
# What holds, and for how long

Faults that were tried, devices that were compared, a training that was watched for hours, and what
grows with what. Each table is written by `benchmarks/reliability/write_page.py` from what the script
beside it measured, on {hardware}; there was no GPU.
"""
WORDS = {
    "batch_size": "batch", "width": "width", "image_size": "image side",
    "examples": "images in an archive", "folder": "pictures in a folder",
}  # fmt: skip


def read(name: str) -> dict:
    """Returns a file of results; nothing if it is not there."""
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
        "`python benchmarks/reliability/faults.py`: each case is at a random moment, or of a random byte, and",
        "the program is started again. Lost is a case in which that start does not work, a",
        "training does not end with the bits of one that nothing happened to, a file under its",
        "final name is not whole, something is left lying about, or a traceback is shown.",
        "",
        "| what happens | cases | lost |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {row['what']} | {row['cases']} | {len(row['lost']) or 'none'} |"
        for row in results.values()
    ]
    lines.append(f"| all | {cases} | {lost or 'none'} |")
    lines += [
        "",
        "A few run with the tests, hundreds with `pytest -m slow tests/test_faults.py`. A clock",
        "that goes back is `time.time` and the times of files. No power was cut: files are",
        "flushed before they are renamed, folders of a SavedModel are not. Input under fuzzing is",
        "`tests/test_hostile.py`; workers that are killed, `tests/test_workers.py`.",
    ]
    return "\n".join(lines)


def replicas() -> str:
    results = read("replicas")
    lines = [
        "## Several devices of one machine",
        "",
        "`python benchmarks/reliability/replicas.py`: `fit` at the same global batch, images/s of D's turns.",
        "",
        "| devices | variant | global batch | one device | these | ratio |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for count, row in results.items():
        for name, found in row.get("speed", {}).items():
            lines.append(
                f"| {count} | `{name}` | {found['batch']} | {found['one']:,.0f} | "
                f"{found['several']:,.0f} | {found['ratio']:.2f} |"
            )
    lines += [
        "",
        "The devices are logical ones of the same two cores: what the ratio shows is what sharing",
        "out costs, and on four of them also that a quarter of a batch is little work.",
    ]
    compared = [
        (count, name, found)
        for count, row in results.items()
        for name, found in row.get("bits", {}).items()
    ]
    if compared:
        apart = [f"{name} on {count}" for count, name, found in compared if found["differ"]]
        steps = {found["steps"] for *_, found in compared}
        names = sorted({name for _, name, _ in compared})
        lines += [
            "",
            f"After {max(steps)} steps the devices' copies of all weights, optimizers and averages",
            f"were the same bit for bit in {len(compared) - len(apart)} of {len(compared)} "
            f"trainings, on {' and '.join(results)} devices, of",
            ", ".join(f"`{name}`" for name in names) + ".",
        ]
        if apart:
            lines += ["", f"Apart were: {', '.join(apart)}."]
    return "\n".join(lines)


def soak() -> str:
    found = read("soak")
    memory, disk = found["memory"], found["disk"]
    rows = [
        ("memory", megabytes(memory["first"]), megabytes(memory["last"])),
        *((f"disk, {key}", *map(megabytes, values)) for key, values in disk.items()),
    ]
    low, high = found["open_files"]
    return "\n".join(
        [
            "## A long training",
            "",
            "`python benchmarks/reliability/soak.py`: epochs of 50 steps, each with measures, picture, logs",
            f"and checkpoint, for {found['hours']:.1f} hours: {found['epochs']:,} epochs, "
            f"{found['steps']:,} steps, {found['looks']:,} looks.",
            "",
            "| | after a quarter | at the end |",
            "|---|---:|---:|",
            *(f"| {name} | {first} | {last} |" for name, first, last in rows),
            "",
            f"Memory changed by {memory['growth']:+.1%}; less than +2 % is sought.",
            f"Open files: {low} to {high}. Checkpoints kept: {found['checkpoints_kept']}; "
            f"pictures: {found['pictures']}.",
            "TensorBoard's events grow with every epoch.",
        ]
    )


def growth() -> str:
    results = read("growth")
    lines = [
        "## What grows with what",
        "",
        "`python benchmarks/reliability/growth.py`: one thing at a time departs from DCGAN of width 32 on 28 x",
        "28 images in batches of 64, in float32. Memory is the peak of the process.",
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
        f"![images/s against what grows]({PICTURE.name})",
        "",
        "Data alone: what the process holds more at its peak, in a hundred batches, than before.",
        "",
        "| | | to the first batch | memory |",
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
            f"An archive is held in memory {times[0]:.1f} times over, {times[1]:.1f} at the peak;",
            "the pictures of a folder are not.",
        ]
    return "\n".join(lines)


def plot(results: dict) -> None:
    """Draws images a second against what grows."""
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


SECTIONS = {"faults": faults, "replicas": replicas, "soak": soak, "growth": growth}


def render() -> str:
    """Returns the page: the sections whose results there are."""
    hardware = read("soak").get("hardware", "?")
    found = [HEAD.format(hardware=hardware.removesuffix(", no GPU")).rstrip()]
    found += [make() for name, make in SECTIONS.items() if read(name)]
    return "\n\n".join(found) + "\n"


if __name__ == "__main__":
    if read("growth"):
        plot(read("growth"))
    PAGE.write_text(render(), "utf-8")
