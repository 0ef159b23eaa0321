"""The classifier: a game with one side, whose features judge the others."""

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import callbacks
from ganzoo.errors import InputError
from ganzoo.inference import saved_model
from ganzoo.inference.classifier import TrainedClassifier


def textures(count, seed=0):
    """Returns noisy images of 4 classes: plain, rows, columns, chequered."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count).astype("int32")
    row, column = np.indices((8, 8)) % 2
    patterns = np.stack([np.zeros((8, 8), int), row, column, row ^ column])
    images = 150 * patterns[labels] + rng.integers(0, 60, (count, 8, 8))
    return images[..., None].astype("uint8"), labels


@pytest.fixture(scope="module")
def learned():
    gan = ganzoo.create("classifier", (8, 8, 1), num_classes=4, width=8, d_optimizer="adam")
    gan.fit(*textures(640), batch_size=32, epochs=15, verbose=0)
    return gan


def test_it_learns_the_classes(learned):
    images, labels = textures(200, seed=1)
    evaluate = callbacks.Evaluate({"real": images, "label": labels})
    assert learned.measure(evaluate)["error"] < 0.05
    flipped = callbacks.Evaluate({"real": images, "label": (labels + 1) % 4})
    assert learned.measure(flipped)["error"] > 0.9


def test_probabilities_are_a_function_of_the_features(learned):
    images, _ = textures(20, seed=2)
    features = learned.features(images)
    assert features.shape == (20, 128) and features.dtype == "float32"
    probabilities = learned.predict(images, verbose=0)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(learned.probabilities(features), probabilities, atol=1e-5)


def test_uint8_and_scaled_images_are_the_same(learned):
    images, _ = textures(20, seed=2)
    scaled = images.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(learned.features(images), learned.features(scaled), atol=1e-5)


def test_the_export_gives_the_same_to_those_without_ganzoo(learned, tmp_path):
    learned.export(tmp_path / "1")
    images, _ = textures(20, seed=3)
    served = tf.saved_model.load(str(tmp_path / "1"))(images.astype("float32") / 127.5 - 1)
    np.testing.assert_allclose(served["features"], learned.features(images), atol=1e-4)
    np.testing.assert_allclose(
        served["probabilities"], learned.predict(images, verbose=0), atol=1e-5
    )
    loaded = saved_model.load(tmp_path / "1")
    assert isinstance(loaded, TrainedClassifier) and loaded.num_classes == 4
    again = ganzoo.gans.Classifier(None, loaded, num_classes=4)  # to be trained further
    assert again.discriminator is loaded.network
    np.testing.assert_allclose(loaded.features(images), learned.features(images), atol=1e-4)


def test_its_picture_begins_with_what_it_takes_for_something_else(learned):
    images, labels = textures(20, seed=4)
    labels[13] = (labels[13] + 1) % 4
    picture = learned.picture({"real": images, "label": labels}, num=4)
    assert picture.shape == (16, 16, 1)
    np.testing.assert_array_equal(picture[:8, :8], images[13])


def test_without_labels_it_says_so(learned):
    with pytest.raises(InputError, match="expected labels from 0 to"):
        learned.fit(textures(32)[0], batch_size=32, verbose=0)
    with pytest.raises(InputError, match="learns from labels"):
        ganzoo.create("classifier", (8, 8, 1))
    with pytest.raises(InputError, match="takes no labels"):
        ganzoo.create("dcgan", (8, 8, 1), num_classes=8)
