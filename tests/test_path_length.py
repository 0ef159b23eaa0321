"""Perceptual path length and the diversity of LPIPS, against closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import InputError, cli, metrics, networks
from ganzoo.inference.sampler import Sampler
from ganzoo.metrics import diversity, learned_perceptual, path_length

SHAPE = (16, 16, 1)


@pytest.fixture
def squared(monkeypatch):
    """Puts the squared distance of pixels in the place of LPIPS."""

    def distance(a, b):
        return tf.reduce_sum(tf.square(a - b), axis=(1, 2, 3))

    def cached(network, data_dir=None):
        return distance

    monkeypatch.setattr(learned_perceptual.LPIPS, "cached", cached)


@pytest.fixture
def linear():
    """Returns a generator that is a matrix with 256 rows."""
    inputs = keras.Input((3,))
    x = keras.layers.Dense(256, use_bias=False)(inputs)
    return Sampler(keras.Model(inputs, keras.layers.Reshape(SHAPE)(x)), 3)


@pytest.mark.parametrize("ends", [False, True])
def test_in_z_it_is_the_squared_speed_on_the_great_circle(ends, squared, linear):
    matrix = linear.network.get_weights()[0].astype("float64")
    first, last = (linear.codes(200, 5 + i).values.astype("float64") for i in (0, 1))
    share = np.zeros(200) if ends else np.random.default_rng(5).random(200)
    lengths = [np.linalg.norm(x, axis=1) for x in (first, last)]
    angle = np.arccos((first * last).sum(1) / lengths[0] / lengths[1])
    ahead = np.cos(share * angle) / np.sin(angle) * angle
    back = -np.cos((1 - share) * angle) / np.sin(angle) * angle
    speeds = ((back[:, None] * first + ahead[:, None] * last) @ matrix) ** 2
    speeds = speeds.sum(1)
    low, high = np.percentile(speeds, [1, 99])
    expected = speeds[(speeds >= low) & (speeds <= high)].mean()
    got = metrics.perceptual_path_length(linear, 200, ends=ends, epsilon=1e-3, seed=5)
    assert got == pytest.approx(expected, rel=0.02)


def test_with_styles_it_goes_straight(squared):
    keras.utils.set_random_seed(0)
    sampler = Sampler(networks.stylegan2.generator((16, 16, 1), 4, 6), 6)
    first, last = (sampler.codes(8, i) for i in (0, 1))
    draw, shares = sampler.drawer(first), np.random.default_rng(0).random(8)[:, None, None]
    step = tf.constant((last.values - first.values).astype("float32"))
    middle = tf.constant((first.values + shares * (last.values - first.values)).astype("float32"))
    with tf.autodiff.ForwardAccumulator(middle, step) as forward:
        images = draw(middle)
    speeds = np.square(forward.jvp(images)).sum((1, 2, 3))
    low, high = np.percentile(speeds, [1, 99])
    expected = speeds[(speeds >= low) & (speeds <= high)].mean()
    got = metrics.perceptual_path_length(sampler, 8, epsilon=1e-3)
    assert got == pytest.approx(float(expected), rel=0.05)


def test_what_cannot_be_measured_is_refused(squared):
    small = Sampler(networks.mlp.generator((8, 8, 1), 4, 3), 3)
    with pytest.raises(InputError, match="expected images of 16 pixels or more"):
        metrics.perceptual_path_length(small, 4)
    with pytest.raises(InputError, match="num >= 2"):
        metrics.perceptual_path_length(small, 1)


def test_diversity_is_the_mean_of_random_pairs(monkeypatch):
    seen = []

    def lpips(a, b, network, data_dir):
        seen.append((network, len(a)))
        return np.abs(a.astype("float64") - b).mean((1, 2, 3))

    monkeypatch.setattr(diversity, "lpips", lpips)
    images = np.stack([np.full(SHAPE, 0), np.full(SHAPE, 100)]).astype("uint8")
    assert metrics.lpips_diversity(images, pairs=50) == pytest.approx(100)
    assert metrics.lpips_diversity(np.zeros((4, 32, 32, 3), "uint8"), pairs=20) == 0
    assert seen == [("vgg16", 50), ("alexnet", 20)]
    with pytest.raises(InputError, match="2 images or more"):
        metrics.lpips_diversity(images[:1])


def test_a_generator_is_evaluated_and_images_are_not(tmp_path, linear, monkeypatch, capsys):
    monkeypatch.setattr(metrics, "perceptual_path_length", lambda *args, **options: 7.0)
    linear.export(tmp_path / "model")
    np.savez(tmp_path / "images.npz", images=linear.sample(20))
    options = ["--against=fashion_mnist_10k", "--metrics=ppl", "--num=20", f"--out={tmp_path}"]
    assert cli.main(["evaluate", str(tmp_path / "model"), *options]) == 0
    assert "ppl" in (tmp_path / "evaluation.json").read_text()
    assert cli.main(["evaluate", str(tmp_path / "images.npz"), *options]) == 2
    assert "ppl is a metric of generators" in capsys.readouterr().err
    assert path_length.TRIMMED == (1, 99)
