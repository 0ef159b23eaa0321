"""The cells of the matrix as statistics: what a cure does to a patient, and how surely.

The ratio of distances is that of the medians over seeds, with a bootstrap interval over seeds. A
cure helps, or harms, if the distances differ from those of the untreated patient by the test of
Mann and Whitney (1947), at a false discovery rate of 5 % over all cells of the matrix (Benjamini
and Hochberg, 1995). The interval of a share is that of Wilson (1927).
"""

import itertools
import math

import cures
import matrix
import numpy as np
import patients
from scipy import stats

from ganzoo.callbacks import diagnosis

LEVEL = 0.05  # of the false discovery rate
BEST = 6  # cures that are listed for a patient, or advised for a failure


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
    def is_pair(self) -> bool:
        """Whether two cures are combined."""
        return "+" in self.cure

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
    return cures.named(cure).title


def played(results: dict) -> dict[tuple[str, str], Cell]:
    """Returns the cells that were played, and pairs of cures, by patient and cure."""
    found = {}
    pairs = sorted({name.partition(":")[2] for name in results if "+" in name})
    for patient in patients.PATIENTS:
        untreated = results.get(f"{patient}:{matrix.UNTREATED}")
        for cure in [*cures.CURES, *pairs]:
            row = results.get(f"{patient}:{cure}")
            if untreated and row and "empty" not in row:
                found[patient, cure] = Cell(patient, cure, row, untreated)
    adjusted = stats.false_discovery_control([cell.p for cell in found.values()])
    for cell, p in zip(found.values(), adjusted, strict=True):
        cell.differs = bool(p < LEVEL)
    return found


def of_cure(found: dict, cure: str) -> list[Cell]:
    """Returns the cells of a cure."""
    return [cell for cell in found.values() if cell.cure == cure]


def best_first(found: dict, patient: str, pairs: bool = False) -> list[Cell]:
    """Returns the cells of a patient, the most successful cure, or pair of cures, first."""
    own = [cell for cell in found.values() if (cell.patient, cell.is_pair) == (patient, pairs)]
    return sorted(own, key=lambda cell: (-cell.share, cell.ratio))


def best_pairs(found: dict, patient: str) -> list[str]:
    """Returns the pairs of a patient's best three cures, of those that can be combined."""
    best: list[str] = []
    for cell in best_first(found, patient):
        fields = cures.touched(cures.CURES[cell.cure])
        if all(fields.isdisjoint(cures.touched(cures.CURES[one])) for one in best):
            best.append(cell.cure)
    return [f"{a}+{b}" for a, b in itertools.combinations(best[:3], 2)]


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
