"""The experiments: pages are what the scripts write, and tables say what is so."""

import json
import sys
from pathlib import Path

import pytest
from cases import loaded

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "experiments"
SCRIPTS = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
SHARED = {"experiment_page", "trials"}


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    for other in SHARED:
        sys.modules.pop(other, None)
    return loaded(ROOT / "examples" / f"{name}.py")


@pytest.mark.parametrize("name", sorted(set(SCRIPTS) - SHARED))
def test_every_experiment_has_its_page(name):
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert f"`python examples/{name}.py`" in page and (FOLDER / f"{name}.png").exists()
    assert json.loads((FOLDER / f"{name}.json").read_text())


def test_the_index_lists_them(monkeypatch):
    assert load("experiment_page", monkeypatch).index() == (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["losses", "tricks"])
def test_tables_are_those_of_the_results(name, monkeypatch):
    trials, script = load("trials", monkeypatch), load(name, monkeypatch)
    results = json.loads((FOLDER / f"{name}.json").read_text())
    assert trials.table(results, script.BASELINE) in (FOLDER / f"{name}.md").read_text("utf-8")
    named = script.TRICKS if name == "tricks" else script.LOSSES
    assert set(results["trials"]) == set(named)
    assert {len(rows) for rows in results["trials"].values()} == {script.SEEDS}


def test_a_verdict_needs_all_seeds(monkeypatch):
    trials = load("trials", monkeypatch)
    assert trials.verdict([1.0, 2.0, 2.9], [3.0, 4.0, 5.0]) == "helps"
    assert trials.verdict([1.0, 2.0, 3.1], [3.0, 4.0, 5.0]) == "even"
    assert trials.verdict([5.1, 9.0], [3.0, 4.0, 5.0]) == "hurts"


def test_what_has_been_played_is_kept(monkeypatch, tmp_path):
    trials = load("trials", monkeypatch)
    monkeypatch.setattr(trials.page, "FOLDER", tmp_path)
    played = []

    def play(variant, arguments, seed):
        played.append((variant, seed))
        if len(played) == 3:
            raise KeyboardInterrupt
        return {"seed": seed, "fid_fashion_mnist": float(seed), "seconds": 1.0}

    monkeypatch.setattr(trials, "play", play)
    settings = {"a": ("dcgan", dict), "b": ("lsgan", dict)}
    with pytest.raises(KeyboardInterrupt):
        trials.play_all("some", settings, 2)
    results = trials.play_all("some", settings, 2)
    assert played == [("dcgan", 0), ("lsgan", 0), ("dcgan", 1), ("dcgan", 1), ("lsgan", 1)]
    assert trials.distances(results) == {"a": [0.0, 1.0], "b": [0.0, 1.0]}
