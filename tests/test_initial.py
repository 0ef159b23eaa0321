"""Training from trained networks: `--init`, critics that are kept, frozen layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import InputError
from ganzoo.inference import saved_model
from ganzoo.inference.truncated import TruncatedSampler
from ganzoo.training import initial, run
from ganzoo.training.recipe import Recipe

SHAPE = (8, 8, 1)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (16, *SHAPE)).astype("float32")
SMALL = {"width": 4, "latent_dim": 6}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Returns a GAN, and the folder it was exported to with its critic."""
    folder = tmp_path_factory.mktemp("trained") / "1"
    gan = ganzoo.create("dcgan", SHAPE, **SMALL)
    gan.export(folder, companions=True)
    return gan, folder


@pytest.fixture(autouse=True)
def _forget():
    yield
    initial.load.cache_clear()


def recipe(folder, **changes):
    return Recipe(
        model="dcgan", dataset="fashion_mnist_10k", init=str(folder), steps=2, batch_size=8,
        precision="float32", features="pixels", architecture={"width": 4},
    ).replace(changes)  # fmt: skip


# --- critics


def test_a_critic_is_kept_and_loaded_on_demand(trained):
    gan, folder = trained
    sampler = saved_model.load(folder)
    expected = np.asarray(gan.discriminator(IMAGES))[:, 0]
    np.testing.assert_allclose(sampler.critic().scores(IMAGES, batch_size=5), expected, atol=1e-6)
    pixels = np.round(127.5 * (IMAGES + 1)).astype("uint8")
    np.testing.assert_allclose(sampler.critic().scores(pixels), expected, atol=0.05)
    alone = tf.saved_model.load(str(folder / "assets.extra" / "critic"))
    np.testing.assert_allclose(alone(IMAGES)["scores"][:, 0], expected, atol=1e-6)
    with pytest.raises(InputError, match="takes no labels"):
        sampler.critic().scores(IMAGES, np.zeros(16, int))
    with pytest.raises(InputError, match="a critic scores images"):
        sampler.critic().sample(4)


def test_a_conditional_critic_needs_labels(tmp_path):
    gan = ganzoo.create("projection", SHAPE, num_classes=3, **SMALL)
    gan.export(tmp_path / "1", companions=True)
    critic = saved_model.load(tmp_path / "1").critic()
    labels = np.arange(16) % 3
    expected = np.asarray(gan.discriminator([IMAGES, labels]))[:, 0]
    np.testing.assert_allclose(critic.scores(IMAGES, labels), expected, atol=1e-5)
    with pytest.raises(InputError, match="takes labels"):
        critic.scores(IMAGES)


def test_without_being_asked_no_critic_is_kept(tmp_path):
    gan = ganzoo.create("dcgan", SHAPE, **SMALL)
    gan.export(tmp_path / "1")
    assert saved_model.load(tmp_path / "1").critic() is None
    translation = ganzoo.create("cyclegan", SHAPE, width=4, blocks=1)
    assert translation.critic() is None


# --- networks of one's own


def test_a_game_is_made_of_trained_networks(trained):
    gan, folder = trained
    start = saved_model.load(folder)
    other = ganzoo.create(
        "lsgan", SHAPE, width=8, generator=start, discriminator=start.critic(), run_eagerly=True
    )
    assert other.latent_dim == 6
    for mine, theirs in ((other.generator, gan.generator), (other.ema.network, gan.generator),
                         (other.discriminator, gan.discriminator)):  # fmt: skip
        for weight, expected in zip(mine.weights, theirs.weights, strict=True):
            np.testing.assert_array_equal(weight, expected)
    other.fit(IMAGES, batch_size=8, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "dcgan", "image_shape": (16, 16, 1)}, r"for dcgan that returns \(None, 16"),
        ({"name": "cgan", "image_shape": SHAPE, "num_classes": 3}, "a generator for cgan that tak"),
        ({"name": "cyclegan", "image_shape": SHAPE}, "cyclegan has no single generator"),
    ],
)  # fmt: skip
def test_networks_that_do_not_fit_are_refused(trained, arguments, message):
    with pytest.raises(InputError, match=message):
        ganzoo.create(**arguments, width=4, generator=saved_model.load(trained[1]))


def test_a_generator_with_a_truncation_is_trained_at_full_variety():
    latents, psi = keras.Input((6,)), keras.Input(())
    images = keras.layers.Dense(64)(latents * keras.ops.expand_dims(psi, 1))
    network = keras.Model([latents, psi], keras.layers.Reshape(SHAPE)(images))
    sampler = TruncatedSampler(network, 6)
    gan = ganzoo.create("dcgan", SHAPE, width=4, generator=sampler, run_eagerly=True)
    z = np.ones((2, 6), "float32")
    np.testing.assert_allclose(gan.generator(z), network([z, np.ones(2)]), rtol=1e-6)
    before = network.weights[0].numpy()
    gan.fit(IMAGES, batch_size=8, verbose=0)
    assert (network.weights[0].numpy() != before).any()


# --- runs


def test_a_run_starts_from_a_trained_pair(tmp_path, eagerly):
    gan = ganzoo.create("dcgan", (28, 28, 1), **SMALL)
    gan.export(tmp_path / "1", companions=True)
    resolved = recipe(tmp_path / "1", **{"freeze_d": 2}).resolved()
    assert resolved.image_size == 28 and resolved.channels == 1
    assert resolved.architecture["latent_dim"] == 6
    made = run.build(resolved)
    for mine, theirs in ((made.generator, gan.generator), (made.discriminator, gan.discriminator)):
        for weight, expected in zip(mine.weights, theirs.weights, strict=True):
            np.testing.assert_array_equal(weight, expected)
    run.train(resolved, tmp_path / "run", verbose=0)
    trained = saved_model.load(tmp_path / "run" / "saved_model")
    moved = [
        bool((np.asarray(a) != np.asarray(b)).any())
        for a, b in zip(trained.critic().network.weights, gan.discriminator.weights, strict=True)
    ]
    assert moved[:3] == [False] * 3 and moved[-1]  # two convolutions, one with a bias


def test_what_is_loaded_computes_in_the_precision_of_the_recipe(tmp_path):
    ganzoo.create("dcgan", (28, 28, 1), **SMALL).export(tmp_path / "1")
    made = run.build(recipe(tmp_path / "1", precision="mixed_bfloat16").resolved())
    policies = [layer.dtype_policy.name for layer in made.generator._flatten_layers()]
    assert set(policies[1:-1]) == {"mixed_bfloat16"} and policies[-1] == "float32"
    assert made.generator.output.dtype == "float32"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"init": "pix2pix_fluent_emoji"}, "--init: expected a generator, got a translator"),
        ({"init": "nothing"}, "unknown pretrained generator 'nothing'"),
        ({"image_size": 32}, r"makes images \(8, 8, 1\), the data are \(32, 32, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(trained, changes, message):
    with pytest.raises(InputError, match=message):
        run.build(recipe(trained[1], **changes).resolved())


def test_classes_must_be_those_of_the_data(tmp_path):
    gan = ganzoo.create("projection", (28, 28, 1), num_classes=3, **SMALL)
    gan.export(tmp_path / "1")
    with pytest.raises(InputError, match="has 3 classes, the data have 10"):
        run.build(recipe(tmp_path / "1", model="projection").resolved())


# --- frozen layers


def frozen(gan):
    layers = [x for x in gan.discriminator._flatten_layers() if x._trainable_variables]
    return [not layer.trainable for layer in layers]


def test_the_first_layers_of_the_discriminator_stay_as_they_are(tmp_path):
    gan = ganzoo.create("dcgan", SHAPE, **SMALL, freeze_d=1, run_eagerly=True)
    before = [weight.numpy() for weight in gan.discriminator.weights]
    gan.fit(IMAGES, batch_size=8, verbose=0)
    moved = [(w.numpy() != b).any() for w, b in zip(gan.discriminator.weights, before, strict=True)]
    assert not any(moved[:2]) and all(moved[2:])
    gan.save(tmp_path / "gan.keras")
    assert sum(frozen(keras.saving.load_model(tmp_path / "gan.keras"))) == 1
    gan.compile()
    assert not any(frozen(gan))


def test_what_a_person_froze_stays_frozen():
    gan = ganzoo.create("dcgan", SHAPE, **SMALL)
    gan.discriminator.layers[-1].trainable = False
    gan.compile(freeze_d=1)
    gan.compile()
    assert frozen(gan)[-1] and sum(frozen(gan)) == 1


@pytest.mark.parametrize(
    ("freeze_d", "message"),
    [(-1, "freeze_d must be a whole number from 0, got -1"), (9, "expected freeze_d below")],
)
def test_a_number_of_layers_that_is_none(freeze_d, message):
    with pytest.raises(InputError, match=message):
        ganzoo.create("dcgan", SHAPE, **SMALL, freeze_d=freeze_d)
    with pytest.raises(InputError, match="freeze_d needs a discriminator, which VAE lacks"):
        ganzoo.create("vae", SHAPE, **SMALL, freeze_d=1)
