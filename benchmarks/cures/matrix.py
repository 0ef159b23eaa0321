"""Which trick cures which failure? Plays every patient with every cure; writes cures.json.

    python benchmarks/cures/matrix.py                                  # all cells that are missing
    python benchmarks/cures/matrix.py --patients=rotating_modes,d_wins # some of the rows
    python benchmarks/cures/matrix.py --pairs                          # of each row's best three
    python benchmarks/cures/matrix.py --cell=rotating_modes:unrolled --seed=3   # one game, shown

Cells in cures.json are not played again, nor are those whose whole recipe equals that of another
cell: an interrupted script goes on. Several processes may run side by side, each with its own
`--patients`. Those whose data are points are played by JAX, many seeds at once; those with images
by `fit`, one after the other.
"""

import argparse
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import patients

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "cures.json"
SEEDS = {True: 12, False: 3}  # toys, images
UNTREATED = "untreated"


def read() -> dict:
    """Returns the results: cells by their names, `PATIENT:CURE`."""
    import kept  # late, as in `main`: it imports Keras, whose backend is not chosen yet

    return kept.read(RESULTS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--patients", default=",".join(patients.PATIENTS), help="which rows")
    parser.add_argument("--cures", help="which columns; all by default")
    parser.add_argument("--pairs", action="store_true", help="pairs of each row's best three cures")
    parser.add_argument("--cell", help="a single one, PATIENT:CURE; it is not kept")
    parser.add_argument("--seed", type=int, default=0, help="of --cell")
    parser.add_argument("--seeds", type=int, help="number of them; 12 of points, 3 of images")
    args = parser.parse_args()
    cell = args.cell and args.cell.split(":")
    rows = cell[:1] if cell else args.patients.split(",")
    for name in rows:
        if name not in patients.PATIENTS:
            parser.error(f"expected some of {', '.join(patients.PATIENTS)}, got {name!r}")
    kinds = {patients.is_toy(name) for name in rows}
    if len(kinds) == 2:  # each in its own process: they need different backends
        for kind in (True, False):
            own = [name for name in rows if patients.is_toy(name) is kind]
            command = [sys.executable, __file__, *sys.argv[1:], f"--patients={','.join(own)}"]
            if status := subprocess.run(command).returncode:
                return status
        return 0
    toys = kinds.pop()
    if toys:
        import toys as engine
    else:
        import images as engine
    import cures
    import kept

    from ganzoo.errors import InputError
    from ganzoo.training.recipe import Recipe

    columns = [UNTREATED, *cures.CURES]
    wanted = cell[1:] if cell else args.cures.split(",") if args.cures else columns
    for name in wanted:
        if not set(name.split("+")) <= set(columns):
            parser.error(f"expected some of {', '.join(columns)}, got {name!r}")
    seeds = [args.seed] if cell else range(args.seeds or SEEDS[toys])
    places = [(row, column) for column in wanted for row in rows]
    if args.pairs:
        import cells

        found = cells.played(read())
        places = [(row, pair) for row in rows for pair in cells.best_pairs(found, row)]
    if not cell:
        done = read()
        places = [place for place in places if ":".join(place) not in done]
    began = time.perf_counter()
    for number, (row, column) in enumerate(places, 1):
        recipe = Recipe.load(patients.FOLDER / f"{row}.toml")
        try:
            if column != UNTREATED:
                recipe = cures.treated(recipe, cures.named(column))
            resolved = recipe.resolved()
            digest = hashlib.sha256(resolved.to_toml().encode()).hexdigest()[:12]
            same = next((x for x in read().values() if x.get("recipe") == digest), None)
            found = None if cell else same
            found = found or {"recipe": digest} | engine.play(resolved, seeds)
        except (InputError, LookupError) as error:
            found = {"empty": " ".join(str(error).split())}
        if not cell:
            kept.keep(RESULTS, f"{row}:{column}", found)
        left = (time.perf_counter() - began) / number * (len(places) - number)
        print(f"{number}/{len(places)} {row}:{column} {said(row, found)}, {left / 60:.0f} min left",
              flush=True)  # fmt: skip
    return 0


def said(row: str, found: dict) -> str:
    """Returns a cell in words."""
    if "empty" in found:
        return f"empty: {found['empty']}"
    cured = sum(outcomes(row, found))
    return f"{cured} of {len(found['distance'])} recovered, distances {found['distance']}"


def outcomes(row: str, found: dict) -> list[bool]:
    """Returns whether each run of a cell has recovered."""
    measures = list(patients.PATIENTS[row].cured)
    runs = zip(*(found[measure] for measure in measures), strict=True)
    return [patients.recovered(row, dict(zip(measures, run, strict=True))) for run in runs]


if __name__ == "__main__":
    sys.exit(main())
