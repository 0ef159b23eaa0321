"""Does the failure monitor detect failures without false alarms, on runs that it never saw?

    python benchmarks/quality/blind_monitor.py            # plays what is missing, and judges
    python benchmarks/quality/blind_monitor.py --fit      # also chooses thresholds

The runs are those of `monitored`. What the monitor saw of each is kept in `--runs`, so that rules
and thresholds can be tried without training. Faults and variants are divided into two halves:
`--fit` looks for better thresholds on one of them and prints what it finds; the other only judges.
Writes docs/blind_monitor.md, once all runs are played.
"""

import argparse
import collections
import dataclasses
import json
import math
import statistics
from pathlib import Path

import monitored
from monitored import Run, alarms

from ganzoo.callbacks.diagnosis import Thresholds
from ganzoo.engine.quiet import import_tensorflow

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "blind_monitor.json"
PAGE = ROOT / "docs" / "blind_monitor.md"
WORSE = 1.5  # times the usual distance on the same data: the run is really broken
FALSE = 10.0  # a false alarm costs as much as so many failures that are not seen
FITTED = (  # the thresholds that --fit may change
    "warm_up", "unformed", "looks", "poor", "progress", "relapse", "d_floor", "d_low", "g_floor",
    "gradient_ceiling", "gradient_floor", "spread", "diversity", "bins", "turnover", "swings",
    "swing",
)  # fmt: skip


def first_names(row: dict) -> set[str]:
    """Returns the failures that a run's first alarm names, in its first third; none for none."""
    steps = [alarm["step"] for alarm in row["alarms"]]
    if not steps or min(steps) > row["steps"] / 3:
        return set()
    return {alarm["failure"] for alarm in row["alarms"] if alarm["step"] == min(steps)}


def cost(seen: dict[Run, dict], limits: Thresholds) -> float:
    """Returns what thresholds cost: failures that are not seen, or misnamed, and false alarms."""
    total = 0.0
    for one, what in seen.items():
        row = {"alarms": alarms(what, limits), "steps": what["steps"]}
        if one.names:
            names = first_names(row)
            total += 1.0 if not names else 0.5 * (not names & set(one.names))
        else:
            total += FALSE * bool(row["alarms"])
    return total


def fitted(seen: dict[Run, dict]) -> Thresholds:
    """Returns thresholds of the lowest cost, found by changing one at a time."""
    best = Thresholds()
    least = cost(seen, best)
    improved = True
    while improved:
        improved = False
        for name in FITTED:
            value = getattr(best, name)
            whole = isinstance(value, int)
            for factor in (0.5, 0.7, 0.85, 1.2, 1.5, 2.0):
                other = max(round(value * factor), 1) if whole else value * factor
                limits = dataclasses.replace(best, **{name: other})
                if (now := cost(seen, limits)) < least:
                    best, least, improved = limits, now, True
                    print(f"{name} = {other:.3g}: cost {least:g}", flush=True)
    return best


def really_broken(seen: dict[Run, dict]) -> dict[Run, bool]:
    """Returns whether the samples of each broken run are far worse than those of healthy ones."""
    well = collections.defaultdict(list)
    for one, what in seen.items():
        if not one.names and what["swd"] is not None:
            well[one.dataset].append(what["swd"])
    usual = {dataset: statistics.median_low(values) for dataset, values in well.items()}
    return {
        one: what["swd"] is None or what["swd"] > WORSE * usual.get(one.dataset, math.inf)
        for one, what in seen.items()
        if one.names
    }


def judged(seen: dict[Run, dict]) -> list[dict]:
    """Returns a row of results for every run."""
    bad = really_broken(seen)
    return [
        dataclasses.asdict(one)
        | {"broken": bad.get(one), "alarms": alarms(what, Thresholds())}
        | {key: what[key] for key in ("steps", "swd", "seconds")}
        for one, what in seen.items()
    ]


def counted(rows: list[dict]) -> dict[str, tuple[int, int]]:
    """Returns how many of how many: failures seen and named rightly, healthy runs accused."""
    broken = [row for row in rows if row["broken"]]
    caught = [row for row in broken if first_names(row)]
    right = [row for row in caught if first_names(row) & set(row["names"])]
    healthy = [row for row in rows if not row["names"]]
    accused = [row for row in healthy if row["alarms"]]
    return {
        "seen": (len(caught), len(broken)),
        "named": (len(right), len(caught)),
        "accused": (len(accused), len(healthy)),
    }


def render(rows: list[dict]) -> str:
    """Returns the page."""
    lines = [
        "# Evaluation of the failure monitor",
        "",
        "Written by `benchmarks/quality/blind_monitor.py`: runs that are broken on purpose, on",
        f"{len(monitored.IMAGES)} data sets, and the default settings of every variant; networks",
        f"of width 8, images of {monitored.SIDE} pixels, {monitored.STEPS:,} steps. Faults and",
        "variants are divided into two halves. The thresholds were chosen by the first half; the",
        "second is a blind test.",
        "",
        "A run counts as broken if its samples are more than "
        f"{WORSE} times as far from the data as",
        "is usual on the same data. It is seen if there is an alarm in the first third of its",
        "steps, and named if that alarm, or one of several at that step, is a failure that the",
        "fault should lead to. A healthy run is accused by any alarm.",
        "",
        "| half | broken | seen | named | healthy | accused |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for title, half in (("thresholds chosen by it", True), ("blind", False)):
        found = counted([row for row in rows if row["fitted"] == half])
        lines.append(
            f"| {title} | {found['seen'][1]} | {_share(found['seen'])} | {_share(found['named'])} "
            f"| {found['accused'][1]} | {_share(found['accused'])} |"
        )
    lines += ["", "| fault | half | runs | broken | seen | named | first alarms |"]
    lines.append("|---|---|---:|---:|---:|---:|---|")
    for title in monitored.FAULTS:
        of = [row for row in rows if row["names"] and row["title"] == title]
        if of:
            found, names = counted(of), collections.Counter()
            for row in of:
                names.update(first_names(row) if row["broken"] else [])
            said = ", ".join(f"{name} {count}" for name, count in names.most_common())
            lines.append(
                f"| {title} | {_half(of[0])} | {len(of)} | {found['seen'][1]} "
                f"| {found['seen'][0]} | {found['named'][0]} | {said} |"
            )
    lines += ["", "| variant | half | healthy runs | alarms |", "|---|---|---|---|"]
    for title in dict.fromkeys(row["title"] for row in rows if not row["names"]):
        of = [row for row in rows if not row["names"] and row["title"] == title]
        said = ", ".join(
            f"{alarm['failure']} at {alarm['step']} ({row['dataset']})"
            for row in of
            for alarm in row["alarms"][:1]
        )
        sets = ", ".join(row["dataset"] for row in of)
        lines.append(f"| `{title}` | {_half(of[0])} | {sets} | {said or 'none'} |")
    return "\n".join([*lines, ""])


def _share(pair: tuple[int, int]) -> str:
    return f"{pair[0]} ({pair[0] / pair[1]:.0%})" if pair[1] else "0"


def _half(row: dict) -> str:
    return "chosen" if row["fitted"] else "blind"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "blind_monitor")
    parser.add_argument("--fit", action="store_true", help="look for better thresholds")
    parser.add_argument("--most", type=float, default=None, help="minutes to train for, at most")
    args = parser.parse_args()
    import_tensorflow()
    runs = [*monitored.broken(), *monitored.healthy()]
    seen = monitored.played(runs, args.runs, args.most)
    if args.fit:
        print(fitted({one: what for one, what in seen.items() if one.fitted}))
    rows = judged(seen)
    for title, half in (("chosen", True), ("blind", False)):
        print(title, counted([row for row in rows if row["fitted"] == half]))
    if len(seen) < len(runs):
        print(f"{len(runs) - len(seen)} runs are not played yet: no page is written.")
        return
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    PAGE.write_text(render(rows))


if __name__ == "__main__":
    main()
