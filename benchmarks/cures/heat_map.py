"""The matrix as a picture."""

import cells
import cures
import numpy as np
import patients
from cells import number, title
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

COLORS = LinearSegmentedColormap.from_list("cures", ["#f4f1ea", "#9ccfb4", "#1b7f5c"])


def figure(found: dict) -> Figure:
    """Returns the matrix as a picture: a row for each trick, a column for each patient."""
    columns = [name for name in patients.PATIENTS if any(key[0] == name for key in found)]
    own = {cure: cells.of_cure(found, cure) for cure in cures.CURES}
    score = {
        cure: (sum(cell.share for cell in row), sum(cell.helps for cell in row))
        for cure, row in own.items()
        if row
    }
    rows = sorted(score, key=score.get, reverse=True)
    picture = Figure((3.2 + 0.75 * len(columns), 1.6 + 0.235 * len(rows)), dpi=120)
    picture.set_layout_engine("constrained")
    axes = picture.add_subplot()
    shares = np.full((len(rows), len(columns)), np.nan)
    for (patient, cure), cell in found.items():
        if cell.is_pair:
            continue
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
    return picture
