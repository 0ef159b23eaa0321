"""Directions in a latent space: components, factors, classes, and the command that moves images."""

import keras
import numpy as np
import pytest
from PIL import Image

from ganzoo import InputError, cli, networks, zoo
from ganzoo.editing import directions
from ganzoo.inference.classifier import TrainedClassifier
from ganzoo.inference.sampler import Sampler


@pytest.fixture(scope="module")
def styled():
    keras.utils.set_random_seed(0)
    return Sampler(networks.stylegan2.generator((8, 8, 1), 4, 6), 6)


@pytest.fixture(scope="module")
def linear():
    """Returns a generator whose brightness is its first latent, and nothing else counts as much."""
    latents = keras.Input((5,))
    x = keras.layers.Dense(64, use_bias=False)(latents)
    network = keras.Model(latents, keras.layers.Reshape((8, 8, 1))(x))
    kernel = 0.01 * np.random.default_rng(0).normal(size=(5, 64))
    kernel[0] += 0.3
    network.set_weights([kernel])
    return Sampler(network, 5)


# --- without labels


def test_principal_components_are_those_of_the_styles(styled):
    found = directions.components(styled)
    styles = styled.codes(directions.SAMPLES, 0).values[:, 0]
    covariance = np.cov(styles.T)
    np.testing.assert_allclose(found.T @ found, covariance, atol=1e-4)
    np.testing.assert_allclose(found @ found.T, np.diag(np.square(found).sum(1)), atol=1e-4)
    lengths = np.linalg.norm(found, axis=1)
    assert (np.diff(lengths) <= 0).all()


def test_in_z_components_are_of_the_first_features(linear):
    found = directions.components(linear)
    assert np.abs(found[0, 0]) > 0.95 and np.abs(found[0, 1:]).max() < 0.2
    shares = np.abs(found[0]) / np.linalg.norm(found[0])
    assert shares[0] > 0.99


def test_labels_that_join_the_latents_are_left_out():
    generator = networks.dcgan.generator((8, 8, 1), 4, 6, num_classes=3)
    sampler = Sampler(generator, 6, num_classes=3)
    (dense,) = (x for x in generator.layers if isinstance(x, keras.layers.Dense))
    np.testing.assert_array_equal(directions._first(sampler), dense.kernel[:6])
    names, picture = directions.strips(sampler)
    assert names == ["pca:0", "pca:1", "pca:2"] and picture.ndim == 3


def test_strips_show_one_sample_moved(linear):
    names, picture = directions.strips(linear)
    assert names == ["pca:0", "pca:1", "pca:2"]
    row = linear.synthesize(
        directions.direction(linear, "pca:0").moved(linear.codes(1), [-3, -2, -1, 0, 1, 2, 3])
    )
    scale = picture.shape[1] // 56
    np.testing.assert_array_equal(picture[: 8 * scale : scale, ::scale], np.hstack(row))
    points = Sampler(networks.mlp.generator((2,), 4, 3), 3)
    assert directions.strips(points) is None


def test_factors_are_what_the_first_layer_stretches_most(linear, styled):
    kernel = linear.network.get_weights()[0]
    found = directions.factors(linear)
    gains = np.linalg.norm((found / np.linalg.norm(found, axis=1)[:, None]) @ kernel, axis=1)
    np.testing.assert_allclose(gains, np.linalg.svd(kernel)[1], rtol=1e-3)
    _, synthesis = styled.network.get_layer("mapping"), styled.network.get_layer("synthesis")
    maps = [
        np.asarray(x.affine.kernel) for x in synthesis._flatten_layers() if hasattr(x, "affine")
    ]
    found = directions.factors(styled)
    units = found / np.linalg.norm(found, axis=1)[:, None]
    gains = np.linalg.norm(units @ np.concatenate(maps, axis=1), axis=1)
    assert (np.diff(gains) <= 1e-4).all()


def test_where_latents_are_divided_components_are_of_the_images(monkeypatch):
    latents = keras.Input((4,))
    halves = [latents[:, :2], latents[:, 2:]]
    x = keras.layers.Concatenate()([keras.layers.Dense(32)(half) for half in halves])
    sampler = Sampler(keras.Model(latents, keras.layers.Reshape((8, 8, 1))(x)), 4)
    kernels = 0.001 * np.random.default_rng(0).normal(size=(2, 2, 32))
    kernels[1, 1] += 0.2  # the last latent is the brightness of the lower half
    sampler.network.set_weights([x for kernel in kernels for x in (kernel, np.zeros(32))])
    monkeypatch.setattr(directions, "DRAWN", 200)
    first = directions.components(sampler)[0]
    assert np.abs(first[3]) > 0.97 * np.linalg.norm(first)
    assert np.linalg.norm(first) == pytest.approx(1.0, rel=0.1)
    with pytest.raises(InputError, match="no first layer of all its latents"):
        directions.direction(sampler, "sefa:0")


# --- with labels


def test_a_class_lies_along_the_normal_of_its_boundary(linear, monkeypatch):
    images = keras.Input((8, 8, 1))
    features = keras.layers.GlobalAveragePooling2D()(images)
    logits = keras.layers.Dense(2, name="logits")
    network = keras.Model(images, [logits(features), features])
    logits.set_weights([np.array([[-9.0, 9.0]]), np.zeros(2)])
    judge = TrainedClassifier(network, 2)
    monkeypatch.setattr(zoo, "load_pretrained", lambda name: judge)
    found = directions.direction(linear, "class:1", "judge").vector
    assert found[0] > 0.9 and np.abs(found[1:]).max() < 0.2
    for which, message in (("2", "unknown class '2'"), ("boot", "unknown class 'boot'")):
        with pytest.raises(InputError, match=message):
            directions.direction(linear, f"class:{which}", "judge")
    logits.set_weights([np.zeros((1, 2)), np.array([1.0, 0.0])])
    with pytest.raises(InputError, match="got 0 of 4096 inside"):
        directions.direction(linear, "class:1", "judge")


def test_a_classifier_must_be_one(linear, monkeypatch):
    with pytest.raises(InputError, match=r"images \(8, 8, 1\): there is none"):
        directions.direction(linear, "class:1")
    monkeypatch.setattr(zoo, "load_pretrained", lambda name: linear)
    with pytest.raises(InputError, match="expected a classifier, got a generator"):
        directions.direction(linear, "class:1", "x")


# --- moving


def test_codes_are_moved_row_by_row(styled, linear):
    codes = styled.codes(2)
    one = directions.direction(styled, "pca:1")
    moved = one.moved(codes, [-1, 0, 2], layers=[0, 3])
    values = moved.values.reshape(2, 3, *codes.values.shape[1:])
    np.testing.assert_allclose(values[:, 1], codes.values, atol=1e-6)
    offset = values[:, 2] - codes.values
    np.testing.assert_allclose(
        offset[:, [0, 3]], np.broadcast_to(2 * one.vector, (2, 2, 6)), atol=1e-5
    )
    assert not offset[:, [1, 2]].any()
    other = directions.direction(linear, "pca:0")
    with pytest.raises(InputError, match="expected codes of the generator"):
        other.moved(codes, [1])
    with pytest.raises(InputError, match="one code for all layers"):
        other.moved(linear.codes(1), [1], layers=[0])


def test_strengths_are_a_range_or_a_list():
    assert directions.strengths_of("-3..3") == [-3, -2, -1, 0, 1, 2, 3]
    assert directions.strengths_of("0..1/3") == [0, 0.5, 1] and directions.strengths_of("2") == [2]
    assert directions.strengths_of("-1,0.5") == [-1, 0.5]
    for text in ("", "a", "1..", "0..1/1", "1;2"):
        with pytest.raises(InputError, match="--strength: expected"):
            directions.strengths_of(text)


def test_the_command_draws_a_strip_or_keeps_codes(linear, tmp_path, capsys):
    linear.export(tmp_path / "saved" / "1")
    words = ["edit", str(tmp_path / "saved" / "1"), "--seeds=0-1", "--strength=-2..2/5"]
    assert cli.main([*words, f"--out={tmp_path / 'x.png'}"]) == 0
    strip = np.asarray(Image.open(tmp_path / "x.png")).astype(int)
    rows = strip.reshape(2, strip.shape[0] // 2, 5, -1).mean((1, 3))
    assert (np.diff(rows, axis=1) > 0).all() or (np.diff(rows, axis=1) < 0).all()
    codes = tmp_path / "x.npz"
    assert cli.main([*words, f"--out={codes}"]) == 0
    again = [*words[:2], f"--codes={codes}", "--strength=0", f"--out={tmp_path / 'y.png'}"]
    assert cli.main(again) == 0
    assert "10 x 1 images along pca:0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--direction=pca:9", "a component from 0 to 4, got '9'"),
        ("--direction=up", "expected pca:N, sefa:N or class:NAME, got 'up'"),
        ("--layers=coarse", "omit the layers"),
        ("--strength=x", "--strength: expected"),
    ],
)
def test_what_does_not_fit_is_one_line(linear, tmp_path, flag, message, capsys):
    linear.export(tmp_path / "saved" / "1")
    assert cli.main(["edit", str(tmp_path / "saved" / "1"), flag, f"--out={tmp_path}/x.png"]) == 2
    line = capsys.readouterr().err
    assert message in line and line.count("\n") == 1
