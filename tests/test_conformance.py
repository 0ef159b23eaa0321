"""What every variant must do. A new variant is one more line in CASES."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import testing
from ganzoo.engine import distribute
from ganzoo.errors import InputError
from ganzoo.inference.sampler import Sampler

IMAGES, POINTS = (8, 8, 1), (2,)
CASES = {  # variant -> the terms it logs
    "vae": {"g_reconstruction", "g_kl"},
    "gan": {"d_adv", "g_adv"},
    "cgan": {"d_adv", "g_adv"},
    "aae": {"d_adv", "g_adv", "g_reconstruction"},
    "dcgan": {"d_adv", "g_adv"},
    "vaegan": {"d_adv", "g_adv", "g_feature", "g_kl"},
    "fgan": {"d_adv", "g_adv"},
    "sgan": {"d_adv", "d_class", "g_features"},
    "infogan": {"d_adv", "d_information", "g_adv", "g_information"},
    "ebgan": {"d_real", "d_fake", "g_adv", "g_pull"},
    "acgan": {"d_adv", "d_class", "g_adv", "g_class"},
    "lsgan": {"d_adv", "g_adv"},
    "unrolled": {"d_adv", "g_adv", "g_real"},
    "seqgan": {"d_adv", "g_mle", "g_policy"},
    "pix2pix": {"d_adv", "g_adv", "g_l1"},
    "wgan": {"d_adv", "g_adv"},
    "unit": {
        "d_adv_x",
        "d_adv_y",
        "g_adv_x",
        "g_adv_y",
        "g_reconstruction",
        "g_cycle",
        "g_kl",
    },
    "cyclegan": {"d_adv_x", "d_adv_y", "g_adv_x", "g_adv_y", "g_cycle", "g_identity"},
    "began": {"d_real", "d_fake", "g_adv", "k", "m_global"},
    "wgan_gp": {"d_adv", "d_gradient_penalty", "g_adv"},
    "dragan": {"d_adv", "d_dragan", "g_adv"},
    "klgan": {"d_adv", "g_adv", "g_reconstruction", "g_kl"},
    "pacgan": {"d_adv", "g_adv"},
    "sngan": {"d_adv", "g_adv"},
    "projection": {"d_adv", "g_adv"},
    "sagan": {"d_adv", "g_adv"},
    "rgan": {"d_adv", "g_adv"},
    "imle": {"g_distance"},
    "biggan": {"d_adv", "g_adv", "g_orthogonal"},
    "stylegan2": {"d_adv", "d_r1", "g_adv", "g_path_length"},
    "imlegan": {"d_adv", "g_adv", "g_distance"},
    "r3gan": {"d_adv", "d_r1", "d_r2", "g_adv"},
    "classifier": {"d_class"},
}


# In the fast suite: what is tried whole, and in a graph, each of which plays another game; what is
# exported, one of a kind; what is in half precision; what learns from points; and what several
# replicas train. Of the others, the rest is slow.
WHOLE = ("dcgan", "acgan", "wgan_gp", "began", "imle", "pix2pix", "seqgan")
EXPORTS = ("infogan", "stylegan2", "classifier")
HALF = (*WHOLE, "vaegan", "infogan", "stylegan2")
FROM_POINTS = ("gan", "aae", "vae", "infogan", "ebgan", "began", "imle", "wgan_gp", "stylegan2")
REPLICAS, IN_A_GRAPH = ("acgan", "pix2pix", "imle", "began"), ("dcgan", "wgan_gp")


def rest_is_slow(names, fast):
    """Returns the names as parameters, those that repeat what the fast ones show as slow ones."""
    return [name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture(autouse=True, scope="module")
def _small_work():
    """Leaves out what takes time and does not matter to a step or two: graphs are not optimized."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(autouse=True)
def _same_weights():
    """Has each test begin from weights of its own, whatever ran before it."""
    keras.utils.set_random_seed(0)


def draws(name):
    return ganzoo.gans.get(name).exported is Sampler


POINTS_TOO = [name for name in CASES if draws(name) and not ganzoo.gans.takes_labels(name)]


def batches(shape, count=12, size=4):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (count * size, *shape)).astype("float32")
    batch = {"real": images, "label": rng.integers(0, 3, count * size).astype("int32")}
    batch |= {"x": images, "y": images[::-1]}
    return tf.data.Dataset.from_tensor_slices(batch).batch(size, drop_remainder=True)


def batches_of(name, shape=IMAGES):
    """Returns the batches that a variant learns from: images or points; tokens."""
    if name != "seqgan":
        return batches(shape)
    tokens = np.random.default_rng(0).integers(0, 7, (48, 3)).astype("int32")
    return tf.data.Dataset.from_tensor_slices({"real": tokens}).batch(4, drop_remainder=True)


def maker(name, shape=IMAGES, **learning):
    if name == "seqgan":
        shape = (3,)
        learning = {"vocabulary": 7, "pretrain": 1, "d_pretrain": 0, "roll_outs": 2} | learning
    labels = {"num_classes": 3} if ganzoo.gans.takes_labels(name) else {}
    latents = {"latent_dim": 16 if name == "infogan" else 8} if draws(name) else {}
    small = {"blocks": 1} if name in ("cyclegan", "unit") else {}
    turns = {"n_critic": 2 if name in ("wgan", "wgan_gp") else 1}  # more are slow to trace
    given = labels | latents | turns | small | learning
    return lambda: ganzoo.create(name, shape, width=4, seed=7, **given)


def test_every_variant_has_a_case():
    assert sorted(CASES) == ganzoo.list_variants()


@pytest.mark.parametrize("name", [name for name in CASES if name not in WHOLE])
def test_images(name):
    """Without a graph, which takes long to trace."""
    gan = testing.untraced(maker(name)())
    testing.check_fit(gan, batches_of(name), CASES[name], steps=1)
    testing.check_turns(gan, batches_of(name))
    testing.check_saving(gan, batches_of(name))
    if name in EXPORTS:
        testing.check_export(gan)


@pytest.mark.parametrize("name", rest_is_slow(CASES, ("ebgan", "pacgan", "began", "stylegan2")))
def test_a_batch_of_one_trains_or_is_refused(name):
    gan = testing.untraced(maker(name)())
    batches = batches_of(name).unbatch().batch(1).take(2)
    if name == "pacgan":
        with pytest.raises(InputError, match="judges 2 images together"):
            gan.fit(batches, verbose=0)
        return
    gan.fit(batches, verbose=0)
    for weight in gan.weights:
        assert np.isfinite(weight.numpy()).all(), weight.path


@pytest.mark.parametrize("name", rest_is_slow(CASES, WHOLE))
def test_images_in_a_graph(name):
    testing.run_gan_test(maker(name), batches_of(name), CASES[name])


@pytest.mark.parametrize("name", rest_is_slow(POINTS_TOO, FROM_POINTS))
def test_points(name):
    gan = testing.untraced(maker(name, POINTS)())
    testing.check_fit(gan, batches(POINTS), CASES[name], steps=1)
    assert gan.sample(5).shape == (5, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", POINTS_TOO)
def test_points_whole(name):
    testing.run_gan_test(maker(name, POINTS), batches(POINTS), CASES[name])


@pytest.mark.parametrize("name", rest_is_slow(CASES, HALF))
def test_half_precision(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    gan = testing.untraced(maker(name)())
    testing.check_fit(gan, batches_of(name), CASES[name])
    assert not isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)


@pytest.mark.parametrize("name", rest_is_slow(CASES, ("dcgan", "pix2pix", "seqgan")))
def test_half_precision_exports(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    testing.check_export(maker(name)())


@pytest.mark.parametrize(
    ("name", "policy"),
    [("wgan_gp", "mixed_float16"), pytest.param("dcgan", "mixed_float16", marks=pytest.mark.slow),
     pytest.param("dcgan", "mixed_bfloat16", marks=pytest.mark.slow),
     pytest.param("classifier", "mixed_bfloat16", marks=pytest.mark.slow)],
)  # fmt: skip
def test_half_precision_in_a_graph(name, policy):
    keras.utils.set_random_seed(2)  # with some, a gradient overflows: that step is left out
    keras.config.set_dtype_policy(policy)
    gan = maker(name)()
    testing.check_fit(gan, batches_of(name), CASES[name])
    testing.check_saving(gan, batches(IMAGES))
    testing.check_export(gan)
    scaled = isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")


def with_sgd(name):
    return maker(name, g_optimizer="sgd", d_optimizer="sgd")


@pytest.mark.parametrize("name", rest_is_slow(CASES, REPLICAS))
def test_several_train_as_one(name, replicas):
    make = with_sgd(name)
    testing.check_replicas(lambda: testing.untraced(make()), batches_of(name), replicas)


@pytest.mark.parametrize("name", rest_is_slow(CASES, IN_A_GRAPH))
def test_several_train_as_one_in_a_graph(name, replicas):
    testing.check_replicas(with_sgd(name), batches_of(name), replicas)


@pytest.mark.slow
def test_four_train_as_one():
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", __file__, "-k", "as_one"]
    done = subprocess.run(
        [*command, "-m", "not slow"], env=os.environ | {"GANZOO_TEST_DEVICES": "4"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_replicas_have_noise_of_their_own(replicas):
    with replicas.scope():
        gan = maker("dcgan")()

    def draw():
        with ganzoo.gan.random.scope(distribute.replica_key(0, gan.step)):
            return gan.generate({"real": tf.zeros((4, *IMAGES))})["fake"]

    one, other = replicas.experimental_local_results(replicas.run(tf.function(draw)))
    assert np.abs(one.numpy() - other.numpy()).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "turns"), [("gan", 1), pytest.param("wgan_gp", 2, marks=pytest.mark.slow)]
)
def test_all_tricks_at_once_under_two_devices(name, turns, replicas):
    with replicas.scope():
        gan = maker(
            name,
            n_critic=turns,
            penalties=["gradient_penalty", {"class_name": "R1", "config": {"interval": 2}}],
            replay=16,
            ema=0.9,
            steps_per_execution=2,
        )()
    stream = batches(IMAGES, 32, 8).repeat()
    logs = gan.fit(stream, epochs=2, steps_per_epoch=10, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    assert int(gan.step.numpy()) == 20
    values = [
        replicas.experimental_local_results(v.value) for v in testing.weights_of(gan.generator)
    ]
    for copies in values:
        np.testing.assert_array_equal(*[copy.numpy() for copy in copies])
