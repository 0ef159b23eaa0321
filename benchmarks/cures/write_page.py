"""Writes docs/cures.md and its heat map, and what the failure monitor advises, from cures.json.

    python benchmarks/cures/write_page.py

`cells.py` says how the statistics are computed.
"""

import json
import math
import statistics
from pathlib import Path

import alarms
import cells
import cured_runs
import cures
import heat_map
import lessons
import matrix
import patients
from cells import number, title

from ganzoo.callbacks import diagnosis
from ganzoo.engine import files

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "cures.md"
PICTURES = ROOT / "docs" / "cures"
SPEED = matrix.RESULTS.with_name("cures_speed.json")
ADVICE = ROOT / "ganzoo" / "callbacks" / "cures.json"

HEAD = """\
# Which trick cures which failure?

Tricks are cures: on a GAN that is well they do little
([experiments/tricks.md](experiments/tricks.md)). Here {patients} set-ups that fail are treated with
each of {cures} tricks, one at a time: {games:,} games. Each set-up is a recipe in
`benchmarks/cures/patients/`, so `ganzoo train --recipe=FILE` shows the failure, and every trick is
one change of a recipe.

A game has **recovered** if it is good at each of the last five of twenty looks at its samples, so
that one which only passes a good state does not count. The games of a cell differ in the seed.

    python benchmarks/cures/matrix.py                                          # the missing cells
    python benchmarks/cures/matrix.py --cell=rotating_modes:unrolled --seed=3  # a single game
    python benchmarks/cures/write_page.py

![Games untreated, and with the trick that helps most](cures/patients.png)

The first row is what a game of each set-up ends with, the second with the trick that helps most
(`python benchmarks/cures/pictures.py`).

![Share of games that recovered, by trick and failure](cures/matrix.png)

The color is the share of games that recovered; the number is the ratio of the median distance to
the data to that of the untreated set-up: below 1 is better, red is worse. A dot marks cells whose
distances do not differ from the untreated ones at a false discovery rate of 5 % over all cells.
Gray: the set-up has the trick already, or it does not fit{missing}.
"""


def section(patient: str, found: dict, results: dict) -> str:
    """Returns the part of the page about a patient."""
    about, own = patients.PATIENTS[patient], cells.best_first(found, patient)
    untreated = results[f"{patient}:{matrix.UNTREATED}"]
    failed = sum(not well for well in matrix.outcomes(patient, untreated))
    words = {"<=": "at most", ">=": "at least"}
    healthy = ", ".join(
        f"{measure} {words[check]} {bound:g}" for measure, (check, bound) in about.cured.items()
    )
    lines = [
        f"## {patient.replace('_', ' ')}",
        "",
        f"{about.title[0].upper()}{about.title[1:]}.",
        f"Untreated, {failed} of {len(untreated['distance'])} games fail.",
        f"Recovered: {healthy}. `benchmarks/cures/patients/{patient}.toml`.",
        "",
        *(line for text in lessons.of(patient, found) for line in (text, "")),
        "| trick | recovered | 95 % interval | ratio of distances | 95 % interval |",
        "|---|---:|---:|---:|---:|",
        *(cell.row() for cell in own[: cells.BEST]),
        "",
    ]
    cured = [cell for cell in own if cell.recovered]
    if len(cured) > cells.BEST:
        rest = ", ".join(f"{title(x.cure)} ({x.recovered})" for x in cured[cells.BEST :])
        lines += [f"Games also recovered with: {rest}.", ""]
    if not cured:
        lines += ["No trick by itself makes a single game recover.", ""]
    if pairs := cells.best_first(found, patient, pairs=True):
        lines += ["| pair of the best three | recovered | 95 % interval | ratio of distances "
                  "| 95 % interval |", "|---|---:|---:|---:|---:|"]  # fmt: skip
        lines += [*(cell.row() for cell in pairs), ""]
    if harmful := [title(cell.cure) for cell in own if cell.harms]:
        lines += [f"Worse than no treatment: {', '.join(harmful)}.", ""]
    return "\n".join(lines)


def taught(found: dict) -> str:
    """Returns what all rows together teach."""
    return "\n".join(["## What it teaches", "", *(f"- {x}" for x in lessons.of("", found)), ""])


def folklore(found: dict) -> str:
    """Returns a table of how often each trick helps and harms."""
    lines = [
        "## Trick by trick",
        "",
        "In how many of the failures a trick lets most games recover, brings the samples nearer to",
        "the data, or drives them away (both beyond chance).",
        "",
        "| trick | failures | most recover | nearer | farther | median ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows = []
    for cure in cures.CURES:
        if own := cells.of_cure(found, cure):
            counts = [sum(x.share > 0.5 for x in own), sum(x.helps for x in own)]
            ratios = [cell.ratio for cell in own if not math.isnan(cell.ratio)]
            ratio = statistics.median(ratios) if ratios else math.nan
            rows.append((*counts, sum(x.harms for x in own), len(own), ratio, title(cure)))
    for most, nearer, farther, count, ratio, name in sorted(
        rows, key=lambda row: (-row[0] / row[3], -row[1] / row[3], row[4])
    ):
        lines.append(f"| {name} | {count} | {most} | {nearer} | {farther} | {number(ratio)} |")
    return "\n".join(lines) + "\n"


def render() -> str:
    """Returns the page."""
    results = matrix.read()
    return page(results, cells.played(results))


def page(results: dict, found: dict) -> str:
    """Returns the page on results and their cells."""
    games = sum(len(row["distance"]) for row in results.values() if "empty" not in row)
    rows = {key[0] for key in found}
    absent = sum(f"{row}:{cure}" not in results for row in rows for cure in cures.CURES)
    head = HEAD.format(
        patients=len(rows), games=games,
        cures=len({cell.cure for cell in found.values() if not cell.is_pair}),
        missing=f"; {absent} of the cells were not played yet" if absent else "",
    )  # fmt: skip
    parts = [section(name, found, results) for name in patients.PATIENTS if any(
        key[0] == name for key in found
    )]  # fmt: skip
    head += speed(json.loads(SPEED.read_text())["microseconds"], results)
    middle = [
        taught(found), advised(cells.advice(found, results)), applied(cured_runs.read()),
        alarms.table(results), folklore(found),
    ]  # fmt: skip
    return "\n".join([head, *filter(None, middle), *parts])


def speed(microseconds: dict, results: dict) -> str:
    """Returns what it costs to play many games at once."""
    one, twelve, many, fit = (microseconds[key] for key in ("1", "12", "32", "fit"))
    played = {row["recipe"]: row["seconds"] for row in results.values() if "seconds" in row}
    hours = sum(played.values()) / 3600
    return (
        "\nAll seeds of a cell are played in one compiled step "
        "(`python benchmarks/cures/speed.py`):\n"
        f"a step of 32 games at once takes {many:,.0f} "
        f"microseconds, {many / one:.1f} times one alone and {many / fit:.1f} times that of one "
        f"game by `fit`; {1e6 / (twelve / 12):,.0f} steps of a game a\nsecond, in batches of "
        f"twelve games. The cells took {hours:.1f} core-hours.\n"
    )


def applied(runs: dict) -> str:
    """Returns a table of the runs that the failure monitor cured; empty if there are none."""
    if not runs:
        return ""
    lines = [
        "## What it is worth to take the advice",
        "",
        "`python benchmarks/cures/cured_runs.py`: the set-ups with seeds that the matrix does not",
        "have, trained by `ganzoo train`, as they are and with `--on_failure=cure`, which goes on",
        "from the best checkpoint before the alarm. Distances are those of the best checkpoint.",
        "The cures were chosen by the cells of the matrix that were known when the run was made.",
        "",
        "| set-up | seed | distance | with `cure` | what was changed, after which alarm |",
        "|---|---:|---:|---:|---|",
    ]
    for name in patients.PATIENTS:
        for seed in cured_runs.SEEDS:
            pair = [runs.get(f"{name}:{seed}:{way}") for way in ("warn", "cure")]
            if all(pair):
                ends = [
                    "not a number" if run["distance"] is None else f"{run['distance']:.3f}"
                    + (" (recovered)" if patients.recovered(name, run) else "")
                    for run in pair
                ]  # fmt: skip
                words = "; ".join(
                    f"{cure['title']}, {cure['failure'].replace('_', ' ')} at {cure['step']}"
                    for cure in pair[1]["cures"]
                )
                row = [name.replace("_", " "), str(seed), *ends, words or "no alarm"]
                lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def advised(table: dict) -> str:
    """Returns a table of what the failure monitor advises."""
    lines = [
        "## What the failure monitor advises",
        "",
        "For each [alarm](guide.md) the tricks that let most games recover, of the set-ups that",
        "fail so, or of which the monitor says so. `--on_failure=cure` takes the first one that",
        "fits.",
        "",
        "| alarm | tricks, with the games that recovered |",
        "|---|---|",
    ]
    for failure, rows in table.items():
        words = "; ".join(f"{row['title']} ({row['recovered']} of {row['of']})" for row in rows)
        lines.append(f"| {diagnosis.FAILURES[failure].title} | {words} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    results = matrix.read()
    found = cells.played(results)
    PICTURES.mkdir(exist_ok=True)
    with files.replacing(PICTURES / "matrix.png", ".png") as temporary:
        heat_map.figure(found).savefig(temporary)
    files.write_text(PAGE, page(results, found))
    files.write_text(ADVICE, json.dumps(cells.advice(found, results), indent=1) + "\n")


if __name__ == "__main__":
    main()


if __name__ == "__main__":
    main()
