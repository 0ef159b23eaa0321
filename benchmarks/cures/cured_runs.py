"""Does `--on_failure=cure` cure? Patients with seeds that the matrix does not have.

Writes cured_runs.json.

    python benchmarks/cures/cured_runs.py

Each patient whose data are points is trained as `ganzoo train --recipe=FILE` would, once with
`--on_failure=warn` and once with `--on_failure=cure`: from the best checkpoint before the failure,
with the cure that the failure monitor chooses. Runs in cured_runs.json are not repeated.
"""

import argparse
import tempfile
from pathlib import Path

import kept
import patients
import points

from ganzoo.data.toys import MIXTURES
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.training import cured, run
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results" / "cured_runs.json"
SEEDS = (100, 101, 102)  # none of the matrix
CHECKPOINTS = 12  # of a run


def train(patient: str, seed: int, on_failure: str) -> dict:
    """Returns how a run ended: its measures, and the cures that were applied."""
    recipe = Recipe.load(patients.FOLDER / f"{patient}.toml")
    recipe = recipe.replace({"seed": seed, "steps_per_epoch": recipe.steps // CHECKPOINTS})
    with tempfile.TemporaryDirectory() as folder:
        run.train(recipe, folder, verbose=0, on_failure=on_failure)
        last, applied = Path(folder), []
        while (note := cured.cure_of(last)) and on_failure == "cure":
            applied.append({key: note[key] for key in ("failure", "step", "title")})
            last = last / cured.CURED
        mixture = MIXTURES[recipe.dataset]
        samples = run.best(last).sample(512, seed=1)
    return points.measured(samples, points.drawn(mixture, 512, 1), mixture) | {"cures": applied}


def read() -> dict:
    """Returns the results: runs by their names, `PATIENT:SEED:ON_FAILURE`."""
    return kept.read(RESULTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--patients", default=",".join(filter(patients.is_toy, patients.PATIENTS)))
    args = parser.parse_args()
    import_tensorflow()
    for seed in SEEDS:
        for patient in args.patients.split(","):
            for on_failure in ("warn", "cure"):
                name = f"{patient}:{seed}:{on_failure}"
                if name not in read():
                    kept.keep(RESULTS, name, row := train(patient, seed, on_failure))
                    print(name, row, flush=True)


if __name__ == "__main__":
    main()
