"""`ganzoo train-all`: what is done is skipped, what fails is named, the rest goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import processes
import pytest

from ganzoo import cli, gans, zoo
from ganzoo.cli import train_all
from ganzoo.metrics import domain
from ganzoo.publishing import entry
from ganzoo.training.recipe import Recipe

ROOT = Path(__file__).parent.parent
QUEUE = sorted((ROOT / "models" / "queue").glob("*.toml"))
RECIPE = """
model = "{model}"
dataset = "npz:{data}"
steps = {steps}
steps_per_epoch = 2
batch_size = 8
features = "pixels"
precision = "float32"

[architecture]
width = 2
latent_dim = 4
"""


@pytest.fixture
def queue(tmp_path):
    data = tmp_path / "images.npz"
    np.savez(data, images=np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), "uint8"))
    (tmp_path / "queue").mkdir()

    def put(name, model="gan", data=data, steps=4):
        text = RECIPE.format(model=model, data=data, steps=steps)
        (tmp_path / "queue" / f"{name}.toml").write_text(text)

    put.command = ["train-all", f"--recipes={tmp_path}/queue", f"--runs={tmp_path}/runs"]
    return put


def test_all_are_trained_and_what_fails_is_named(queue, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "Popen", processes.Popen)
    queue("1_fails", data=tmp_path / "nothing.npz")
    queue("2_works")
    assert cli.main(queue.command) == 1
    said = capsys.readouterr().out
    assert "1_fails: failed with status 1: no file" in said
    assert "2_works: done in" in said and "1 of 2 without failure" in said
    assert json.loads((tmp_path / "runs" / "2_works" / "summary.json").read_text())["steps"] == 4
    assert (tmp_path / "runs" / train_all.LOG).read_text() in said
    (tmp_path / "queue" / "1_fails.toml").unlink()
    assert cli.main(queue.command) == 0
    assert "2_works: already finished" in capsys.readouterr().out
    queue("2_works", steps=6)
    assert cli.main(queue.command) == 0
    assert "2_works: done in" in capsys.readouterr().out
    assert json.loads((tmp_path / "runs" / "2_works" / "summary.json").read_text())["steps"] == 6


def test_wrong_recipes_are_said_before_anything_begins(queue, tmp_path, capsys):
    assert cli.main(queue.command) == 2
    assert "expected a .toml file" in capsys.readouterr().err
    queue("a")
    (tmp_path / "queue" / "b.toml").write_text("modle = 1")
    assert cli.main(queue.command) == 2
    assert "b.toml" in capsys.readouterr().err and not (tmp_path / "runs").exists()
    (tmp_path / "queue" / "b.toml").unlink()
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "summary.json").write_text("{}")
    assert cli.main(queue.command) == 2
    assert "finished run of another recipe" in capsys.readouterr().err


def test_time_that_is_up(queue, tmp_path, capsys):
    queue("a")
    assert cli.main([*queue.command, "--hours=1e-9"]) == 0
    assert "a: not started: the time is up" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("send", "number"),
    [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM), (os.killpg, signal.SIGHUP)],
)
def test_an_interrupted_queue_goes_on(queue, tmp_path, send, number):
    queue("a", steps=100_000)
    command = [sys.executable, "-m", "ganzoo.cli", *queue.command]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.time() + 120
    while time.time() < deadline and not list(tmp_path.rglob("step-*.json")):
        time.sleep(0.1)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert os.getpriority(os.PRIO_PROCESS, int(child)) == 15
    if (group := Path(f"/proc/{child}/autogroup")).exists():
        assert group.read_text().endswith(" nice 15\n")
    send(process.pid, number)
    assert process.wait(timeout=60) == 130
    assert not Path(f"/proc/{child}").exists()
    process = subprocess.Popen(command, start_new_session=True)
    log = tmp_path / "runs" / "a" / "train.log"
    while time.time() < deadline + 120 and "Going on" not in log.read_text():
        time.sleep(0.1)
    send(process.pid, number)
    assert process.wait(timeout=60) == 130
    assert "Going on" in log.read_text() and "Traceback" not in log.read_text()


@pytest.mark.parametrize("path", QUEUE, ids=lambda path: path.stem)
def test_the_zoos_own_recipes_can_be_carried_out_and_published(path):
    recipe = Recipe.load(path).resolved()
    prefix = f"{recipe.model}_{recipe.dataset.replace(':', '_')}"
    assert f"{path.stem}_".startswith(f"{prefix}_")
    assert recipe.features != "auto" and "ema" in recipe.learning


GRAPH = 200_000  # bytes of a SavedModel beside its weights, at most, in the entries there are
SHAPES = domain.SHAPES | {"stacked:mnist": (28, 28, 3)}
GENERATORS = [
    pytest.param(path, marks=pytest.mark.slow if path.stem in zoo.list_pretrained() else ())
    for path in QUEUE
    if Recipe.load(path).dataset in SHAPES
]


@pytest.mark.parametrize("path", GENERATORS, ids=lambda path: path.stem)
def test_what_the_queue_trains_fits_an_entry(path):
    recipe = Recipe.load(path)
    labels = {"num_classes": 10} if gans.takes_labels(recipe.model) else {}
    gan = gans.create(recipe.model, SHAPES[recipe.dataset], **labels, **recipe.architecture)
    assert 4 * gan.generator.count_params() + GRAPH < entry.LIMIT
