"""The order of batches, the in-memory sources and what is said about wrong values."""

import hashlib
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import data
from ganzoo.data import fashion_mnist_10k, sources, toys
from ganzoo.data.order import Order
from ganzoo.errors import InputError
from ganzoo.metrics import spaces


@pytest.fixture
def numbered(tmp_path):
    """A set of 10 images, each of one shade: its own number."""
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    np.savez(tmp_path / "numbered.npz", images=images, labels=np.arange(10))
    return f"npz:{tmp_path / 'numbered.npz'}"


def numbers(batches):
    """The number of each example, batch by batch."""
    real = [np.asarray(batch["real"])[:, 0, 0, 0] for batch in batches]
    return [np.rint((x + 1) * 127.5).astype(int).tolist() for x in real]


def test_embedded_set_is_what_it_was():
    images, labels = data.arrays("fashion_mnist_10k")
    assert images.shape == (10000, 28, 28, 1) and images.dtype == np.uint8
    assert labels.dtype == np.int32 and labels[:12].tolist() == [*range(10), 0, 1]
    assert len({image.tobytes() for image in images}) > 9980  # two pairs or so are alike upstream
    assert hashlib.sha256(images.tobytes()).hexdigest() == EMBEDDED_SHA256
    info = data.info("fashion_mnist_10k")
    assert (info.num_examples, info.image_shape, info.num_classes) == (10000, (28, 28, 1), 10)
    assert info.class_names[9] == "Ankle boot"


EMBEDDED_SHA256 = "86dc874cb93f2bd50f6319849c2baf224b877e8d74ecb5b8fbe6fca3b7d87aff"


def test_sheet_round_trip():
    labels = np.repeat(np.arange(10), 1100)[::-1]
    images = np.random.default_rng(0).integers(0, 256, (11000, 28, 28, 1), np.uint8)
    dealt = fashion_mnist_10k.from_sheet(fashion_mnist_10k.to_sheet(images, labels))
    for c in (0, 7):
        np.testing.assert_array_equal(dealt[c::10], images[labels == c][:1000])


def test_batches_are_floats_in_range():
    batches = data.load("fashion_mnist_10k", batch_size=100)
    assert batches.element_spec == {
        "real": tf.TensorSpec((100, 28, 28, 1), tf.float32),
        "label": tf.TensorSpec((100,), tf.int32),
    }
    assert int(batches.cardinality()) == 100
    batch = next(iter(batches))
    assert float(tf.reduce_min(batch["real"])) == -1.0
    assert 0.9 < float(tf.reduce_max(batch["real"])) <= 1.0
    assert batches.options().experimental_distribute.auto_shard_policy.name == "DATA"


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10])
@pytest.mark.parametrize("start", [1, 2, 3, 7, 11])
def test_endless_stream_can_be_entered_anywhere(numbered, batch_size, start):
    whole = data.load(numbered, batch_size=batch_size, repeat=True, seed=5)
    late = data.load(numbered, batch_size=batch_size, repeat=True, seed=5, start_batch=start)
    expected = list(itertools.islice(whole, start, start + 12))
    for one, other in zip(expected, late.take(12), strict=True):
        np.testing.assert_array_equal(one["real"], other["real"])
        np.testing.assert_array_equal(one["label"], other["label"])


def test_entering_far_away_is_at_once():
    stream = data.load("fashion_mnist_10k", repeat=True, start_batch=10**15)
    assert next(iter(stream))["real"].shape == (64, 28, 28, 1)


def test_endless_epochs_are_different_permutations(numbered):
    stream = numbers(data.load(numbered, batch_size=5, repeat=True).take(8))
    epochs = [tuple(sum(stream[i : i + 2], [])) for i in range(0, 8, 2)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len(set(epochs)) > 1
    assert numbers(data.load(numbered, batch_size=5, repeat=True, seed=1).take(8)) != stream


def test_endless_epoch_leaves_out_the_remainder(numbered):
    stream = numbers(data.load(numbered, batch_size=4, repeat=True).take(20))
    for first, second in zip(stream[::2], stream[1::2], strict=True):
        assert len({*first, *second}) == 8
    assert len({n for batch in stream for n in batch}) == 10  # not always the same two


def test_one_pass_is_the_order_of_the_endless_epochs(numbered):
    one_pass = data.load(numbered, batch_size=5, seed=3)
    endless = numbers(data.load(numbered, batch_size=5, seed=3, repeat=True).take(6))
    tf.random.set_seed(99)  # TensorFlow's global seed is none of our business
    assert [batch for _ in range(3) for batch in numbers(one_pass)] == endless
    again = data.load(numbered, batch_size=5, seed=3)
    assert numbers(again) == endless[:2]


def test_one_pass_may_keep_its_remainder(numbered):
    batches = data.load(numbered, batch_size=4, shuffle=False, drop_remainder=False)
    assert int(batches.cardinality()) == 3
    assert numbers(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert numbers(data.load(numbered, batch_size=64, shuffle=False, drop_remainder=False))
    shuffled = data.load(numbered, batch_size=4, drop_remainder=False)
    assert sorted(sum(numbers(shuffled), [])) == list(range(10))


def test_shuffled_neighbours_are_strangers():
    order = next(iter(Order(60000).indices(60000))).numpy()
    assert len(set(order.tolist())) == 60000
    for lag in (1, 2, 4):  # 0.3 at lag 2 without the second round of shuffling
        assert abs(np.corrcoef(order[lag:], order[:-lag])[0, 1]) < 0.02


def test_orders_do_not_come_round():
    """TensorFlow's shuffle takes 8 bits of a seed at this size: order 256 was order 0."""

    def order(seed, epoch):
        shuffled = Order(50, seed).shuffled(tf.range(50, dtype=tf.int64), 50, tf.constant(epoch))
        return tuple(shuffled.numpy())

    numbers = [0, 1, 2, 3, 2**8, 2**9, 2**16, 2**32]
    orders = {order(seed, np.int64(epoch)) for seed in numbers for epoch in numbers}
    assert len(orders) == len(numbers) ** 2


def test_fit_sees_each_epoch_and_its_length(numbered):
    class Collect(keras.Model):
        seen = []

        def train_step(self, batch):
            tf.py_function(
                lambda x: self.seen.append(numbers([{"real": x}])[0]), [batch["real"]], []
            )
            return {"loss": 0.0}

    model = Collect()
    model.compile()
    model.fit(data.load(numbered, batch_size=5), epochs=2, verbose=0, shuffle=False)
    assert len(model.seen) == 4 and sorted(sum(model.seen[2:], [])) == list(range(10))


def test_replicas_share_a_batch(numbered):
    cpus = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([cpus[0].name])
    plain = data.load(numbered, batch_size=4, repeat=True).take(3)
    # To its end: TensorFlow may crash when such an iterator is dropped while it fetches ahead.
    got = [batch["real"] for batch in strategy.experimental_distribute_dataset(plain)]
    for one, other in zip(got, plain, strict=True):
        np.testing.assert_array_equal(one, other["real"])


def test_size_and_channels():
    images, _ = data.arrays("fashion_mnist_10k", image_size=(32, 16), channels=3, limit=20)
    assert images.shape == (20, 32, 16, 3)
    np.testing.assert_array_equal(images[..., 0], images[..., 2])
    assert data.info("fashion_mnist_10k", image_size=32, channels=3).image_shape == (32, 32, 3)


def test_crop_is_about_the_centre(tmp_path):
    wide = np.zeros((1, 4, 12, 3), np.uint8)
    wide[:, :, 4:8] = (255, 0, 0)
    np.savez(tmp_path / "wide.npz", wide)
    images, labels = data.arrays(f"npz:{tmp_path}/wide.npz", image_size=4)
    assert labels is None and (images == (255, 0, 0)).all()
    grey, _ = data.arrays(f"npz:{tmp_path}/wide.npz", image_size=4, channels=1)
    assert grey.shape == (1, 4, 4, 1) and (grey == 76).all()  # 0.299 red


def test_limit_is_a_fair_choice_of_the_set(numbered):
    some = data.arrays(numbered, limit=5)[1].tolist()
    assert len(set(some)) == 5 and some == data.arrays(numbered, limit=5)[1].tolist()
    assert len(data.arrays(numbered, limit=50)[1]) == 10


@pytest.mark.parametrize("name", ["fashion_mnist_10k", "ring8", "grid25"])
def test_limit_leaves_no_class_out(name):  # their classes take turns: every n-th is of one class
    _, labels = data.arrays(name, limit=1000)
    counts = np.bincount(labels)
    assert len(counts) == data.info(name).num_classes and counts.min() > 15


@pytest.mark.parametrize(("name", "modes"), [("ring8", 8), ("grid25", 25)])
def test_mixtures(name, modes):
    points, labels = data.arrays(name)
    mixture = toys.MIXTURES[name]
    assert points.shape == (100_000, 2) and points.dtype == np.float32
    assert mixture.centers.shape == (modes, 2) and np.abs(points).max() < 1.1
    assert len(np.unique(mixture.centers, axis=0)) == modes
    noise = (points - mixture.centers[labels]) / mixture.std
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    np.testing.assert_array_equal(points, data.arrays(name)[0])
    assert (points != data.arrays(name, "test")[0]).all(1).any()
    batch = next(iter(data.load(name, batch_size=32, repeat=True)))
    assert batch["real"].shape == (32, 2) and batch["label"].dtype == tf.int32
    info = data.info(name)
    assert info.image_shape == (2,) and info.num_classes == modes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "fashion_mnst"}, "Did you mean 'fashion_mnist'"),
        ({"name": "folder:"}, "unknown data set"),
        ({"name": "fashion_mnist_10k", "split": "test"}, "Valid: train"),
        ({"name": "ring8", "split": "tset"}, "Did you mean 'test'"),
        ({"name": "ring8", "image_size": 32}, "has no images"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1"),
        ({"batch_size": 10001}, "more than the 10000 examples"),
        ({"batch_size": 2.5}, "batch_size must be"),
        ({"channels": 2}, "channels must be 1"),
        ({"image_size": -4}, "image_size must be"),
        ({"image_size": (4, 4, 4)}, "image_size must be"),
        ({"start_batch": 3}, "needs repeat=True"),
        ({"start_batch": -1, "repeat": True}, "start_batch must be"),
        ({"repeat": True, "drop_remainder": False}, "needs repeat=False"),
    ],
)
def test_wrong_values_are_told_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        data.load(**{"name": "fashion_mnist_10k", **arguments})
    assert "\n" not in str(error.value)


def test_a_set_is_public_if_all_that_it_is_made_of_is():
    for name in ("mnist", "stacked:mnist", "edges:fashion_mnist", "unpaired:mnist,fashion_mnist"):
        assert sources.is_public(name), name
    assert sources.is_public("few:40:mnist") and sources.chain("few:40:mnist")[1].license
    for name in (
        "folder:a",
        "few:9:folder:a",
        "edges:folder:a",
        "unpaired:a",
        "unpaired:mnist,folder:a",
    ):
        assert not sources.is_public(name), name
    assert [kind.key for kind in sources.chain("edges:stacked:mnist")][1:] == ["stacked", "mnist"]
    assert [kind.key for kind in sources.chain("unpaired:mnist,fashion_mnist")] == ["unpaired"]


def test_few_examples_are_a_fixed_part_of_the_training_split():
    few, fewer = (data.open(f"few:{n}:fashion_mnist_10k", image_size=8) for n in (40, 10))
    assert few.info.num_examples == 40 and few.info.name == "few:40:fashion_mnist_10k"
    many, several = (source.arrays(None)[0].reshape(-1, 64) for source in (few, fewer))
    assert len(several) == 10 and all((many == image).all(1).any() for image in several)
    whole = data.open("ring8", "test").info.num_examples
    assert data.open("few:40:ring8", "test").info.num_examples == whole
    assert data.open("few:40:edges:fashion_mnist_10k").info.num_examples == 40
    assert spaces.of_data("few:40:fashion_mnist_10k") == spaces.of_data("fashion_mnist")
    for name, message in (
        ("few:fashion_mnist_10k", "expected few:COUNT:NAME"),
        ("few:0:ring8", "expected few:COUNT:NAME"),
        ("few:20000:fashion_mnist_10k", "has only 10000 examples"),
    ):
        with pytest.raises(InputError, match=message):
            data.open(name)


def test_names_and_limits():
    assert {"fashion_mnist_10k", "cifar10", "ring8", "folder:PATH"} <= set(data.names())
    with pytest.raises(InputError, match="limit must be"):
        data.arrays("ring8", limit=0)


def test_stacks_of_three_images():
    images, labels = data.arrays("fashion_mnist_10k")
    stacks, modes = data.arrays("stacked:fashion_mnist_10k")
    info = data.info("stacked:fashion_mnist_10k")
    assert info.image_shape == (28, 28, 3) and info.num_classes == 1000
    np.testing.assert_array_equal(stacks[..., 0], images[..., 0])
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for place in (0, 5, 9999):
        digits = [known[stacks[place, ..., i].tobytes()] for i in range(3)]
        assert modes[place] == digits[0] * 100 + digits[1] * 10 + digits[2]
    for channel in range(3):  # each image once in each channel
        sums = np.sort(stacks[..., channel].sum(axis=(1, 2)))
        np.testing.assert_array_equal(sums, np.sort(images.sum(axis=(1, 2, 3))))
    assert len(np.unique(modes)) > 990
    for wrong, message in (("stacked:ring8", "no images"), ("stacked:nowhere", "data set")):
        with pytest.raises(InputError, match=message):
            data.load(wrong)
    with pytest.raises(InputError, match="three channels"):
        data.load("stacked:fashion_mnist_10k", channels=1)
