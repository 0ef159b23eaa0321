"""The look at some examples before a training: it knows wrong data, and is silent about others."""

import numpy as np
import pytest

from ganzoo import cli, data
from ganzoo.data import report
from ganzoo.data.source import Memory

NAMES = tuple("0123456789")


@pytest.fixture(scope="module")
def clothes():
    return data.arrays("fashion_mnist_10k", limit=500)


def problems(images, labels=None, **options) -> dict:
    source = Memory("mine", "train", images, labels, labels is not None and NAMES)
    return data.check(source, **options).problems


@pytest.mark.parametrize("name", ["fashion_mnist_10k", "ring8", "edges:fashion_mnist_10k"])
def test_nothing_is_wrong_with_known_sets(name):
    found = data.check(data.open(name))
    assert found.problems == {} and len(found.lines()) == 1
    assert found.facts.startswith("500 looked at")


@pytest.mark.parametrize("name", ["mnist", "cifar10", "stacked:mnist"])
def test_nothing_is_wrong_with_published_sets(name):
    if not data.has_split(name, "train"):
        pytest.skip(f"no {name}: .ci/fetch FOLDER brings it")
    assert data.check(data.open(name)).problems == {}


def test_each_kind_of_wrong_data_has_its_name(clothes):
    images, labels = clothes
    black = images.copy()
    black[::2] = 0
    assert "50% of the images are of a single color" in problems(black)["one_color"]
    assert problems(np.repeat(images[:1], 500, axis=0)) == {"copies": "the images are all the same"}
    few = problems(images[np.arange(500) % 100])
    assert few == {"copies": "80% of the images are copies of others"}
    assert "from 0 to 1, of 0 to 255" in problems(images // 255)["narrow_range"]
    assert "from 100 to 131" in problems(100 + images // 8)["narrow_range"]
    assert problems(images, np.full(500, 3)) == {"one_label": "all examples have the label 3"}
    shuffled = np.random.default_rng(0).permutation(labels)
    assert set(problems(images, shuffled)) == {"shuffled_labels"}
    assert problems(images, shuffled, labels_matter=False) == {}
    assert problems(images, labels) == {}


def test_half_of_the_labels_may_be_wrong(clothes):
    images, labels = clothes
    half = labels.copy()
    half[::2] = np.random.default_rng(0).permutation(half[::2])
    assert problems(images, half) == {}


def test_pairs_of_the_same_pictures_are_named(clothes):
    source = data.open("edges:fashion_mnist_10k")
    source.examples = lambda limit: {"x": clothes[0], "y": clothes[0]}
    assert set(data.check(source).problems) == {"same_pictures"}


def test_the_nearest_other_row():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [5.0, 6.0]])
    assert report._nearest(rows).tolist() == [1, 0, 3, 2]
    sums = report._small(np.ones((2, 28, 30, 3), "uint8"))
    assert sums.shape[0] == 2 and sums[0].sum() == 28 * 30


def test_a_run_says_what_it_saw_and_alarms_name_it(tmp_path, capsys):
    images = np.zeros((300, 8, 8, 1), "uint8")
    images[:120] = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 1))
    np.savez(tmp_path / "mine.npz", images=images)
    rates = [f"--{side}_optimizer.learning_rate=100" for side in "gd"]
    words = ["--model=dcgan", f"--dataset=npz:{tmp_path}/mine.npz", f"--run_dir={tmp_path}/run"]
    words += ["--steps=20", "--batch_size=8", "--width=4", "--precision=float32", *rates]
    assert cli.main(["train", *words]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "The data: 300 looked at, values of the images from 0 to 255" in said
    assert "WARNING: 60% of the images are of a single color." in said
    alarms = (tmp_path / "run" / "alarms.jsonl").read_text().splitlines()
    assert alarms and all("60% of the images are of a single color; " in line for line in alarms)
