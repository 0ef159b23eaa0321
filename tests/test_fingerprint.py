"""What is published is what a visitor gets: SavedModels known again by what they give."""

import copy
import json
from unittest import mock

import keras
import numpy as np
import processes
import pytest

from ganzoo import cli
from ganzoo.inference import saved_model
from ganzoo.inference.sampler import Sampler
from ganzoo.networks import dcgan
from ganzoo.zoo import fingerprint, places


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    keras.utils.set_random_seed(0)
    network = dcgan.generator((8, 8, 1), width=2, latent_dim=3)
    path = tmp_path_factory.mktemp("models") / "1"
    saved_model.save(Sampler(network, 3), path)
    return path


@pytest.fixture(scope="module")
def alone(folder):
    """What a process without GanZoo says of the folder, of one that is not there, of it again."""
    with mock.patch("subprocess.Popen", processes.Popen):
        return fingerprint.alone([folder, folder / "none", folder])


def test_a_process_without_ganzoo_gives_the_same_numbers(folder, alone):
    seen, missing, again = alone
    assert seen == again and "OSError" in missing and "\n" not in missing
    assert set(seen) == {"sample", "serving_default"}
    model = saved_model.load(folder)
    drawn = fingerprint.numbers(model.sample(fingerprint.NUM, seed=0))
    assert drawn["shape"] == [8, 8, 8, 1]
    assert fingerprint.difference({"sample": {"images": drawn}}, seen) is None
    latents = np.sin(np.arange(24.0)).reshape(8, 3)
    images = fingerprint.numbers(model(latents))
    assert fingerprint.difference({"serving_default": {"images": images}}, seen) is None


def test_numbers_of_a_small_array():
    found = fingerprint.numbers(np.array([[1.0, 3.0]]))
    assert (found["shape"], found["mean"], found["std"]) == ([1, 2], 2.0, 1.0)
    np.testing.assert_allclose(found["cosines"], [1 + 3 * np.cos(k) for k in (1, 2, 3, 5)])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda x: x + 1e-3 * np.sign(np.sin(7.3 * np.arange(x.size))).reshape(x.shape), True),
        (lambda x: x + 0.02, False),
        (lambda x: 1.02 * x, False),
        (lambda x: x[::-1], False),
        (lambda x: np.where(np.arange(x.size).reshape(x.shape) < 300, 0.0, x), False),
        (lambda x: x * np.nan, False),
        (lambda x: x[:4], False),
    ],
)
def test_other_weights_are_told_from_rounding(change, same):
    values = np.random.default_rng(0).normal(size=(8, 28, 28, 1))
    one, other = ({"f": {"images": fingerprint.numbers(x)}} for x in (values, change(values)))
    assert (fingerprint.difference(one, other) is None) == same
    assert "sample" in fingerprint.difference({"sample": one["f"]}, other)


@pytest.mark.parametrize(("off", "same"), [(1e-7, True), (1e-4, False)])
def test_alike_values_may_differ_by_what_float32_rounds(off, same):
    values = np.full(8, -232.642)
    other = values * (1 + off * np.sign(np.sin(7.3 * np.arange(8))))
    one, other = ({"f": {"scores": fingerprint.numbers(x)}} for x in (values, other))
    assert (fingerprint.difference(one, other) is None) == same


def test_verify_compares_with_the_card(folder, alone, tmp_path, monkeypatch, capsys):
    from ganzoo.publishing.entry import _contents

    monkeypatch.setattr("subprocess.Popen", processes.Popen)
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "ganzoo")
    place = tmp_path / "saved_models" / "toy" / "1"
    place.parent.mkdir(parents=True)
    place.symlink_to(folder)
    entry = {"version": 1, "description": "x", **_contents(place)}
    registry = {"format": 1, "base_url": "https://x.invalid", "entries": {"toy": entry}}
    (tmp_path / "saved_models" / "registry.json").write_text(json.dumps(registry))
    facts = tmp_path / "models" / "toy" / "metrics.json"
    facts.parent.mkdir(parents=True)
    seen = copy.deepcopy(alone[0])
    facts.write_text(json.dumps({"fingerprint": seen}))
    assert cli.main(["verify"]) == 0 and capsys.readouterr().out == "toy: ok\n"
    seen["sample"]["images"]["mean"] += 9.0
    facts.write_text(json.dumps({"fingerprint": seen}))
    assert cli.main(["verify", "--quick"]) == 0
    assert cli.main(["verify"]) == 1
    assert "toy: sample: expected images with mean" in capsys.readouterr().out
