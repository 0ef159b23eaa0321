"""What the failure monitor said of the games of the matrix, which did not set its thresholds."""

from typing import NamedTuple

import matrix
import patients


class Count(NamedTuple):
    """Games of a patient, treated or not: those that failed, and those that recovered.

    Attributes:
        failed: Games that failed.
        seen: Those of them that the monitor gave an alarm of.
        early: The same within the first third of the steps.
        recovered: Games that recovered.
        accused: Those of them that it gave an alarm of.
    """

    failed: int
    seen: int
    early: int
    recovered: int
    accused: int


def counted(results: dict, patient: str) -> Count:
    """Returns the counts of a patient; games of the same recipe count once."""
    steps = patients.plain(patient)["steps"]
    rows = {
        row["recipe"]: row
        for name, row in results.items()
        if name.partition(":")[0] == patient and "recipe" in row
    }
    failed, recovered = [], []  # the step of the alarm of each game, or None
    for row in rows.values():
        for well, step in zip(matrix.outcomes(patient, row), row["alarmed_at"], strict=True):
            (recovered if well else failed).append(step)
    seen = [step for step in failed if step is not None]
    early = sum(step <= steps / 3 for step in seen)
    accused = sum(step is not None for step in recovered)
    return Count(len(failed), len(seen), early, len(recovered), accused)


def table(results: dict) -> str:
    """Returns the part of the page about them."""
    rows = {name: counted(results, name) for name in patients.PATIENTS}
    rows = {name: count for name, count in rows.items() if count.failed + count.recovered}
    rows["all"] = Count(*map(sum, zip(*rows.values(), strict=True)))
    lines = [
        "## What the failure monitor saw",
        "",
        "Its thresholds were set on runs on images. Here it watched each game, untreated or",
        "treated: of the games that failed, those of which it gave an alarm, and in the first",
        "third of the steps; of those that recovered, the ones that it accused, which may have",
        "been ill before.",
        "",
        "| set-up | failed | seen | in the first third | recovered | accused |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, count in rows.items():
        seen, early = (_share(part, count.failed) for part in (count.seen, count.early))
        accused = _share(count.accused, count.recovered)
        words = [name.replace("_", " "), count.failed, seen, early, count.recovered, accused]
        lines.append(f"| {' | '.join(map(str, words))} |")
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
