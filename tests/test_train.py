"""train.py as a person uses it: what it leaves, what it refuses, that it goes on when killed."""

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import processes
import pytest
from conftest import unexported, untraced

from ganzoo import callbacks, cli
from ganzoo.callbacks import advice, diagnosis
from ganzoo.callbacks.run_log import read
from ganzoo.cli.train import main
from ganzoo.engine import files
from ganzoo.gan import GAN
from ganzoo.testing import saved_weights as weights
from ganzoo.training import cured as cured_runs
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

ROOT = Path(__file__).parent.parent
TINY = ["--image_size=8", "--width=4", "--latent_dim=8", "--batch_size=16", "--precision=float32"]


def process(*flags, run=processes.run):
    """Runs train.py in a process of its own."""
    command = [sys.executable, ROOT / "train.py", *map(str, flags)]
    return run(command, capture_output=True, text=True, timeout=300)


def train(*flags):
    """Runs train.py in this process, which spares the seconds that TensorFlow takes to load."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(map(str, flags)), "train.py")
    return subprocess.CompletedProcess(flags, status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (70, 8, 8, 1), "uint8"))
    return path


def flags(model, images, steps=18):
    # 70 images in turns of 16, 2 turns a step: an epoch of the run (5 steps) crosses those of data.
    return [
        f"--dataset=npz:{images}", f"--model={model}", "--n_critic=2", "--replay=40", "--ema=0.9",
        f"--steps={steps}", "--steps_per_epoch=5", *TINY,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory, images):
    run = tmp_path_factory.mktemp("run") / "tiny"
    done = process(f"--run_dir={run}", *flags("gan", images), run=subprocess.run)  # a fresh one
    assert done.returncode == 0, done.stderr
    return run, done


def test_a_run_leaves_all_that_it_promises(finished):
    run, done = finished
    for name in ("recipe.toml", "metrics.jsonl", "curves.png", "samples.png", "summary.json"):
        assert (run / name).stat().st_size > 0, name
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [5, 10, 15, 18]
    assert {"d_adv", "g_adv", "d_grad_norm", "g_grad_norm", "swd"} <= rows[0].keys()
    assert sorted(p.name for p in (run / "samples").iterdir())[-1] == "epoch-0004.png"
    assert list((run / "tensorboard").glob("events*"))
    assert (run / "saved_model" / "saved_model.pb").exists()
    assert f"ganzoo sample {run}" in done.stdout
    assert not [p for p in run.rglob("*.tmp*")]


def test_a_second_start_does_nothing_again(finished):
    run, _ = finished
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file() and p.name != ".lock"}
    again = train(f"--run_dir={run}")
    assert again.returncode == 0, again.stderr
    assert "Done: 18 steps" in again.stdout
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_the_generator_of_a_run_can_be_exported_again(finished, tmp_path):
    run, _ = finished
    assert cli.main(["export", str(run), f"--out={tmp_path}/1"]) == 0
    assert (tmp_path / "1" / "saved_model.pb").exists()


def test_another_recipe_is_refused_with_the_difference(finished):
    run, _ = finished
    refused = train(f"--run_dir={run}", "--steps=20", "--model=lsgan", *TINY)
    assert refused.returncode == 2
    assert "steps: 18 -> 20" in refused.stderr and "model: gan -> lsgan" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


WRONG = {
    "--model=dcgam": "'dcgan'",
    "--stepz=3": "steps",
    "--steps=many": "expected int, got 'many'",
    "--steps=0": "at least 1",
    "--batch_size=99999999": "10000",
    "--loss=hinges": "'hinge'",
    "--ema=2": "[0, 1)",
    "--n_critic=0": "n_critic >= 1",
    "--penalties=r1": "layer",  # a word, not a list; and batch normalisation under R1
    "--penalties=['r3']": "'r2'",
    "--style=0.1": "style",
    "--dataset=fashion_mnst": "fashion_mnist",
    "--dataset=folder:/no/such/folder": "/no/such/folder",
    "--dataset=npz:/no/such.npz": "/no/such.npz",
    "--set=learning.optimizer=adam": "g_optimizer",
    "--set=steps": "KEY=VALUE",
    "--recipe=dcgan_fashion": "dcgan_fashion_mnist",
    "--recipe=/no/such.toml": "such.toml",
    "--precision=float8": "float32",
    "--strategy=mirror": "mirrored",
    "--image_size=4": "8",
    "--g_optimizer=adamm": "adamm",
    "fashion_mnist": "--flag=value",
}


@pytest.mark.parametrize("flag", WRONG)
def test_a_wrong_flag_is_one_line_and_status_2(flag, tmp_path):
    refused = train(flag, f"--run_dir={tmp_path}/run")
    assert refused.returncode == 2, refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr
    assert WRONG[flag] in refused.stderr
    assert not list(tmp_path.rglob("*.h5"))


def test_dry_run_prints_recipe_and_networks_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = train("--dry_run", "--model=wgan_gp", "--width=4")
    assert done.returncode == 0, done.stderr
    assert "GradientPenalty" in done.stdout and "Total params" in done.stdout
    assert not list(tmp_path.iterdir())


def test_help_and_list():
    done = train("--help")
    shown = done.stdout
    assert done.returncode == 0, done.stderr
    assert "--n_critic" in shown and "--penalties" in shown and "--run_dir" in shown
    assert "wgan_gp" in train("--list").stdout


def killed_and_restarted(flags, run, kills: int, rng: random.Random) -> int:
    """Starts the run, kills it at random moments, and lets it end; returns the steps it took up."""
    command = [sys.executable, str(ROOT / "train.py"), f"--run_dir={run}", *map(str, flags)]
    going_on = 0
    for _ in range(kills):
        process = processes.Popen(command, stdout=subprocess.PIPE, text=True)
        log = run / "metrics.jsonl"
        lines = len(log.read_text().splitlines()) if log.exists() else 0
        deadline = time.time() + 120
        while process.poll() is None and time.time() < deadline:  # at least one more epoch
            more = log.exists() and len(log.read_text().splitlines()) > lines
            if more and any((run / "checkpoints").glob("step-*.weights.h5")):
                break
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 1.0))
        os.kill(process.pid, signal.SIGKILL)
        going_on += "Continuing" in process.communicate()[0]
    done = processes.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return going_on + ("Continuing" in done.stdout)


@pytest.mark.parametrize(
    ("model", "kills"), [("gan", 1), pytest.param("wgan_gp", 12, marks=pytest.mark.slow)]
)
def test_a_killed_run_ends_with_the_same_bits(finished, images, tmp_path, model, kills):
    given, (whole, _) = flags(model, images, 15 * kills + 3), finished
    if model != "gan":
        whole = tmp_path / "whole"
        done = process(f"--run_dir={whole}", *given)
        assert done.returncode == 0, done.stderr
    went_on = killed_and_restarted(given, tmp_path / "killed", kills, random.Random(kills))
    assert went_on >= 1, "no start found a checkpoint: the test did not test"
    expected, found = weights(whole), weights(tmp_path / "killed")
    assert expected.keys() == found.keys() and len(expected) > 40
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)
    logs = [
        (run / "metrics.jsonl").read_text().splitlines() for run in (whole, tmp_path / "killed")
    ]
    for one, other in zip(*logs, strict=True):
        one, other = json.loads(one), json.loads(other)
        for row in (one, other):
            row.pop("seconds"), row.pop("images_per_second", None)
        assert one == other


@pytest.fixture(scope="module")
def recipe(images):
    return Recipe().replace(
        {"model": "gan", "n_critic": 2, "dataset": f"npz:{images}", "steps": 12, "width": 4,
         "steps_per_epoch": 5, "image_size": 8, "latent_dim": 8, "batch_size": 16, "ema": 0.9,
         "precision": "float32", "replay": 40}
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """What it leaves where nothing interrupts it."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        untraced(patch)
        unexported(patch)
        run.train(recipe, folder, verbose=0, on_failure="rollback")
    return folder


def test_a_cured_run_goes_on_from_before_the_failure(recipe, tmp_path, monkeypatch, eagerly):
    weak = {"class_name": "R1", "config": {"weight": 0.5}}
    cure = {"title": "R1", "changes": {"penalties": [weak]}, "recovered": 3, "of": 3}
    monkeypatch.setattr(advice, "cures", lambda: {"collapse": [cure]})

    def found(windows, *rest):
        return {"collapse": "shown"} if windows[-1]["step"] == 8 else {}

    monkeypatch.setattr(diagnosis, "found", found)
    # The first checkpoint is the best one.
    monkeypatch.setattr(GAN, "measure", lambda gan, evaluate: {"swd": float(gan.step.numpy())})
    whole, other = tmp_path / "whole", tmp_path / "other"
    summary = run.train(recipe, whole, verbose=0, on_failure="cure")
    assert summary["steps"] == 12 - 5 and not summary["alarms"]  # 5 is where the last epoch ended
    goes_on = Recipe.load(whole / "cured" / "recipe.toml")
    assert goes_on.init == str(whole) and goes_on.learning["penalties"][0]["class_name"] == "R1"
    assert json.loads((whole / "summary.json").read_text())["steps"] == 8
    begin = callbacks.Throughput.on_train_batch_begin
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    for cured, moment in ((False, 6), (True, 2)):

        def ask(watch, batch, logs=None, cured=cured, at=moment):
            if int(watch.model.step.numpy()) == at and bool(watch.model.penalties) == cured:
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(callbacks.Throughput, "on_train_batch_begin", ask)
        with pytest.raises(KeyboardInterrupt):
            run.train(recipe, other, verbose=0, on_failure="cure")
    monkeypatch.setattr(callbacks.Throughput, "on_train_batch_begin", begin)
    signal.signal(signal.SIGINT, before)
    again = run.train(recipe, other, verbose=0, on_failure="cure")
    expected, got = weights(whole / "cured"), weights(other / "cured")
    for name, value in expected.items():
        np.testing.assert_array_equal(value, got[name], err_msg=name)
    monkeypatch.setattr(GAN, "fit", None)  # what is done is not done again
    assert run.train(recipe, other, verbose=0, on_failure="cure") == again
    assert cured_runs.last(other) == other / "cured"


def test_a_cure_of_a_run_that_was_never_well_starts_anew(recipe, tmp_path):
    recipe = recipe.resolved()
    files.write_text(tmp_path / "cure.json", json.dumps({"step": 3, "changes": {"loss": "hinge"}}))
    for best, value in ((5, 0.3), (2, None)):
        summary = {"best_step": best, "monitor": "swd", "metrics": {"swd": {"value": value}}}
        after = cured_runs.recipe(recipe, tmp_path, summary)
        assert after.init is None and after.steps == recipe.steps
        assert after.learning["loss"]["class_name"] == "Hinge"


@pytest.mark.parametrize("on_failure", [pytest.param("warn", marks=pytest.mark.slow), "rollback"])
def test_an_interrupted_run_goes_on_within_the_epoch(
    recipe, whole, tmp_path, monkeypatch, on_failure, quickly
):
    if on_failure != "rollback":
        whole = tmp_path / "whole"
        run.train(recipe, whole, verbose=0, on_failure=on_failure)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begin = callbacks.Throughput.on_train_batch_begin
    moments = [1, 4, 7]  # after 4 an epoch ends
    for moment in moments:

        def ask(watch, batch, logs=None, at=moment):
            if int(watch.model.step.numpy()) == at:
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(callbacks.Throughput, "on_train_batch_begin", ask)
        with pytest.raises(KeyboardInterrupt):
            run.train(recipe, tmp_path / "run", verbose=0, on_failure=on_failure)
        newest = max(
            r["step"] for r in callbacks.Checkpoint(tmp_path / "run/checkpoints").records()
        )
        assert newest == moment + 1
    monkeypatch.setattr(callbacks.Throughput, "on_train_batch_begin", begin)
    run.train(recipe, tmp_path / "run", verbose=0, on_failure=on_failure)
    signal.signal(signal.SIGINT, before)
    folders = whole, tmp_path / "run"
    expected, found = map(weights, folders)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)
    rows = [read(folder / "metrics.jsonl") for folder in folders]
    seen = [files.read_sealed(folder / "monitor.json") for folder in folders]
    for row in [*rows[0], *rows[1], *(w for s in seen for w in s["windows"])]:
        row.pop("seconds", None), row.pop("images_per_second", None)
    assert rows[0] == rows[1]
    assert seen[0] == seen[1]


# Within an epoch, and at the end of one.
@pytest.mark.parametrize("first", [7, pytest.param(5, marks=pytest.mark.slow)])
def test_a_finished_run_goes_on_with_more_steps(recipe, whole, tmp_path, first, quickly):
    run.train(recipe.replace({"steps": first}), tmp_path / "run", verbose=0)
    assert run.train(recipe, tmp_path / "run", verbose=0)["steps"] == 12
    assert Recipe.load(tmp_path / "run/recipe.toml").steps == 12
    expected, found = weights(whole), weights(tmp_path / "run")
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)
    if first == 5:  # or epochs begin at other steps
        rows = [read(folder / "metrics.jsonl") for folder in (whole, tmp_path / "run")]
        for row in [*rows[0], *rows[1]]:
            row.pop("seconds"), row.pop("images_per_second", None)
        assert rows[0] == rows[1]


def test_an_interrupt_says_how_to_go_on(images, tmp_path):
    command = [sys.executable, str(ROOT / "train.py"), f"--run_dir={tmp_path}/run"]
    command += [f"--dataset=npz:{images}", "--steps=100000", *TINY]
    process = processes.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.time() + 120
    while not list(tmp_path.rglob("step-*.json")) and time.time() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopping after this step" in out and "is saved." in out
    assert f"python train.py --run_dir={tmp_path}/run" in out
    assert "Traceback" not in err


def test_a_run_says_that_bfloat16_is_emulated(images, tmp_path, monkeypatch, quickly):
    monkeypatch.setattr(run.precision, "has_bfloat16", lambda: False)
    flags = [f"--run_dir={tmp_path / 'run'}", f"--dataset=npz:{images}", *TINY, "--steps=1"]
    done = train(*flags, "--precision=mixed_bfloat16")
    assert done.returncode == 0 and "--precision=float32 is faster" in done.stdout
