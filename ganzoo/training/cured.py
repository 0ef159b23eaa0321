"""A run that failed, with a cure: it goes on in `cured/`, as a run of its own.

The failure monitor ends the run and writes into `cure.json` what changes. The next run starts from
the networks of the best checkpoint before the failure, or from new ones where there is none. Since
it is a run like any other, it can be interrupted and fail as well: then it has a `cured/` itself.
"""

import json
from pathlib import Path

from ganzoo import gans
from ganzoo.callbacks.failure_monitor import CURE, CURED
from ganzoo.engine import hyperparameters
from ganzoo.training.recipe import Recipe


def cure_of(run_dir) -> dict | None:
    """Returns what the failure monitor wants changed in a run that it ended; None if nothing."""
    path = Path(run_dir) / CURE
    return json.loads(path.read_text()) if path.exists() else None


def last(run_dir) -> Path:
    """Returns the directory of the last run that a run went on in: itself, if it was not cured."""
    run_dir = Path(run_dir)
    return last(run_dir / CURED) if (run_dir / CURED / "recipe.toml").exists() else run_dir


def recipe(before: Recipe, run_dir: Path, summary: dict) -> Recipe:
    """Returns the recipe of the run that goes on after a run that the monitor ended.

    Args:
        before: The recipe of the run that failed.
        run_dir: Its directory.
        summary: Its summary.
    """
    cure, best = cure_of(run_dir), summary["best_step"]
    well = summary["metrics"][summary["monitor"]]["value"] is not None and best < cure["step"]
    if not well:
        return before.replace(cure["changes"]).resolved()
    # The networks have the tricks of architecture already.
    known = hyperparameters.of(gans.get(before.model))
    architecture = {key: value for key, value in before.architecture.items() if key in known}
    changes = {
        "architecture": architecture,
        "init": str(run_dir.absolute()),
        "steps": before.steps - best,
    }
    return before.replace(changes).replace(cure["changes"]).resolved()


def said(cure: dict, after: Recipe, run_dir: Path) -> str:
    """Returns what is said when a run goes on."""
    start = "its best checkpoint before it" if after.init else "new networks"
    return (
        f"\nCured of {cure['failure']} at step {cure['step']} by {cure['title']}: goes on from "
        f"{start} in {run_dir / CURED}.\n"
    )
