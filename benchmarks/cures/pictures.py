"""Draws the patients whose data are points, untreated and with their best cure: patients.png.

python benchmarks/cures/pictures.py
"""

import toys  # first: it chooses Keras' backend

import cures  # isort: skip
import cells
import matrix
import patients
import write_page
from matplotlib.figure import Figure

from ganzoo.engine import files
from ganzoo.training.recipe import Recipe

SEED = 0


def samples(patient: str, cure: str | None):
    """Returns samples, (N, 2), at the end of a game, and the centers of the modes."""
    recipe = Recipe.load(patients.FOLDER / f"{patient}.toml")
    recipe = cures.treated(recipe, cures.named(cure)) if cure else recipe
    games = toys.Games(recipe.resolved(), [SEED])
    games.play()
    return games.samples[0], games.mixture.centers


def main() -> None:
    found = cells.played(matrix.read())
    names = [name for name in patients.PATIENTS if patients.is_toy(name)]
    names = [name for name in names if cells.best_first(found, name)]
    figure = Figure((1.35 * len(names), 3.3), dpi=110, layout="constrained")
    grid = figure.subplots(2, len(names), squeeze=False)
    for name, column in zip(names, grid.T, strict=True):
        best = cells.best_first(found, name)[0]
        for axes, cure in zip(column, (None, best.cure), strict=True):
            points, centers = samples(name, cure)
            axes.plot(*centers.T, "o", markersize=9, color="#cfe8db", markeredgewidth=0)
            axes.plot(*points.T, ".", markersize=1.5, color="#1b7f5c" if cure else "#b5482e")
            axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[], aspect="equal")
            words = cells.title(cure).split(":")[0] if cure else name.replace("_", " ")
            axes.set_title(words, fontsize=7, color="black" if cure is None else "#1b7f5c")
            for spine in axes.spines.values():
                spine.set_color("#d7d7d7")
            print(name, cure, flush=True)
    write_page.PICTURES.mkdir(exist_ok=True)
    with files.replacing(write_page.PICTURES / "patients.png", ".png") as temporary:
        figure.savefig(temporary)


if __name__ == "__main__":
    main()
