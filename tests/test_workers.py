"""Several workers: processes of one training, by `ganzoo launch`, over this machine's network."""

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
import tensorflow as tf

from ganzoo import cli
from ganzoo.cli import launch
from ganzoo.engine import distribute
from ganzoo.errors import InputError
from ganzoo.testing import saved_weights as weights
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

ROOT = Path(__file__).parent.parent
FLAGS = {
    "model": "gan", "n_critic": 2, "image_size": 12, "width": 2, "latent_dim": 4,
    "batch_size": 12, "steps": 4, "steps_per_epoch": 4, "precision": "float32",
    "features": "pixels", "seed": 3, "dataset": "fashion_mnist_10k",
}  # fmt: skip


def command(run_dir, workers=2, launch=(), **flags) -> list[str]:
    words = [f"--{key}={value}" for key, value in (FLAGS | flags).items()]
    return [
        sys.executable, "-m", "ganzoo.cli", "launch", f"--workers={workers}", *launch, "--",
        str(ROOT / "train.py"), "--strategy=multiworker", f"--run_dir={run_dir}", *words,
    ]  # fmt: skip


def launched(*args, **flags) -> subprocess.CompletedProcess:
    return subprocess.run(command(*args, **flags), capture_output=True, text=True, timeout=300)


def test_two_workers_are_as_two_devices_of_one(replicas, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(subprocess, "Popen", processes.Popen)
    assert cli.main(command(tmp_path / "workers")[3:]) == 0
    said = capfd.readouterr().out
    assert "on 2 devices" in said and "ganzoo sample" in said
    recipe = Recipe.load(tmp_path / "workers" / "recipe.toml")
    run.train(recipe, tmp_path / "devices", strategy=replicas, verbose=0)
    expected, found = weights(tmp_path / "devices"), weights(tmp_path / "workers")
    assert expected.keys() == found.keys() and len(expected) > 30
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    rows = [(tmp_path / kind / "metrics.jsonl").read_text() for kind in ("workers", "devices")]
    for one, other in zip(*(map(json.loads, text.splitlines()) for text in rows), strict=True):
        assert one["d_adv"] == pytest.approx(other["d_adv"], rel=1e-3)


SECOND = """
import numpy as np, tensorflow as tf, ganzoo
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
for width in (4, 8):
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        gan = ganzoo.create("gan", (2,), width=width, latent_dim=4)
    try:
        gan.fit(np.zeros((8, 2), "float32"), batch_size=4, verbose=0)
    except ganzoo.InputError as error:
        print(width, error)
"""


def test_a_second_mirrored_strategy_of_a_process_is_refused():
    done = processes.run([sys.executable, "-c", SECOND], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8 expected a single tf.distribute strategy in this process")


def children(process) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return list(map(int, listed.read_text().split()))


def killed(run_dir, which: int, epochs: int = 1, **flags) -> tuple[int, float, str]:
    """Kills a worker after so many epochs; returns the status, how long the end took, the words."""
    process = subprocess.Popen(
        command(run_dir, **flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.time() + 200
    while time.time() < deadline and len(list(run_dir.glob("checkpoints/step-*.json"))) < epochs:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.kill(children(process)[which], signal.SIGKILL)
    began = time.time()
    said = process.communicate(timeout=120)[0]
    return process.returncode, time.time() - began, said


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("workers", [2, 3])
def test_a_killed_worker_ends_all_and_the_run_goes_on(tmp_path, which, workers):
    flags = {"workers": workers, "steps": 120, "steps_per_epoch": 10}
    whole = launched(tmp_path / "whole", **flags)
    assert whole.returncode == 0, whole.stderr
    status, seconds, said = killed(tmp_path / "killed", which, **flags)
    assert status == 128 + 9 and seconds < 60, said
    assert f"worker {which} ended with status -9" in said
    assert "Traceback" not in said and "Restart all workers" in said
    again = launched(tmp_path / "killed", **flags)
    assert again.returncode == 0 and "Continuing" in again.stdout, again.stderr
    expected, found = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_the_launcher_says_what_is_wrong(tmp_path, capsys):
    assert cli.main(["launch", "--workers=2"]) == 2
    assert "expected a program after --" in capsys.readouterr().err
    assert cli.main(["launch", "--", str(tmp_path / "nothing")]) == 2
    assert "cannot start" in capsys.readouterr().err


def test_the_launcher_stops_all_if_one_fails_and_starts_again(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(launch, "GRACE", 1.0)
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys, time\n"
        "place = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
        "sys.stdout.write(f'place {place}\\n')\n"  # at once, so that others do not write within
        "sys.stdout.flush()\n"
        "sys.exit(7) if place == 1 else time.sleep(100)\n"
    )
    began = time.time()
    assert cli.main(["launch", "--workers=3", "--restarts=1", "--", str(program)]) == 7
    assert time.time() - began < 30
    out, err = capfd.readouterr()
    assert out.count("place 0") == 2 and out.count("[worker 2] place 2") == 2
    assert err.count("worker 1 ended with status 7") == 2 and "restart 1 of 1" in err


CONFIGS = {
    "": "got ''",
    "{": "got '{'",
    '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}': "index",
    '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}': "ps",
    '{"cluster": {"worker": [1]}, "task": {"type": "worker", "index": 0}}': "ganzoo launch",
}


@pytest.mark.parametrize(("config", "words"), CONFIGS.items())
def test_a_wrong_tf_config_is_one_line(config, words, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=words):
        distribute.strategy_of("multiworker")


def test_one_process_is_its_own_chief():
    assert distribute.is_chief() and distribute.is_chief(tf.distribute.get_strategy())
    with pytest.raises(InputError, match="unknown strategy 'mirrord'. Did you mean 'mirrored'"):
        distribute.strategy_of("mirrord")
