"""Images in any form become features; moments of batches are those of the whole; the cache."""

import ast
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo import data, metrics
from ganzoo.errors import InputError
from ganzoo.metrics import cache
from ganzoo.metrics.batches import batches
from ganzoo.metrics.moments import Moments

IMAGES = np.random.default_rng(0).integers(0, 256, (10, 6, 5, 3), np.uint8)
FLOATS = IMAGES.astype(np.float32) / 127.5 - 1


def whole(images, **options):
    return np.concatenate(list(batches(images, **options)))


def means(images):
    """A feature network: the mean of each channel."""
    return images.mean((1, 2))


def dataset():
    return tf.data.Dataset.from_tensor_slices({"real": FLOATS, "label": np.zeros(10)}).batch(3)


FORMS = {
    "uint8": lambda: IMAGES,
    "float": lambda: FLOATS,
    "uint16": lambda: IMAGES.astype(np.uint16) * 257,
    "dataset of dicts": dataset,
    "dataset of uint8": lambda: tf.data.Dataset.from_tensor_slices(IMAGES).batch(4),
    "dataset of pairs": lambda: tf.data.Dataset.from_tensor_slices((IMAGES, range(10))).batch(4),
    "generator": lambda: (IMAGES[i : i + 4] for i in range(0, 10, 4)),
    "list of tensors": lambda: [keras.ops.convert_to_tensor(FLOATS[:7]), FLOATS[7:]],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_images(form):
    np.testing.assert_array_equal(whole(FORMS[form]()), IMAGES)
    sizes = [len(b) for b in batches(FORMS[form](), batch_size=2)]
    assert sum(sizes) == 10 and max(sizes) == 2
    np.testing.assert_array_equal(whole(FORMS[form](), num=5), IMAGES[:5])
    np.testing.assert_array_equal(whole(FORMS[form](), batch_size=1, num=1), IMAGES[:1])
    with pytest.raises(InputError, match="expected 11 images, got 10"):
        whole(FORMS[form](), num=11)


def test_folders_and_npz(tmp_path):
    for i, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    np.testing.assert_array_equal(whole(tmp_path), IMAGES)
    np.testing.assert_array_equal(whole(f"folder:{tmp_path}", batch_size=4), IMAGES)
    np.savez(tmp_path / "samples.npz", images=IMAGES)
    np.testing.assert_array_equal(whole(str(tmp_path / "samples.npz")), IMAGES)
    (tmp_path / "split" / "test").mkdir(parents=True)
    with pytest.raises(InputError, match="split/test"):
        whole(tmp_path / "split")
    with pytest.raises(InputError, match="ganzoo.data.load"):
        whole("fashion_mnist")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (IMAGES[..., 0], r"\(10, 6, 5\)"),
        (IMAGES > 100, "got bool"),
        (FLOATS * 255, "floats in"),
        (np.full((1, 4, 4, 3), np.nan, np.float32), "floats in"),
        (IMAGES.astype(int) * 2, "int64 from 0 to"),
        (IMAGES[:0], "none"),
        (3, "got int"),
        ([{"fake": IMAGES}], "real"),
        (np.zeros((2, 4, 4, 4), np.uint8), "C = 1 or 3"),
    ],
)
def test_wrong_images_are_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        whole(wrong)


def test_endless_datasets_need_a_number():
    endless = dataset().repeat()
    with pytest.raises(InputError, match="num=10000"):
        whole(endless)
    assert len(whole(endless, num=25)) == 25


def test_batches_are_not_held():
    """No more than one batch is alive at a time."""
    alive = []

    def source():
        for _ in range(5):
            alive.append(1)
            yield IMAGES
            assert len(alive) == 1
            alive.clear()

    for _ in batches(source()):
        pass


def test_extract(capsys):
    expected = means(IMAGES)
    np.testing.assert_allclose(metrics.extract(dataset(), means, batch_size=2), expected, rtol=1e-6)
    assert metrics.extract(IMAGES, means).dtype == np.float32
    given = np.random.default_rng(1).standard_normal((4, 7))
    assert metrics.extract(given) is not None and metrics.extract(given, num=3).shape == (3, 7)
    assert capsys.readouterr().out == ""
    metrics.extract(IMAGES, means, progress=True)
    assert "10/10" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"expected \(10, D\)"):
        metrics.extract(IMAGES, lambda images: images)
    with pytest.raises(InputError, match="NaN"):
        metrics.extract(IMAGES, lambda images: np.full((len(images), 2), np.nan))
    with pytest.raises(InputError, match="NaN"):
        metrics.extract(np.full((3, 2), np.nan))


def test_moments_of_batches_are_those_of_the_whole():
    rows = 1e4 + np.random.default_rng(2).standard_normal((101, 5))  # far from 0: cancels if naive
    parts = [Moments.of(rows[i : i + 7]) for i in range(0, 101, 7)]
    total = sum(parts[1:], parts[0])
    assert total.count == 101
    np.testing.assert_allclose(total.mean, rows.mean(0), rtol=1e-14)
    np.testing.assert_allclose(total.covariance, np.cov(rows.T), rtol=1e-8, atol=1e-10)
    found = metrics.moments(IMAGES, means, batch_size=3)
    np.testing.assert_allclose(found.covariance, np.cov(means(IMAGES).T), rtol=1e-10)
    assert metrics.moments(found) is found
    with pytest.raises(InputError, match="one width"):
        total + found
    with pytest.raises(InputError, match="at least 2"):
        _ = Moments.of(rows[:1]).covariance


def test_metrics_never_import_tensorflow():
    """So that they run under Keras' other backends; only data sets and folders need it."""
    room = pathlib.Path(metrics.__file__).parent
    for path in room.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            names.append(getattr(node, "module", None) or "")
            assert not any(name.startswith("tensorflow") for name in names), path


# The cache.


class Counting:
    """A feature network that says what it computes, and counts its calls."""

    digest, precision = "means-1", "float32"

    def __init__(self):
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return means(images)


def cached(network, *args, **options):
    return cache.real_features(*args, features=network, **options)


def test_real_features_are_computed_once(tmp_path):
    network = Counting()
    name, options = "fashion_mnist_10k", {"data_dir": str(tmp_path), "num": 20}
    first = cached(network, name, "train", **options)
    calls = network.calls
    assert first.shape == (20, 1) and calls
    np.testing.assert_array_equal(cached(network, name, "train", **options), first)
    assert network.calls == calls
    moments = cache.real_moments(name, "train", features=network, **options)
    np.testing.assert_allclose(moments.mean, first.mean(0), rtol=1e-6)
    assert network.calls == calls
    for other in ({"num": 21}, {"image_size": 14}, {"channels": 3}):
        cached(network, name, "train", **{**options, **other})
        assert network.calls > calls
        calls = network.calls
    network.digest = "means-2"
    cached(network, name, "train", **options)
    assert network.calls > calls


def test_of_very_many_images_only_the_moments_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_LARGEST", 19)
    network, options = Counting(), {"data_dir": str(tmp_path), "num": 20}
    first = cache.real_moments("fashion_mnist_10k", "train", features=network, **options)
    (path,) = (tmp_path / "statistics").iterdir()
    assert path.name.startswith("moments-")
    again = cache.real_moments("fashion_mnist_10k", "train", features=network, **options)
    assert network.calls == 1 and again.count == first.count == 20
    np.testing.assert_array_equal(again.scatter, first.scatter)
    with pytest.raises(InputError, match="got 10000"):
        cached(network, "fashion_mnist_10k", "train", data_dir=str(tmp_path), num=10_001)


def test_a_damaged_file_is_computed_again(tmp_path):
    network = Counting()
    options = {"data_dir": str(tmp_path), "num": 20}
    first = cached(network, "fashion_mnist_10k", "train", **options)
    (path,) = (tmp_path / "statistics").iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    again = cached(network, "fashion_mnist_10k", "train", **options)
    np.testing.assert_array_equal(again, first)
    assert network.calls == 2


def test_a_folder_that_changed_is_computed_again(tmp_path):
    network, folder = Counting(), tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(IMAGES):
        Image.fromarray(image).save(folder / f"{i}.png")
    options = {"data_dir": str(tmp_path / "cache")}
    first = cached(network, f"folder:{folder}", "train", **options)
    np.testing.assert_allclose(first, means(IMAGES), rtol=1e-6)
    cached(network, f"folder:{folder}", "train", num=len(IMAGES), **options)
    assert network.calls == 1  # all of them are all of them
    Image.fromarray(IMAGES[0] // 2).save(folder / "3.png")
    assert not np.allclose(cached(network, f"folder:{folder}", "train", **options), first)


def test_a_callers_own_function_is_not_cached(tmp_path):
    options = {"data_dir": str(tmp_path), "num": 20}
    a = cached(means, "fashion_mnist_10k", "train", **options)
    b = cached(lambda images: means(images) + 1, "fashion_mnist_10k", "train", **options)
    np.testing.assert_allclose(a + 1, b, rtol=1e-6)
    assert not (tmp_path / "statistics").exists()


def test_enough_is_read_from_names_and_splits():
    real = data.load("fashion_mnist_10k", "train", 64, shuffle=False, drop_remainder=False)
    assert len(whole(real, num=100)) == 100


def test_features_of_samples_are_kept_by_their_content(tmp_path, monkeypatch):
    network, options = Counting(), {"data_dir": str(tmp_path)}
    first = metrics.sample_features(IMAGES, network, **options)
    np.testing.assert_array_equal(first, metrics.extract(IMAGES, network))
    calls = network.calls
    np.testing.assert_array_equal(metrics.sample_features(IMAGES.copy(), network, **options), first)
    assert network.calls == calls
    metrics.sample_features(IMAGES[::-1], network, **options)
    assert network.calls > calls
    metrics.sample_features(IMAGES, means, **options)  # a function is not known by a digest
    assert len(list((tmp_path / "statistics").iterdir())) == 2
    monkeypatch.setattr(cache, "_SETS", 1)
    metrics.sample_features(IMAGES[:5], network, **options)
    assert len(list((tmp_path / "statistics").iterdir())) == 1
