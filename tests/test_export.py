"""Generators on their own: drawn from, written, and used again with and without this library."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import processes
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import gans, networks
from ganzoo.engine.pixels import to_uint8
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError
from ganzoo.inference import saved_model

LATENT = 5


def trained_like(network, seed=0):
    """Gives the network weights, and moving statistics, that are no initial ones."""
    rng = np.random.default_rng(seed)
    network.set_weights(
        [
            rng.uniform(0.5, 2.0, w.shape) if "moving" in w.path else rng.normal(0, 0.3, w.shape)
            for w in network.weights
        ]
    )
    return network


def conditional_network():
    latents, label = keras.Input((LATENT,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.Embedding(3, 4)(label)])
    x = keras.layers.Dense(64, activation="tanh")(x)
    return trained_like(keras.Model([latents, label], keras.layers.Reshape((8, 8, 1))(x)))


@pytest.fixture(scope="module")
def plain():
    network = trained_like(networks.dcgan.generator((8, 8, 1), width=4, latent_dim=LATENT))
    return saved_model.Sampler(network, LATENT)


@pytest.fixture(scope="module")
def conditional():
    return saved_model.Sampler(conditional_network(), LATENT, num_classes=3)


@pytest.fixture(scope="module")
def saved(plain, tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "1"
    plain.export(path)
    return path


@pytest.fixture(scope="module")
def saved_conditional(conditional, tmp_path_factory):
    path = tmp_path_factory.mktemp("conditional") / "1"
    conditional.export(path)
    return path


@pytest.fixture
def copy(saved, tmp_path):
    """Returns a copy of the SavedModel to be damaged."""
    shutil.copytree(saved, tmp_path / "copy")
    return tmp_path / "copy"


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(Path(directory).rglob("*"))
        if path.is_file()
    }


# --- Drawing


def test_an_operation_and_a_layer_of_one_name_are_told_apart():
    inputs = keras.Input((8,))
    x = keras.ops.reshape(keras.layers.Reshape((2, 2, 2))(inputs), (-1, 4, 2))
    network = keras.Model(inputs, x)
    given = np.arange(8.0, dtype="float32")[None]
    np.testing.assert_array_equal(clone(network)(given), network(given))


def test_samples_are_uint8_images_of_the_seed(plain):
    images = plain.sample(6, seed=3)
    assert images.dtype == np.uint8 and images.shape == (6, 8, 8, 1)
    np.testing.assert_array_equal(images, plain.sample(6, seed=3))
    assert (images != plain.sample(6, seed=4)).any()
    assert len({image.tobytes() for image in images}) == 6


def test_samples_are_the_networks_images_rounded_to_pixels(plain):
    latents = plain.latents(6, 3).numpy()
    floats = plain.network(latents, training=False).numpy()
    expected = np.round((floats.astype("float64") + 1) * 127.5)
    assert np.abs(plain.sample(6, 3) - expected).max() <= 1  # at the border between two pixels
    assert (plain.sample(6, 3) == expected).mean() > 0.99
    np.testing.assert_array_equal(plain.sample(latents=latents), plain.sample(6, 3))


def test_the_ends_of_the_range_are_black_and_white():
    images = np.array([-1.0, 1.0, -1.5, 1.5, 0.0], "float32").reshape(5, 1, 1, 1)
    np.testing.assert_array_equal(np.ravel(to_uint8(images)), [0, 255, 0, 255, 128])


@pytest.mark.parametrize("truncation", [None, 0.7])
def test_a_larger_number_begins_alike(plain, conditional, truncation):
    for sampler in (plain, conditional):
        few = sampler.sample(3, seed=1, truncation=truncation)
        many = sampler.sample(17, seed=1, truncation=truncation)
        np.testing.assert_array_equal(few, many[:3])


@pytest.mark.parametrize("batch_size", [1, 3, 7, 10, 1000])
def test_the_batch_size_does_not_matter(plain, conditional, batch_size):
    for sampler in (plain, conditional):
        images = sampler.sample(10, seed=2, batch_size=batch_size).astype(int)
        assert np.abs(images - sampler.sample(10, seed=2)).max() <= 1
        assert len(images) == 10


def test_latents_are_standard_normal(plain):
    latents = plain.latents(4000, 0).numpy()
    assert latents.dtype == np.float32 and latents.shape == (4000, LATENT)
    assert abs(latents.mean()) < 5 / np.sqrt(latents.size)
    assert abs(latents.std() - 1) < 5 / np.sqrt(2 * latents.size)


@pytest.mark.parametrize("truncation", [0.001, 0.5, 1, 2.0, 6.0])
def test_truncated_latents_are_normal_within_their_bounds(plain, truncation):
    latents = plain.latents(4000, 0, truncation).numpy().astype("float64")
    assert np.abs(latents).max() <= truncation * (1 + 1e-5)
    # The variance of the normal restricted to [-t, t], by numeric integration.
    x = np.linspace(-truncation, truncation, 20001)
    density = np.exp(-(x**2) / 2)
    variance = (x**2 * density).sum() / density.sum()
    np.testing.assert_allclose(latents.var(), variance, rtol=0.05)
    assert abs(latents.mean()) < 5 * np.sqrt(variance / latents.size)


def test_images_of_given_labels(conditional):
    latents = conditional.latents(4, 0)
    labels = [2, 0, 1, 2]
    expected = to_uint8(conditional([latents, np.array(labels, "int32")])).numpy()
    np.testing.assert_array_equal(conditional.sample(4, 0, labels=labels), expected)
    np.testing.assert_array_equal(conditional.sample(seed=0, labels=labels), expected)
    np.testing.assert_array_equal(conditional.sample(latents=latents, labels=labels), expected)
    assert (conditional.sample(4, 0, labels=[0, 0, 1, 2]) != expected).any()


def test_one_label_for_all(conditional):
    expected = conditional.sample(4, 0, labels=[1, 1, 1, 1])
    np.testing.assert_array_equal(conditional.sample(4, 0, labels=1), expected)
    np.testing.assert_array_equal(conditional.sample(4, 0, labels=[1]), expected)


def test_one_label_for_all_given_latents(conditional):
    expected = conditional.sample(4, 0, labels=[1, 1, 1, 1])
    latents = conditional.latents(4, 0)
    np.testing.assert_array_equal(conditional.sample(latents=latents, labels=1), expected)


def test_labels_are_drawn_uniformly_if_not_given(conditional):
    labels = conditional.labels(3000, 0).numpy()
    assert labels.dtype == np.int32
    np.testing.assert_allclose(np.bincount(labels, minlength=3) / 3000, 1 / 3, atol=0.045)
    drawn = conditional.labels(5, 7).numpy()
    np.testing.assert_array_equal(
        conditional.sample(5, 7), conditional.sample(5, 7, labels=list(drawn))
    )


def test_points_are_not_made_pixels():
    sampler = saved_model.Sampler(networks.mlp.generator((2,), 4, LATENT), LATENT)
    points = sampler.sample(5)
    assert points.dtype == np.float32 and points.shape == (5, 2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "num"),
        ({"num": 0}, "num"),
        ({"num": -3}, "num"),
        ({"num": 2, "truncation": 0.0}, "truncation"),
        ({"num": 2, "truncation": -1.0}, "truncation"),
        ({"num": 2, "labels": 1}, "labels"),
        ({"latents": np.zeros((2, LATENT + 1))}, "latents"),
        ({"latents": np.zeros(LATENT)}, "latents"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(plain, arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        plain.sample(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"num": 2, "labels": 3},
        {"num": 2, "labels": [0, -1]},
        {"num": 3, "labels": [0, 1]},
        {"labels": []},
        {"latents": np.zeros((3, LATENT), "float32"), "labels": [0, 1]},
    ],
)
def test_labels_that_do_not_fit_are_one_line(conditional, arguments):
    with pytest.raises(InputError, match="labels") as caught:
        conditional.sample(**arguments)
    assert "\n" not in str(caught.value)


# --- Writing and reading


def test_loaded_generator_draws_what_the_saved_one_did(
    plain, conditional, saved, saved_conditional
):
    for sampler, path in ((plain, saved), (conditional, saved_conditional)):
        loaded = saved_model.load(path)
        assert isinstance(loaded, keras.Model)
        assert (loaded.latent_dim, loaded.num_classes) == (LATENT, sampler.num_classes)
        np.testing.assert_array_equal(loaded.sample(9, 4), sampler.sample(9, 4))
        latents = sampler.latents(3, 0)
        inputs = [latents, np.array([0, 1, 2])] if sampler.conditional else latents
        np.testing.assert_array_equal(loaded(inputs), sampler(inputs))


def test_export_leaves_the_sampler_and_its_weights_alone(plain, saved, tmp_path):
    before = plain.sample(3), [w.copy() for w in plain.network.get_weights()]
    plain.export(tmp_path / "1")
    np.testing.assert_array_equal(plain.sample(3), before[0])
    for now, then in zip(plain.network.get_weights(), before[1], strict=True):
        np.testing.assert_array_equal(now, then)


BARE = """
import sys
import numpy as np
import tensorflow as tf
plain, conditional, out = sys.argv[1:]
one, other = tf.saved_model.load(plain), tf.saved_model.load(conditional)
found = {"sample": one.sample(16, 0).numpy(), "other": other.sample(5, 3).numpy()}
by_signature = one.signatures["sample"](num=tf.constant(16), seed=tf.constant(0))
found["signature"] = by_signature["images"].numpy()
for count in (1, 7):
    latents = tf.constant(np.random.default_rng(count).normal(size=(count, 5)), tf.float32)
    found[f"served{count}"] = one.signatures["serving_default"](latents=latents)["images"].numpy()
    labels = tf.range(count) % 3
    served = other.signatures["serving_default"](latents=latents, labels=labels)
    found[f"labelled{count}"] = served["images"].numpy()
np.savez(out, **found)
assert not [name for name in sys.modules if "ganzoo" in name]
"""


@pytest.fixture(scope="module")
def elsewhere(saved, saved_conditional, tmp_path_factory):
    """Returns what another process made of the SavedModels, with TensorFlow alone."""
    place = tmp_path_factory.mktemp("elsewhere")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = processes.run(
        [sys.executable, "-c", BARE, str(saved), str(saved_conditional), str(place / "out.npz")],
        cwd=place, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    return np.load(place / "out.npz")


def test_savedmodel_samples_without_this_library(plain, conditional, elsewhere):
    assert elsewhere["sample"].dtype == np.uint8
    np.testing.assert_array_equal(elsewhere["sample"], plain.sample(16, 0))
    np.testing.assert_array_equal(elsewhere["signature"], plain.sample(16, 0))
    np.testing.assert_array_equal(elsewhere["other"], conditional.sample(5, 3))


@pytest.mark.parametrize("count", [1, 7])
def test_savedmodel_serves_any_batch_size_without_this_library(
    plain, conditional, elsewhere, count
):
    latents = np.random.default_rng(count).normal(size=(count, 5)).astype("float32")
    served = elsewhere[f"served{count}"]
    assert served.dtype == np.float32 and np.abs(served).max() <= 1
    np.testing.assert_allclose(served, plain(latents), atol=1e-5)
    expected = conditional([latents, np.arange(count) % 3])
    np.testing.assert_allclose(elsewhere[f"labelled{count}"], expected, atol=1e-5)


def test_savedmodel_names_no_file_of_its_maker(saved):
    here = str(Path(ganzoo.__file__).parent).encode()
    assert all(here not in data for data in contents(saved).values())
    assert not [name for name in contents(saved) if "debug" in name]


def test_exporting_over_a_savedmodel_replaces_it(plain, copy):
    other = saved_model.Sampler(trained_like(clone(plain.network), 1), LATENT)
    (copy / "stale").write_text("of the old one")
    other.export(copy)
    assert not (copy / "stale").exists()
    np.testing.assert_array_equal(saved_model.load(copy).sample(4), other.sample(4))
    assert (other.sample(4) != plain.sample(4)).any()
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_exporting_into_an_empty_directory_and_into_new_parents(plain, tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "a" / "b" / "1"):
        plain.export(path)
        np.testing.assert_array_equal(saved_model.load(path).sample(2), plain.sample(2))


def test_exporting_over_something_else_refuses_and_leaves_it(plain, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("dear")
    with pytest.raises(InputError, match="thesis"):
        plain.export(tmp_path / "thesis")
    assert contents(tmp_path) == {"thesis/chapter.tex": b"dear"}


def test_exporting_over_a_file_refuses_and_leaves_it(plain, tmp_path):
    (tmp_path / "file").write_text("dear")
    with pytest.raises(InputError, match="file"):
        plain.export(tmp_path / "file")
    assert contents(tmp_path) == {"file": b"dear"}


def test_an_export_that_fails_midway_leaves_the_old_one_whole(plain, copy, monkeypatch):
    before = contents(copy)
    monkeypatch.setattr(saved_model.json, "dumps", lambda *_, **__: 1 / 0)  # the last thing written
    with pytest.raises(ZeroDivisionError):
        plain.export(copy)
    assert contents(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_an_export_that_cannot_be_put_in_place_leaves_the_old_one_whole(plain, copy, monkeypatch):
    before, rename = contents(copy), Path.rename

    def failing(self, target):
        if self.name == "new":
            raise OSError("no space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InputError, match="no space"):
        plain.export(copy)
    assert contents(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def data_file(path):
    return next((path / "variables").glob("*.data-*"))


def truncate(path):
    data = data_file(path)
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])


def empty_data(path):
    data_file(path).write_bytes(b"")


def flip_a_bit(path):
    data = bytearray(data_file(path).read_bytes())
    data[100] ^= 4
    data_file(path).write_bytes(bytes(data))


def truncate_index(path):
    index = path / "variables" / "variables.index"
    index.write_bytes(index.read_bytes()[:20])


def about(change):
    def damage(path):
        text = (path / saved_model.ABOUT).read_text()
        (path / saved_model.ABOUT).write_text(change(text))

    return damage


def about_without(key):
    def change(text):
        data = json.loads(text)
        del data[key]
        return json.dumps(data)

    return about(change)


DAMAGES = {
    "variables are truncated": truncate,
    "variables are empty": empty_data,
    "a bit of the variables is flipped": flip_a_bit,
    "the index is truncated": truncate_index,
    "the variables are gone": lambda path: shutil.rmtree(path / "variables"),
    "the JSON is cut": about(lambda text: text[: len(text) // 2]),
    "the JSON is empty": about(lambda text: ""),
    "the JSON is a list": about(lambda text: "[]"),
    "the JSON is of no network": about(lambda text: '{"network": null, "latent_dim": 5}'),
    "the JSON has no network": about_without("network"),
    "the JSON has no latent_dim": about_without("latent_dim"),
    "the JSON names an unknown layer": about(lambda text: text.replace('"Dense"', '"Dance"')),
    "the JSON is of a wider network": about(
        lambda text: text.replace('"units": 128', '"units": 64')
    ),
    "the JSON is no text": lambda path: (path / saved_model.ABOUT).write_bytes(b"\xff\xfe\x00"),
    "the JSON is gone": lambda path: (path / saved_model.ABOUT).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_savedmodel_is_one_line_that_names_it(copy, damage):
    DAMAGES[damage](copy)
    with pytest.raises(InputError, match=re.escape(str(copy))) as caught:
        saved_model.load(copy)
    assert "\n" not in str(caught.value)


def test_a_directory_that_is_no_savedmodel_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "file"):
        with pytest.raises(InputError, match=re.escape(str(path))):
            saved_model.load(path)


def test_loading_executes_nothing(tmp_path):
    """A SavedModel whose config holds Python code is refused."""
    inputs = keras.Input((LATENT,))
    outputs = keras.layers.Lambda(lambda x: x, output_shape=(LATENT,))(inputs)
    network = keras.saving.serialize_keras_object(keras.Model(inputs, outputs))
    (tmp_path / saved_model.ABOUT).parent.mkdir()
    (tmp_path / saved_model.ABOUT).write_text(
        json.dumps({"format": 1, "latent_dim": LATENT, "num_classes": None, "network": network})
    )
    with pytest.raises(InputError, match="[Ll]ambda"):
        saved_model.load(tmp_path)


def test_loaded_generator_can_be_trained(saved):
    sampler = saved_model.load(saved)
    before = [w.numpy() for w in sampler.trainable_variables]
    assert len(before) == len(sampler.network.trainable_variables) > 2
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(sampler(sampler.latents(4, 0), training=True) ** 2)
    gradients = tape.gradient(loss, sampler.trainable_variables)
    keras.optimizers.SGD(1.0).apply(gradients, sampler.trainable_variables)
    # The biases in front of a normalisation are absent, so that every weight has a gradient.
    for weight, old in zip(sampler.trainable_variables, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 0, weight.path


def test_export_of_an_average_is_loaded_trainable_and_goes_on_in_a_new_gan(tmp_path, eagerly):
    first = ganzoo.create("dcgan", (8, 8, 1), width=2, latent_dim=LATENT)
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), "uint8")
    first.fit(images, batch_size=8, epochs=1, verbose=0)
    first.export(tmp_path / "1")
    sampler = saved_model.load(tmp_path / "1")
    np.testing.assert_array_equal(sampler.sample(4), first.sample(4))
    critic = networks.dcgan.discriminator((8, 8, 1), width=2)
    second = gans.DCGAN(sampler.network, critic, latent_dim=LATENT)
    second.compile(ema=0)
    before = second.generator.get_weights()
    second.fit(images, batch_size=8, epochs=1, verbose=0)
    for now, then in zip(second.generator.get_weights(), before, strict=True):
        assert np.abs(now - then).max() > 0


def test_a_half_precision_generator_is_exported_in_float32(tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = trained_like(networks.dcgan.generator((9, 8, 1), width=2, latent_dim=LATENT))
    finally:
        keras.config.set_dtype_policy(policy)
    sampler = saved_model.Sampler(network, LATENT)
    sampler.export(tmp_path / "1")
    module = tf.saved_model.load(str(tmp_path / "1"))
    latents = sampler.latents(8, 0)
    served = module.signatures["serving_default"](latents=latents)["images"]
    assert served.dtype == tf.float32
    np.testing.assert_allclose(served, sampler(latents), atol=0.1)
    assert np.abs(served - sampler(latents)).max() > 1e-6  # it is not bfloat16 in disguise
    assert np.abs(module.sample(16, 0).numpy().astype(int) - sampler.sample(16, 0)).mean() < 3
    loaded = saved_model.load(tmp_path / "1")
    assert {layer.compute_dtype for layer in loaded.network.layers} == {"float32"}
    np.testing.assert_array_equal(loaded.sample(16, 0), module.sample(16, 0))


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_labels_of_other_integer_types_survive_the_export(tmp_path, dtype):
    latents, label = keras.Input((LATENT,)), keras.Input((), dtype=dtype)
    x = keras.layers.Concatenate()([latents, keras.ops.one_hot(label, 3)])
    x = keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64, activation="tanh")(x))
    sampler = saved_model.Sampler(keras.Model([latents, label], x), LATENT, num_classes=3)
    sampler.export(tmp_path / "1")
    np.testing.assert_array_equal(saved_model.load(tmp_path / "1").sample(5), sampler.sample(5))


def test_sampler_is_a_keras_model_that_keras_saves(plain, tmp_path):
    plain.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.sample(4), plain.sample(4))


# --- weights in half the bytes


def test_weights_in_float16_take_half_the_bytes_and_draw_the_same(conditional, tmp_path):
    network = keras.models.clone_model(conditional.network)
    network.set_weights(conditional.network.get_weights())
    sampler = saved_model.Sampler(network, LATENT, num_classes=3)
    for precision in ("float32", "float16"):
        sampler.export(tmp_path / precision, precision)
    sizes = [
        (tmp_path / precision / "variables" / "variables.data-00000-of-00001").stat().st_size
        for precision in ("float32", "float16")
    ]
    whole = 4 * network.count_params()
    kernels = 4 * sum(weight.value.numpy().size for weight in network.weights if weight.ndim > 1)
    assert sizes[0] - sizes[1] == pytest.approx(kernels / 2, abs=0.05 * whole)
    latents, labels = sampler.draw_inputs(8, 0)
    expected = np.asarray(sampler([latents, labels]))
    loaded = saved_model.load(tmp_path / "float16")
    assert {str(weight.dtype) for weight in loaded.network.weights} == {"float32"}
    rounded = np.asarray(loaded([latents, labels]))
    assert 0 < np.abs(rounded - expected).max() < 5e-3
    alone = tf.saved_model.load(str(tmp_path / "float16"))(latents, labels)["images"]
    np.testing.assert_allclose(alone, rounded, atol=1e-6)


def test_what_float16_cannot_hold_stays_in_float32(tmp_path):
    network = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(2)])
    kernel = network.weights[0]
    kernel.assign(kernel + 1e5)
    saved_model.Sampler(network, LATENT).export(tmp_path / "1", "float16")
    loaded = saved_model.load(tmp_path / "1")
    np.testing.assert_array_equal(loaded.network.weights[0], kernel)


def test_a_precision_is_one_of_two(plain, tmp_path):
    with pytest.raises(InputError, match="precision 'half'.*float16"):
        plain.export(tmp_path / "1", "half")
    assert not list(tmp_path.iterdir())
