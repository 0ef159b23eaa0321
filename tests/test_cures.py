"""The matrix of failures and tricks: its recipes, its arithmetic, and its games."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganzoo.callbacks import diagnosis
from ganzoo.errors import InputError
from ganzoo.training.recipe import Recipe

FOLDER = Path(__file__).parent.parent / "benchmarks" / "cures"


@pytest.fixture(scope="module")
def bench():
    """The modules of the folder, as its scripts import them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import cells
        import cures
        import matrix
        import patients
        import write_page

        yield {
            "cells": cells, "cures": cures, "matrix": matrix, "patients": patients,
            "page": write_page,
        }  # fmt: skip


def test_every_patient_is_a_recipe_of_a_known_failure(bench):
    about = bench["patients"].PATIENTS
    assert {path.stem for path in (FOLDER / "patients").glob("*.toml")} == set(about)
    for name, patient in about.items():
        assert patient.failure in diagnosis.FAILURES and patient.cured
        Recipe.load(FOLDER / "patients" / f"{name}.toml").resolved()


@pytest.mark.slow
def test_every_cure_changes_a_patient_or_says_why_not(bench):
    cures, patients = bench["cures"], bench["patients"]
    treated = set()
    for name in ("partial_collapse", "clothes_saturated"):
        recipe = Recipe.load(FOLDER / "patients" / f"{name}.toml")
        for key, cure in cures.CURES.items():
            try:
                cures.treated(recipe, cure)
                treated.add(key)
            except (InputError, LookupError) as error:
                assert "\n" not in str(error)
    assert treated == set(cures.CURES) - {"beta_05"} and not patients.is_toy("clothes_few")
    slower = cures.treated(recipe, cures.CURES["slower"])
    for side in ("g_optimizer", "d_optimizer"):
        assert slower.learning[side]["config"]["learning_rate"] == pytest.approx(5e-4)
    noise = cures.treated(recipe, cures.CURES["instance_noise"])
    assert noise.learning["augment"]["config"]["steps"] == recipe.steps


def test_the_results_are_those_of_the_table(bench):
    names = {*bench["cures"].CURES, bench["matrix"].UNTREATED}
    for cell, row in bench["matrix"].read().items():
        patient, cure = cell.split(":")
        assert patient in bench["patients"].PATIENTS and set(cure.split("+")) <= names, cell
        assert "empty" in row or len(row["distance"]) == len(row["alarm"]), cell
        if cure == bench["matrix"].UNTREATED:  # it fails in four of five games
            outcomes = bench["matrix"].outcomes(patient, row)
            assert sum(outcomes) <= len(outcomes) / 5, cell


def test_the_page_and_the_advice_say_what_was_measured(bench):
    page, cells, results = bench["page"], bench["cells"], bench["matrix"].read()
    assert page.PAGE.read_text("utf-8") == page.render()
    assert json.loads(page.ADVICE.read_text()) == cells.advice(cells.played(results), results)


def test_a_cell_says_how_far_and_how_surely(bench):
    sick = {"distance": [1.0, 2.0, 3.0, None, 4.0], "modes": [1, 2, 1, 0, 1], "in_modes": [1.0] * 5}
    well = {
        "distance": [0.01, 0.02, 0.03, 0.04, 0.2],
        "modes": [8, 8, 7, 8, 8],
        "in_modes": [0.5] * 5,
    }
    cell = bench["cells"].Cell("partial_collapse", "r1", well, sick)
    assert (cell.recovered, cell.count, cell.better) == (4, 5, True)
    assert cell.ratio == pytest.approx(0.01) and cell.interval[0] < 0.01 < cell.interval[1]
    assert cell.p < 0.02
    lost = {"distance": [None] * 5, "modes": [0] * 5, "in_modes": [0.0] * 5}
    assert math.isnan(bench["cells"].Cell("partial_collapse", "r1", lost, lost).ratio)
    assert bench["cells"].Cell("partial_collapse", "r1", lost, lost).p == 1.0
    assert math.isinf(bench["cells"].Cell("partial_collapse", "r1", lost, well).ratio)


def test_cures_are_combined_unless_they_change_the_same(bench):
    cures = bench["cures"]
    both = cures.named("r1+pack")
    assert both.changes == cures.CURES["r1"].changes | cures.CURES["pack"].changes
    assert both.title == "R1, 0.1 with packing, 2"
    for name in ("r1+gradient_penalty", "slower+d_sgd", "r1+unknown"):
        with pytest.raises(LookupError):
            cures.named(name)
    assert cures.touched(cures.CURES["slower"]) == {"g_optimizer", "d_optimizer"}
    assert cures.plain(cures.CURES["wgan_gp"]) is None  # its rates are for points


def test_lessons_hold(bench):
    import lessons

    found = bench["cells"].played(bench["matrix"].read())
    assert all(lesson.holds(lessons.Table(found)) for lesson in lessons.LESSONS)
    assert {lesson.about for lesson in lessons.LESSONS} == {"", *(key[0] for key in found)}


PLAY = """
import json, sys
sys.path.insert(0, sys.argv[1])
import toys
import numpy as np
from ganzoo.training.recipe import Recipe

toys.SAMPLES = 64
recipe = Recipe.load(sys.argv[1] + "/patients/partial_collapse.toml")
recipe = recipe.replace({"steps": 100, "width": 8, "replay": 128, "unroll": 1}).resolved()
both, alone = toys.Games(recipe, [3, 5]), toys.Games(recipe, [5])
both.play(), alone.play()
np.testing.assert_allclose(both.samples[1], alone.samples[0], rtol=1e-3, atol=1e-4)
found = toys.play(recipe, [3, 5])
assert len(found["distance"]) == 2 and found["distance"][0] != found["distance"][1]
print(json.dumps({name: values for name, values in found.items()}))
"""


@pytest.mark.slow
def test_a_game_among_many_is_as_one_alone():
    flags = {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", PLAY, str(FOLDER)], capture_output=True, text=True,
        env=os.environ | flags,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert np.isfinite(found["distance"]).all() and set(found) > {"modes", "alarm", "seconds"}
