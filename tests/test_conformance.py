"""What every variant must do. A new variant is one more line in `formulas.TERMS`."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import IMAGES, POINTS, batches, batches_of, draws, maker
from formulas import TERMS

import ganzoo
from ganzoo import testing
from ganzoo.engine import distribute
from ganzoo.errors import InputError

# In the fast suite: what is tried whole, and in a graph, each of which plays another game; what is
# exported, one of a kind; what is in half precision; what learns from points; and what several
# replicas train. Of the others, the rest is slow.
SAME = ("fgan", "lsgan", "rgan", "dragan", "cgan")  # DCGAN, but for a loss, a penalty or labels
WHOLE = ("dcgan", "seqgan")
EXPORTS = ("infogan", "stylegan2", "classifier")
HALF = ("dcgan", "seqgan", "stylegan2", "imle")
FROM_POINTS = ("gan", "aae", "ebgan", "stylegan2")
REPLICAS, IN_A_GRAPH = ("acgan", "pix2pix", "imle"), ("wgan_gp",)


def rest_is_slow(names, fast):
    """Returns the names as parameters, those that repeat what the fast ones show as slow ones."""
    return [name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture(autouse=True)
def _same_weights():
    """Has each test begin from weights of its own, whatever ran before it."""
    keras.utils.set_random_seed(0)


POINTS_TOO = [name for name in TERMS if draws(name) and not ganzoo.gans.takes_labels(name)]


def test_every_variant_has_a_case():
    assert sorted(TERMS) == ganzoo.list_variants()


@pytest.mark.parametrize(
    "name", rest_is_slow([x for x in TERMS if x not in WHOLE], [x for x in TERMS if x not in SAME])
)
def test_images(name):
    """Without a graph, which takes long to trace."""
    gan = testing.untraced(maker(name)())
    testing.check_fit(gan, batches_of(name), TERMS[name], steps=1)
    testing.check_saving(gan)
    if name in EXPORTS:
        testing.check_export(gan)


@pytest.mark.parametrize("name", rest_is_slow(TERMS, ("pacgan", "stylegan2")))
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


@pytest.mark.parametrize("name", rest_is_slow(TERMS, WHOLE[:1]))  # test_sequences has the other
def test_images_in_a_graph(name):
    testing.run_gan_test(maker(name), batches_of(name), set(TERMS[name]))


@pytest.mark.parametrize("name", rest_is_slow(POINTS_TOO, FROM_POINTS))
def test_points(name):
    gan = testing.untraced(maker(name, POINTS)())
    testing.check_fit(gan, batches(POINTS), TERMS[name], steps=1)
    assert gan.sample(5).shape == (5, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", POINTS_TOO)
def test_points_whole(name):
    testing.run_gan_test(maker(name, POINTS), batches(POINTS), set(TERMS[name]))


@pytest.mark.parametrize("name", rest_is_slow(TERMS, HALF))
def test_half_precision(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    gan = testing.untraced(maker(name)())
    testing.check_fit(gan, batches_of(name), TERMS[name])
    assert not isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)


@pytest.mark.parametrize("name", rest_is_slow(TERMS, ("dcgan", "pix2pix", "seqgan")))
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
    testing.check_fit(gan, batches_of(name), TERMS[name])
    testing.check_saving(gan, batches(IMAGES))
    testing.check_export(gan)
    scaled = isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")


def with_sgd(name):
    return maker(name, g_optimizer="sgd", d_optimizer="sgd")


@pytest.mark.parametrize("name", rest_is_slow(TERMS, REPLICAS))
def test_several_train_as_one(name, replicas):
    make = with_sgd(name)
    testing.check_replicas(lambda: testing.untraced(make()), batches_of(name), replicas)


@pytest.mark.parametrize("name", rest_is_slow(TERMS, IN_A_GRAPH))
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
