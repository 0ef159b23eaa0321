"""Features of the images of one data set, from the zoo's own classifiers."""

import math

import numpy as np
import pytest

import ganzoo
from ganzoo import data, metrics
from ganzoo.errors import InputError
from ganzoo.evaluation.evaluator import Evaluation
from ganzoo.metrics import domain, spaces

CLOTHES, LABELS = data.arrays("fashion_mnist_10k")


@pytest.fixture(scope="module")
def rows():
    return metrics.extract(CLOTHES[:4000], "fashion_mnist", batch_size=500)


@pytest.fixture(scope="module")
def judge():
    return metrics.extractor("fashion_mnist")


def test_features_know_the_classes(rows, judge):
    assert rows.shape == (4000, 128) and judge.precision == "float32"
    found = judge.probabilities(rows).argmax(1)
    assert (found == LABELS[:4000]).mean() > 0.95  # it was trained on images such as these


@pytest.mark.parametrize(
    ("name", "least"), [("mnist", 0.993), ("fashion_mnist", 0.925), ("cifar10", 0.75)]
)
def test_classifiers_are_as_good_as_their_cards_say(name, least):
    figures = ganzoo.zoo.info(f"classifier_{name}")["metrics"]["metrics"]
    stated, count = figures["accuracy"]["value"], 2000
    assert stated >= least
    try:
        images, labels = data.arrays(name, "test", limit=count)
    except InputError as error:
        pytest.skip(str(error))
    judge = metrics.extractor(name)
    found = judge.probabilities(metrics.extract(images, judge, batch_size=500)).argmax(1)
    deviation = math.sqrt(stated * (1.0 - stated) / count)  # of the accuracy on so few
    assert (found == labels).mean() == pytest.approx(stated, abs=3 * deviation)


def test_distance_grows_with_damage(rows):
    halves = metrics.fid(rows[:2000], rows[2000:])  # the classes take turns
    noise = np.random.default_rng(0).integers(-40, 41, CLOTHES[:1000].shape)
    noisy = np.clip(CLOTHES[:1000].astype(int) + noise, 0, 255).astype("uint8")
    noisy = metrics.fid(rows, metrics.extract(noisy, "fashion_mnist"))
    narrow = metrics.fid(rows, rows[LABELS[:4000] < 5])
    assert 0 < halves < noisy / 10 and halves < narrow / 10


def test_a_class_histogram_shows_what_is_missing(rows, judge):
    found = judge.probabilities(rows[LABELS[:4000] != 3])
    shares = metrics.class_histogram(found, 10)
    assert shares[3] < 0.03 and shares.sum() == pytest.approx(1)
    assert metrics.histogram_kl(shares) > 0.05


def test_other_sizes_are_resized_and_other_channels_refused(judge):
    large = CLOTHES[:8].repeat(2, axis=1).repeat(2, axis=2)
    assert metrics.extract(large, judge).shape == (8, 128)
    with pytest.raises(InputError, match=r"\(N, H, W, 1\)"):
        metrics.extract(np.repeat(CLOTHES[:8], 3, axis=-1), judge)
    with pytest.raises(InputError, match="resize"):
        metrics.extractor("mnist", resize="nearest")
    with pytest.raises(InputError, match=r"\(N, H, W, 3\)"):
        metrics.extract(large, "cifar10")


def test_the_digest_names_the_weights(judge):
    assert judge.digest.startswith("classifier_fashion_mnist-legacy-")
    assert judge.digest != metrics.extractor("fashion_mnist", resize="clean").digest


@pytest.mark.parametrize(
    ("name", "size", "channels", "features"),
    [("mnist", None, None, "mnist"), ("fashion_mnist_10k", 28, 1, "fashion_mnist"),
     ("cifar10", 32, None, "cifar10"), ("cifar10", 64, None, None), ("mnist", None, 3, None),
     ("tfds:mnist", None, None, "mnist"), ("folder:mnist", None, None, None)],
)  # fmt: skip
def test_the_features_of_a_data_set(name, size, channels, features):
    assert spaces.of_data(name, size, channels) == features


def test_a_recipe_can_ask_for_each_of_them():
    assert domain.SHAPES.keys() <= set(spaces.SPACES)


def test_stacked_digits_are_read_channel_by_channel():
    try:
        images, labels = data.arrays("mnist", "test", limit=600)
    except InputError as error:
        pytest.skip(str(error))
    stacked = np.concatenate([images[:200], images[200:400], images[400:]], axis=-1)
    found = metrics.stacked_modes(stacked)
    known = metrics.stacked_modes(np.stack([labels[:200], labels[200:400], labels[400:]], axis=1))
    assert abs(found.modes - known.modes) <= 4  # the classifier errs once in 200 digits
    with pytest.raises(InputError, match="each channel"):
        metrics.stacked_modes(images)


def test_stacked_images_are_read_channel_by_channel():
    images, modes = data.arrays("stacked:fashion_mnist_10k", limit=20)
    of = Evaluation(lambda num: images[:num], 20, "stacked:fashion_mnist_10k")
    (facts,) = of.facts(["stacked"])
    judge = metrics.extractor("mnist")
    read = [judge.probabilities(judge(images[..., i : i + 1])).argmax(1) for i in range(3)]
    found = metrics.stacked_modes(np.stack(read, axis=1))
    assert facts["stacked_modes"]["value"] == found.modes <= 20
    assert facts["stacked_kl"]["value"] == found.reverse_kl > np.log(50)
