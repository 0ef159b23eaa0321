"""Training by JAX: the same losses as TensorFlow's, the same run directory, clear refusals."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo.callbacks.run_log import read
from ganzoo.cli.train import main
from ganzoo.errors import InputError
from ganzoo.training import jax_backend, jax_run

ROOT = Path(__file__).parent.parent
SHAPE = (8, 8, 1)
LAZY = {"class_name": "R1", "config": {"interval": 3}}  # at D's turns 0 and 3, of four
UNROLLED = {
    "unroll": 2, "balance": 0.6,
    "replay": {"class_name": "PastCheckpoints", "config": {"kept": 1, "interval": 1, "share": 0.5}},
}  # fmt: skip
FAST = {
    "dcgan": {"ema": 0.5},
    "unrolled": UNROLLED,
    "wgan_gp": {"n_critic": 2, "penalties": ["gradient_penalty", LAZY]},
}
REST = {"acgan": {"num_classes": 3}, "lsgan": {"replay": 12}, "stylegan2": {}}
EACH = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]
# Both sides draw the same noise: numbers that depend on the shape alone.
PLAY = """
def fixed(shape, *args, **kwargs):
    count = int(np.prod(shape))
    numbers = np.sin(np.arange(1.0, count + 1.0)).reshape(shape)
    return keras.ops.convert_to_tensor(numbers, "float32")

def share(shape, *args, **kwargs):
    return 0.5 + 0.5 * fixed(shape)

def batch_of(part):
    rng = np.random.default_rng(part)
    return {"real": rng.uniform(-1, 1, (6, 8, 8, 1)).astype("float32"),
            "label": rng.integers(0, 3, 6).astype("int32")}

def created(name, options):
    return ganzoo.create(name, (8, 8, 1), width=2, latent_dim=4, seed=3, **options)
"""
JAX = f"""
import json, sys
from ganzoo.training import jax_backend
jax_backend.without_tensorflow()
import jax, keras
import numpy as np
import ganzoo
from ganzoo import random
from ganzoo.training import jax_game
{PLAY}
keras.random.normal, keras.random.uniform = fixed, share
found = {{}}
for name, options in json.loads(sys.argv[2]).items():
    gan = created(name, options)
    gan.load_weights(f"{{sys.argv[1]}}/{{name}}.weights.h5")
    game, found[name] = jax_game.JaxGame(gan), []
    state, play = game.state(), jax.jit(game.step)
    for step in range(2):
        batches = [batch_of(10 * step + turn) for turn in range(gan.n_critic)]
        state, logs = play(state, batches, random.key(gan.seed, step))
        found[name].append({{key: float(value) for key, value in logs.items()}})
        game.hold(state)
        gan.save_weights(f"{{sys.argv[1]}}/{{name}}_jax_{{step}}.weights.h5")
    if name == "dcgan":  # a game that was saved after its first step goes on as if it had not been
        other = created(name, options)
        other.load_weights(f"{{sys.argv[1]}}/{{name}}_jax_0.weights.h5")
        game = jax_game.JaxGame(other)
        state, _ = play(game.state(), batches, random.key(gan.seed, step))  # compiled already
        game.hold(state)
        assert int(other.step.value) == int(gan.step.value) == 2
        for one, same in zip(gan.weights, other.weights, strict=True):
            np.testing.assert_array_equal(one.numpy(), same.numpy(), one.path)
print(json.dumps(found))
"""


QUICKLY = {"JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # to compile


def jax_process(code, *args):
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=os.environ | QUICKLY
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Returns a function from the name of a variant to what `play` returns of its group."""

    @functools.cache
    def of(group):
        return play(tmp_path_factory, (FAST, REST)[group])

    return lambda name: of(int(name in REST))


def play(tmp_path_factory, variants):
    """Returns the logs of two steps of variants by TensorFlow and by JAX, and the folder."""
    folder, names = tmp_path_factory.mktemp("jax"), {}
    names |= {"np": np, "keras": keras, "ganzoo": ganzoo}
    exec(PLAY, names)
    logs = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.random, "normal", names["fixed"])
        patch.setattr(keras.random, "uniform", names["share"])
        for name, options in variants.items():
            keras.utils.set_random_seed(0)
            gan = names["created"](name, options)
            gan.save_weights(folder / f"{name}.weights.h5")
            patch.setattr(gan, "track", lambda logs: logs)  # the values of a step, not their means
            logs[name] = []
            for step in range(2):
                parts = [names["batch_of"](10 * step + turn) for turn in range(gan.n_critic)]
                batch = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
                found = gan.play({key: keras.ops.convert_to_tensor(x) for key, x in batch.items()})
                logs[name].append({key: float(value) for key, value in found.items()})
            gan.save_weights(folder / f"{name}_tensorflow.weights.h5")
    done = jax_process(JAX, folder, json.dumps(variants))
    assert done.returncode == 0, done.stderr[-2000:]
    return logs, json.loads(done.stdout.splitlines()[-1]), folder


@pytest.mark.parametrize("name", EACH)
def test_the_losses_are_those_of_tensorflow(played, name):
    expected, found, _ = played(name)
    for step, tolerance in ((0, 1e-4), (1, 2e-3)):
        assert expected[name][step].keys() == found[name][step].keys()
        for key, value in expected[name][step].items():
            assert found[name][step][key] == pytest.approx(value, rel=tolerance, abs=1e-4), key


@pytest.mark.parametrize("name", EACH)
def test_the_weights_after_it_are_those_of_tensorflow(played, name):
    gan = ganzoo.create(name, SHAPE, width=2, latent_dim=4, **(FAST | REST)[name])
    states = []
    for backend in ("tensorflow", "jax_1"):
        gan.load_weights(played(name)[2] / f"{name}_{backend}.weights.h5")
        states.append([weight.numpy() for weight in gan.weights])
    for one, other in zip(*states, strict=True):
        np.testing.assert_allclose(one, other, rtol=5e-3, atol=5e-4)


@pytest.mark.slow
def test_a_run_is_trained_finished_and_continued(tmp_path, quickly):
    flags = [
        "--model=gan", "--dataset=fashion_mnist_10k", "--image_size=8", "--width=2",
        "--latent_dim=4", "--batch_size=16", "--steps_per_epoch=3", "--features=pixels",
        "--precision=float32", f"--run_dir={tmp_path}", "--steps=6",
    ]  # fmt: skip
    command = [sys.executable, str(ROOT / "train.py"), "--backend=jax", *flags]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUICKLY)
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["steps"] == 6 and "JAX" in summary["hardware"] and "jax" in summary["versions"]
    assert summary["metrics"]["swd"]["value"] > 0 and summary["best_step"] in (3, 6)
    records = [json.loads(p.read_text()) for p in (tmp_path / "checkpoints").glob("*.json")]
    assert all("swd" in record for record in records)  # each was measured by TensorFlow
    assert (tmp_path / "saved_model" / "saved_model.pb").exists()
    assert (tmp_path / "samples.png").exists()
    assert main([f"--run_dir={tmp_path}", "--steps=9"], "train.py") == 0  # by TensorFlow
    assert json.loads((tmp_path / "summary.json").read_text())["steps"] == 9
    assert [row["step"] for row in read(tmp_path / "metrics.jsonl")] == [3, 6, 9]


SMALL = ["--backend=jax", "--image_size=16", "--width=2", "--steps=1"]


@pytest.mark.parametrize(
    ("flag", "words"),
    [("--strategy=mirrored", "one device"), ("--precision=mixed_float16", "does not scale losses")],
)
def test_what_it_lacks_is_refused_in_a_line(flag, words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(jax_backend, "without_tensorflow", lambda: None)  # it stays here
    assert main([*SMALL, f"--run_dir={tmp_path}/run", flag], "train.py") == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.slow
def test_what_needs_tensorflow_is_refused_in_a_line(tmp_path):
    code = "import sys; from ganzoo.cli.train import main; sys.exit(main(sys.argv[1:], 'train.py'))"
    done = jax_process(code, *SMALL, f"--run_dir={tmp_path}/run", "--model=imle")
    assert done.returncode == 2, done.stderr
    assert "needs TensorFlow" in done.stderr and done.stderr.count("\n") == 1


def test_an_absent_tensorflow_can_be_named_and_not_called():
    absent = jax_backend.Absent("tensorflow", __version__="none")
    assert absent.__version__ == "none" and not isinstance(3, absent.Tensor)
    assert (absent.Tensor | int) is int and (int | absent.Tensor) is int

    class Derived(absent.Module):
        pass

    assert Derived.__bases__ == (object,)
    with pytest.raises(InputError, match=r"needs TensorFlow \(tensorflow.linalg.svd\)"):
        absent.linalg.svd(3)


def test_orders_are_seekable_and_visit_every_example_once_a_pass():
    whole = jax_run.orders(10, 3, seed=1)
    first = [next(whole).tolist() for _ in range(9)]
    assert all(len({i for batch in first[k : k + 3] for i in batch}) == 9 for k in (0, 3, 6))
    for start in (1, 3, 5):
        later = jax_run.orders(10, 3, 1, start)
        assert [next(later).tolist() for _ in range(4)] == first[start : start + 4]
