"""The patients: set-ups that fail, each a recipe beside this file, and when they count as cured."""

import operator
import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "patients"
POINTS = ("ring8", "grid25")
CHECKS = {"<=": operator.le, ">=": operator.ge}


class Patient(NamedTuple):
    """A set-up that fails.

    Attributes:
        title: What is wrong with it.
        failure: The failure of `callbacks.diagnosis` that it shows.
        cured: What holds at the end of a run that has recovered: measure -> (check, bound).
    """

    title: str
    failure: str
    cured: dict


# A cloud over all modes is near to the data, too, but has only a fifth of its points in modes.
RING = {"distance": ("<=", 0.05), "modes": (">=", 7), "in_modes": (">=", 0.3)}
GRID = {"distance": ("<=", 0.05), "modes": (">=", 20)}
CLOTHES = {"distance": ("<=", 60.0)}
PATIENTS = {
    "complete_collapse": Patient("least-squares loss: one or two of eight modes", "collapse", RING),
    "partial_collapse": Patient("hinge loss: three or four of eight modes", "missing_modes", RING),
    "late_collapse": Patient(
        "Adam's beta_1 0.9 on the grid: good at first, then collapse", "missing_modes", GRID
    ),
    "rotating_modes": Patient("D ten times slower than G: modes rotate", "rotation", RING),
    "d_wins": Patient("minimax loss, five turns of D: the loss saturates", "d_wins", RING),
    "d_too_fast": Patient("D's rate 100 times G's", "d_wins", RING),
    "g_wins": Patient("D hardly learns: its rate is 1e-6", "d_fooled", RING),
    "no_lipschitz_bound": Patient(
        "Wasserstein loss without any bound on D's slope", "divergence", RING
    ),
    "divergent_rates": Patient("both rates 250 times too large", "relapse", RING),
    "momentum": Patient("Adam's beta_1 0.99", "relapse", RING),
    "exploding_weights": Patient("SGD at 0.1 for both sides: not a number", "nan", RING),
    "clothes_few": Patient("500 images of clothes, which D learns by heart", "stalled", CLOTHES),
    "clothes_d_wins": Patient(
        "clothes: D takes five turns at 100 times G's rate", "d_wins", CLOTHES
    ),
    "clothes_momentum": Patient(
        "clothes: Adam's beta_1 0.9 at ten times the rates, no norm in D", "relapse", CLOTHES
    ),
    "clothes_saturated": Patient(
        "clothes: minimax loss, no norm, five turns of D", "d_wins", CLOTHES
    ),
    "clothes_no_lipschitz_bound": Patient(
        "clothes: hinge loss, D's rate 250 times too large", "divergence", CLOTHES
    ),
}


def plain(name: str) -> dict:
    """Returns a patient's recipe as plain data, which needs no Keras."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())


def is_toy(name: str) -> bool:
    """Returns whether a patient's data are points."""
    return plain(name)["dataset"] in POINTS


def recovered(name: str, measures: dict) -> bool:
    """Returns whether the measures at the end of a run are those of a cured patient."""
    return all(
        measures[measure] is not None and CHECKS[check](measures[measure], bound)
        for measure, (check, bound) in PATIENTS[name].cured.items()
    )
