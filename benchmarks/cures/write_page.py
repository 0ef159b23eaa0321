"""Writes docs/cures.md and its heat map, and what the failure monitor advises, from cures.json.

    python benchmarks/cures/write_page.py

The ratio of distances is that of the medians over seeds, with a bootstrap interval over seeds. A
cure helps, or harms, if the distances differ from those of the untreated patient by the test of
Mann and Whitney (1947), at a false discovery rate of 5 % over all cells of the matrix (Benjamini
and Hochberg, 1995). The interval of a share is that of Wilson (1927).
"""

import json
import math
import statistics
from pathlib import Path

import cured_runs
import cures
import matrix
import numpy as np
import patients
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from scipy import stats

from ganzoo.callbacks import diagnosis
from ganzoo.engine import files

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "cures.md"
PICTURES = ROOT / "docs" / "cures"
SPEED = matrix.RESULTS.with_name("cures_speed.json")
ADVICE = ROOT / "ganzoo" / "callbacks" / "cures.json"
LEVEL = 0.05  # of the false discovery rate
BEST = 6  # cures that are listed for a patient, or advised for a failure
COLORS = LinearSegmentedColormap.from_list("cures", ["#f4f1ea", "#9ccfb4", "#1b7f5c"])

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


class Cell:
    """A cell of the matrix, against the untreated patient.

    Args:
        patient: Name of the patient.
        cure: Name of the cure.
        found: The cell's results.
        untreated: The results of the untreated patient.
    """

    def __init__(self, patient: str, cure: str, found: dict, untreated: dict):
        self.patient, self.cure = patient, cure
        self.recovered = sum(matrix.outcomes(patient, found))
        self.count = len(found["distance"])
        own, other = (
            np.array([math.inf if x is None else x for x in row["distance"]])
            for row in (found, untreated)
        )
        self.ratio = _ratio(np.median(own), np.median(other))
        self.interval = _bootstrap(own, other)
        test = stats.mannwhitneyu(own, other, method="asymptotic")
        self.p = 1.0 if math.isnan(test.pvalue) else float(test.pvalue)
        self.better = float(test.statistic) < len(own) * len(other) / 2
        self.differs = False  # until all cells are known

    @property
    def share(self) -> float:
        """Share of the games that recovered."""
        return self.recovered / self.count

    @property
    def helps(self) -> bool:
        """Whether the distances are smaller than the untreated ones, beyond chance."""
        return self.differs and self.better

    @property
    def harms(self) -> bool:
        """Whether the distances are larger than the untreated ones, beyond chance."""
        return self.differs and not self.better

    def row(self) -> str:
        """Returns the cell as a row of a Markdown table."""
        low, high = stats.binomtest(self.recovered, self.count).proportion_ci(method="wilson")
        return (
            f"| {title(self.cure)} | {self.recovered} of {self.count} | {low:.0%} to {high:.0%} | "
            f"{number(self.ratio)} | {number(self.interval[0])} to {number(self.interval[1])} |"
        )


def _ratio(own: float, other: float) -> float:
    return math.nan if math.isinf(own) and math.isinf(other) else float(own / other)


def _bootstrap(own, other, times: int = 2000) -> tuple[float, float]:
    """Returns the 95 % interval of the ratio of the medians, over resampled seeds."""
    rng = np.random.default_rng(0)
    medians = [
        np.median(values[rng.integers(0, len(values), (times, len(values)))], axis=1)
        for values in (own, other)
    ]
    draws = [_ratio(*pair) for pair in zip(*medians, strict=True)]
    draws = [draw for draw in draws if not math.isnan(draw)] or [math.nan]
    low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def number(value: float) -> str:
    """Returns a ratio as text."""
    if math.isnan(value):
        return "-"
    if math.isinf(value) or value >= 1000:
        return "> 1,000"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def title(cure: str) -> str:
    """Returns what a cure is called."""
    return cures.CURES[cure].title


def cells(results: dict) -> dict[tuple[str, str], Cell]:
    """Returns the cells of the matrix that were played, by patient and cure."""
    found = {}
    for patient in patients.PATIENTS:
        untreated = results.get(f"{patient}:{matrix.UNTREATED}")
        for cure in cures.CURES:
            row = results.get(f"{patient}:{cure}")
            if untreated and row and "empty" not in row:
                found[patient, cure] = Cell(patient, cure, row, untreated)
    adjusted = stats.false_discovery_control([cell.p for cell in found.values()])
    for cell, p in zip(found.values(), adjusted, strict=True):
        cell.differs = bool(p < LEVEL)
    return found


def best_first(found: dict, patient: str) -> list[Cell]:
    """Returns the cells of a patient, the most successful cure first."""
    own = [cell for cell in found.values() if cell.patient == patient]
    return sorted(own, key=lambda cell: (-cell.share, cell.ratio))


def section(patient: str, found: dict, results: dict) -> str:
    """Returns the part of the page about a patient."""
    about, own = patients.PATIENTS[patient], best_first(found, patient)
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
        "| trick | recovered | 95 % interval | ratio of distances | 95 % interval |",
        "|---|---:|---:|---:|---:|",
        *(cell.row() for cell in own[:BEST]),
        "",
    ]
    cured = [cell for cell in own if cell.recovered]
    if len(cured) > BEST:
        rest = ", ".join(f"{title(x.cure)} ({x.recovered})" for x in cured[BEST:])
        lines += [f"Games also recovered with: {rest}.", ""]
    if not cured:
        lines += ["No trick by itself makes a single game recover.", ""]
    if harmful := [title(cell.cure) for cell in own if cell.harms]:
        lines += [f"Worse than no treatment: {', '.join(harmful)}.", ""]
    return "\n".join(lines)


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
        own = [cell for cell in found.values() if cell.cure == cure]
        if own:
            counts = [sum(x.share > 0.5 for x in own), sum(x.helps for x in own)]
            ratios = [cell.ratio for cell in own if not math.isnan(cell.ratio)]
            ratio = statistics.median(ratios) if ratios else math.nan
            rows.append((*counts, sum(x.harms for x in own), len(own), ratio, title(cure)))
    for most, nearer, farther, count, ratio, name in sorted(
        rows, key=lambda row: (-row[0] / row[3], -row[1] / row[3], row[4])
    ):
        lines.append(f"| {name} | {count} | {most} | {nearer} | {farther} | {number(ratio)} |")
    return "\n".join(lines) + "\n"


def heat_map(found: dict) -> Figure:
    """Returns the matrix as a picture: a row for each trick, a column for each patient."""
    columns = [name for name in patients.PATIENTS if any(key[0] == name for key in found)]
    own = {cure: [cell for key, cell in found.items() if key[1] == cure] for cure in cures.CURES}
    score = {
        cure: (sum(cell.share for cell in row), sum(cell.helps for cell in row))
        for cure, row in own.items()
        if row
    }
    rows = sorted(score, key=score.get, reverse=True)
    figure = Figure((3.2 + 0.75 * len(columns), 1.6 + 0.235 * len(rows)), dpi=120)
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    shares = np.full((len(rows), len(columns)), np.nan)
    for (patient, cure), cell in found.items():
        place = rows.index(cure), columns.index(patient)
        shares[place] = cell.share
        text = number(cell.ratio) + ("" if cell.differs else " \u00b7")
        color = "white" if cell.share > 0.7 else "#b5482e" if cell.harms else "#333333"
        axes.text(place[1], place[0], text, ha="center", va="center", fontsize=7, color=color)
    axes.set_facecolor("#d7d7d7")
    axes.imshow(shares, cmap=COLORS, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), [name.replace("_", "\n") for name in columns], fontsize=7)
    axes.set_yticks(range(len(rows)), [title(cure).split(":")[0] for cure in rows], fontsize=7)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for edge in ("top", "right", "left", "bottom"):
        axes.spines[edge].set_visible(False)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    return figure


def render() -> str:
    """Returns the page."""
    results = matrix.read()
    return page(results, cells(results))


def page(results: dict, found: dict) -> str:
    """Returns the page on results and their cells."""
    games = sum(len(row["distance"]) for row in results.values() if "empty" not in row)
    rows = {key[0] for key in found}
    absent = sum(f"{row}:{cure}" not in results for row in rows for cure in cures.CURES)
    head = HEAD.format(
        patients=len(rows), cures=len({key[1] for key in found}), games=games,
        missing=f"; {absent} of the cells were not played yet" if absent else "",
    )  # fmt: skip
    parts = [section(name, found, results) for name in patients.PATIENTS if any(
        key[0] == name for key in found
    )]  # fmt: skip
    head += speed(json.loads(SPEED.read_text())["microseconds"], results)
    middle = [advised(advice(found, results)), applied(cured_runs.read()), folklore(found)]
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
    found = cells(results)
    PICTURES.mkdir(exist_ok=True)
    with files.replacing(PICTURES / "matrix.png", ".png") as temporary:
        heat_map(found).savefig(temporary)
    files.write_text(PAGE, page(results, found))
    files.write_text(ADVICE, json.dumps(advice(found, results), indent=1) + "\n")


def advice(found: dict, results: dict) -> dict:
    """Returns for each failure the cures that let games recover, the best first.

    Those are the games of the patients that fail so, or of which the failure monitor says so in
    half of the untreated games or more.
    """
    table = {}
    for failure in diagnosis.FAILURES:
        rows = [name for name in patients.PATIENTS if failure in failures_of(name, results)]
        ranked = []
        for cure in cures.CURES:
            own = [found[row, cure] for row in rows if (row, cure) in found]
            recovered, count = (sum(getattr(x, key) for x in own) for key in ("recovered", "count"))
            if recovered:
                ranked.append(
                    {"title": title(cure), "recovered": recovered, "of": count}
                    | {"changes": cures.plain(cures.CURES[cure])}
                )
        if ranked:
            table[failure] = sorted(ranked, key=lambda row: -row["recovered"] / row["of"])[:BEST]
    return table


def failures_of(patient: str, results: dict) -> set[str]:
    """Returns the failures of `diagnosis.FAILURES` that a patient shows."""
    untreated = results.get(f"{patient}:{matrix.UNTREATED}")
    alarms = [(alarm or "").split("+")[0] for alarm in untreated["alarm"]] if untreated else []
    often = {name for name in alarms if name and 2 * alarms.count(name) >= len(alarms)}
    return {patients.PATIENTS[patient].failure} | often


if __name__ == "__main__":
    main()
