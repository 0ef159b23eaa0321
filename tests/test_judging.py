"""Better samples by the critic: rejection, and refinement of latents, on games with a known answer.

The generator is the identity, and the critic the log odds of a normal distribution with another
mean, so that the data that it believes in are known.
"""

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo import cli
from ganzoo.errors import InputError
from ganzoo.inference import judging, saved_model
from ganzoo.inference.critic import Critic
from ganzoo.inference.sampler import Sampler

MEAN = np.array([1.0, -0.5], "float32")


def linear(values, bias=False):
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(np.shape(values)[1], use_bias=False)
    network = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.asarray(values, "float32")])
    return network


@pytest.fixture
def sampler():
    """Returns a generator of N(0, I) with the critic that knows N(MEAN, I)."""
    found = Sampler(linear(np.eye(2)), latent_dim=2)
    critic = Critic(linear(MEAN[:, None]), loss="NonSaturating")
    found.kept = {"critic": lambda: critic}
    return found


def test_langevin_dynamics_find_the_distribution_that_the_critic_knows(sampler, monkeypatch):
    monkeypatch.setattr(judging, "SIZE", 2000)
    start = np.asarray(sampler.latents(4000, 0))
    moved = judging.refined(sampler, start, steps=80, step=0.2)
    assert moved.shape == (4000, 2) and moved.dtype == np.float32
    np.testing.assert_allclose(moved.mean(0), MEAN, atol=0.08)
    np.testing.assert_allclose(np.cov(moved.T), np.eye(2) / (1 - 0.2 / 4), atol=0.1)
    first, again = (judging.refined(sampler, start[:50], steps=3, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("percentile", [0.0, 50.0, 95.0])
def test_samples_are_accepted_as_often_as_the_paper_says(percentile, sampler, monkeypatch):
    monkeypatch.setattr(judging, "SIZE", 5000)
    monkeypatch.setattr(judging, "PROBES", 5000)
    monkeypatch.setattr(judging, "ROUNDS", 400)
    found = judging.accepted(sampler, 3000, 0, percentile=percentile)
    z = np.random.default_rng(0).normal(size=(200_000, 2))
    below = z @ MEAN - (z[:5000] @ MEAN).max()
    odds = np.minimum(below, 0) - np.log(1 - np.exp(np.minimum(below, 0) - 1e-6))
    share = 1 / (1 + np.exp(-(odds - np.percentile(odds, percentile))))
    expected = (z * share[:, None]).sum(0) / share.sum()
    np.testing.assert_allclose(found.mean(0), expected, atol=0.12)
    assert percentile < 90 or np.linalg.norm(found.mean(0) - MEAN) < 0.6


def test_a_larger_number_begins_with_the_samples_of_a_smaller_one(sampler):
    few, many = (judging.accepted(sampler, num, 3) for num in (5, 40))
    np.testing.assert_array_equal(few, many[:5])
    assert not np.array_equal(judging.accepted(sampler, 5, 4), few)


def test_where_all_are_refused_the_best_is_taken(sampler, monkeypatch):
    monkeypatch.setattr(judging, "ROUNDS", 3)
    monkeypatch.setattr(judging, "_odds", lambda scores, top: np.full(len(scores), -1e9)
                        if len(scores) < judging.PROBES else np.zeros(len(scores)))  # fmt: skip
    found = judging.accepted(sampler, 20, 0) @ MEAN
    assert found.mean() > 0.5  # the largest of three normal numbers, 0.85 deviations above the mean


def test_samples_of_a_run_are_judged_by_its_critic(tmp_path, capsys):
    gan = ganzoo.create("cgan", (8, 8, 1), num_classes=3, width=4, latent_dim=4)
    gan.export(tmp_path / "1", companions=True)
    sampler = saved_model.load(tmp_path / "1")
    assert sampler.critic().loss == "NonSaturating"
    plain = sampler.sample(6, 0, labels=[0, 1, 2, 0, 1, 2])
    for options in ({"rejection": 80}, {"refine": 3}, {"rejection": 50, "refine": 2}):
        images = sampler.sample(6, 0, labels=[0, 1, 2, 0, 1, 2], **options)
        assert images.shape == plain.shape and not np.array_equal(images, plain)
        codes = sampler.codes(6, 0, labels=[0, 1, 2, 0, 1, 2], **options)
        np.testing.assert_array_equal(sampler.synthesize(codes), images)
    words = ["sample", str(tmp_path / "1"), "--num=6", f"--out={tmp_path / 'grid.png'}"]
    assert cli.main([*words, "--rejection", "--refine=2"]) == 0
    assert (tmp_path / "grid.png").is_file()
    assert cli.main([*words, "--rejection=101"]) == 2
    assert cli.main([*words, "--refine", "--interpolate=3"]) == 2
    said = capsys.readouterr().err
    assert "a percentile from 0 to below 100, got 101" in said
    assert "--rejection and --refine: expected neither" in said


@pytest.mark.parametrize(
    "options, said",
    [
        ({"rejection": 100}, "a percentile from 0 to below 100, got 100"),
        ({"rejection": 50, "truncation": 0.7}, "truncation: omit it"),
        ({"refine": 0}, "at least 1 step, got 0"),
        ({"refine": 5, "latents": np.zeros((4, 2))}, "latents: omit them"),
    ],
)
def test_what_does_not_fit_is_refused(options, said, sampler):
    with pytest.raises(InputError, match=said):
        sampler.sample(**{"num": None if "latents" in options else 4} | options)


def test_without_a_critic_or_without_log_odds_it_is_refused(sampler):
    sampler.kept["critic"]().loss = "Wasserstein"
    with pytest.raises(InputError, match="was trained with Wasserstein"):
        sampler.sample(4, rejection=50)
    assert sampler.sample(4, refine=1).shape == (4, 2)
    sampler.kept = {}
    for option in ("rejection", "refine"):
        with pytest.raises(InputError, match="with its critic beside it"):
            sampler.sample(4, **{option: 50})
    with pytest.raises(InputError, match="expected num and seed"):
        sampler.codes(seeds=[1, 2], rejection=50)
