"""The penalties against closed forms, on critics whose gradients are known."""

import re
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import penalties, random
from ganzoo.errors import InputError

SLOPES = {k: v for k, v in penalties.CLASSES.items() if issubclass(v, penalties.SlopePenalty)}
SHAPE = (4, 4, 2)
RNG = np.random.default_rng(0)
W = RNG.normal(size=SHAPE).astype("float32")
HALF = RNG.normal(size=(32, 32)) / 8
A = ((HALF + HALF.T) / 2).astype("float32")
REAL = RNG.normal(size=(6, *SHAPE)).astype("float32")
FAKE = RNG.normal(size=(6, *SHAPE)).astype("float32") + 2.0


def game(score):
    """Returns what a penalty needs of a GAN: what it judges, and its score."""
    return types.SimpleNamespace(
        judged=lambda key, batch: batch[key], score=lambda images, batch: score(images)
    )


def linear(images):
    return tf.reduce_sum(images * W, axis=(1, 2, 3))[:, None]


def quadratic(images):
    flat = tf.reshape(images, (-1, 32))
    return tf.reduce_sum(flat @ A * flat, axis=1)[:, None]  # gradient 2 A x


def batch(real=REAL, fake=FAKE):
    return {"real": tf.constant(real), "fake": tf.constant(fake)}


def norms(images):
    """Returns the norms of the quadratic critic's gradients."""
    return np.linalg.norm(2 * images.reshape(-1, 32).astype("float64") @ A, axis=1)


def spied(penalty, real, fake, key=0):
    """Returns the points, (N, ...), at which a penalty takes the slope, read off the critic."""
    seen = []

    def score(images):
        seen.append(images.numpy())
        return tf.reduce_sum(images**2, axis=(1, 2, 3))[:, None] / 2

    with random.scope(random.key(key)):
        penalty.value(game(score), batch(real, fake))
    return seen[0]


@pytest.mark.parametrize("cls", [penalties.GradientPenalty, penalties.DRAGAN])
def test_slope_penalty_of_a_linear_critic(cls):
    expected = (np.linalg.norm(W.astype("float64")) - 1) ** 2
    np.testing.assert_allclose(cls().value(game(linear), batch()), expected, rtol=1e-5)


@pytest.mark.parametrize("cls", [penalties.R1, penalties.R2])
def test_squared_slope_of_a_linear_critic(cls):
    expected = (W.astype("float64") ** 2).sum() / 2
    np.testing.assert_allclose(cls().value(game(linear), batch()), expected, rtol=1e-5)


@pytest.mark.parametrize("cls, images", [(penalties.R1, REAL), (penalties.R2, FAKE)])
def test_squared_slope_of_a_quadratic_critic(cls, images):
    expected = (norms(images) ** 2).mean() / 2
    np.testing.assert_allclose(cls().value(game(quadratic), batch()), expected, rtol=1e-4)


def test_the_slope_of_packed_images_is_that_of_the_pack():
    def packed(images):
        return tf.reduce_sum(tf.reshape(quadratic(images), (3, 2)), axis=1)[:, None]

    expected = (norms(REAL) ** 2).reshape(3, 2).sum(1)
    got = penalties.squared_slope(game(packed), tf.constant(REAL), {})
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_orthogonality_is_of_the_output_channels_of_kernels_alone():
    kernel, bias = RNG.normal(size=(2, 3, 4, 5)).astype("float32"), RNG.normal(size=5)
    weights = [keras.Variable(kernel), keras.Variable(bias)]
    gan = types.SimpleNamespace(generator=types.SimpleNamespace(trainable_variables=weights))
    columns = kernel.reshape(24, 5).astype("float64")
    products = [
        columns[:, i] @ columns[:, j] for i in range(5) for j in range(5) if i != j
    ]  # fmt: skip
    expected = np.square(products).sum()
    np.testing.assert_allclose(penalties.Orthogonal().value(gan, {}), expected, rtol=1e-5)


def test_gradient_penalty_of_a_quadratic_critic_at_coinciding_images():
    expected = ((norms(REAL) - 1) ** 2).mean()
    got = penalties.GradientPenalty().value(game(quadratic), batch(REAL, REAL))
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_gradient_penalty_of_points():
    points = RNG.normal(size=(5, 2)).astype("float32")
    direction = np.array([3.0, 4.0], "float32")
    got = penalties.GradientPenalty().value(
        game(lambda x: tf.reduce_sum(x * direction, axis=1)[:, None]), batch(points, points + 1)
    )
    np.testing.assert_allclose(got, 16.0, rtol=1e-5)  # (5 - 1)^2


def test_gradient_of_a_patch_critic_is_that_of_the_sum_of_its_scores():
    got = penalties.R1().value(game(lambda x: x), batch())  # one score a pixel, gradient 1 each
    np.testing.assert_allclose(got, 32 / 2)


@pytest.mark.parametrize("cls", SLOPES.values())
def test_penalty_is_the_weighted_value(cls):
    with random.scope(random.key(3)):
        value = cls(weight=1.0)(game(quadratic), batch(), turn=0)
    with random.scope(random.key(3)):
        np.testing.assert_allclose(
            cls(weight=7.5)(game(quadratic), batch(), turn=5), 7.5 * value, rtol=1e-6
        )


def test_penalty_does_not_depend_on_the_batch_size():
    twice = batch(np.concatenate([REAL, REAL]), np.concatenate([FAKE, FAKE]))
    for cls in (penalties.R1, penalties.R2):
        small, large = (cls().value(game(quadratic), b) for b in (batch(), twice))
        np.testing.assert_allclose(small, large, rtol=1e-5)


def test_gradient_penalty_mixes_each_pair_by_one_uniform_weight():
    count = 4000
    real, fake = np.ones((count, 2, 2, 1), "float32"), np.zeros((count, 2, 2, 1), "float32")
    mix = spied(penalties.GradientPenalty(), real, fake)
    assert mix.shape == (count, 2, 2, 1)
    np.testing.assert_array_equal(mix, mix[:, :1, :1] + np.zeros((1, 2, 2, 1)))
    mix = mix[:, 0, 0, 0]
    assert mix.min() >= 0 and mix.max() < 1
    quantiles = np.quantile(mix, np.linspace(0.1, 0.9, 9))
    np.testing.assert_allclose(quantiles, np.linspace(0.1, 0.9, 9), atol=0.04)
    assert len(np.unique(mix)) > 3900


def test_gradient_penalty_looks_between_the_real_and_the_fake_image_of_a_pair():
    points = spied(penalties.GradientPenalty(), REAL, FAKE)
    weight = (points - FAKE) / (REAL - FAKE)
    np.testing.assert_allclose(
        weight, weight.mean((1, 2, 3), keepdims=True) + np.zeros((1, *SHAPE)), atol=1e-3
    )
    assert ((weight > -1e-3) & (weight < 1 + 1e-3)).all()


def test_dragan_looks_around_the_real_images_alone():
    # Of deviation 3: of deviation 1 the noise would be the same without it.
    real = np.tile(RNG.choice([-3.0, 3.0], (3000, 1, 1, 1)), (1, 2, 2, 1)).astype("float32")
    added = spied(penalties.DRAGAN(), real, np.full_like(real, 100.0)) - real
    # Noise uniform in [0, std / 2), pixel by pixel, times a uniform weight for each image.
    assert added.min() > -1e-6 and added.max() <= 0.5 * real.std() + 1e-6
    np.testing.assert_allclose(added.mean(), 0.5 * real.std() / 4, rtol=0.05)
    np.testing.assert_allclose((added**2).mean(), 0.25 * real.var() / 9, rtol=0.08)
    assert (added.std((1, 2, 3)) > 0).mean() > 0.99
    per_image = np.log(added.reshape(-1, 4) + 1e-9)
    assert np.corrcoef(per_image[:, 0], per_image[:, 1])[0, 1] > 0.3  # the shared weight


@pytest.mark.parametrize("cls", [penalties.GradientPenalty, penalties.DRAGAN])
def test_points_differ_from_step_to_step_and_are_those_of_the_key(cls):
    first, again, next_step = (spied(cls(), REAL, FAKE, key) for key in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - next_step).max() > 0.01


@pytest.fixture(scope="module")
def smooth_critic():
    """Returns a critic with a smooth non-linearity, whose weights matter for its slope."""
    inputs = keras.Input((2, 2, 1))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(3, activation="tanh", kernel_initializer="he_normal")(x)
    return keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="he_normal")(x))


@pytest.mark.parametrize("name", SLOPES)
def test_gradient_with_respect_to_the_weights_is_that_of_finite_differences(name, smooth_critic):
    penalty = penalties.get(name)
    data = batch(*RNG.normal(size=(2, 5, 2, 2, 1)).astype("float32"))
    kernels = [w for w in smooth_critic.trainable_variables if "kernel" in w.path]

    def value():
        with random.scope(random.key(4)):
            return penalty(game(smooth_critic), data, turn=0)

    with tf.GradientTape() as tape:
        loss = value()
    gradients = [g.numpy() for g in tape.gradient(loss, kernels)]
    assert all(np.abs(g).max() > 1e-3 for g in gradients)
    for kernel, gradient in zip(kernels, gradients, strict=True):
        start = kernel.numpy()
        direction = np.sign(gradient)
        ends = []
        for sign in (1, -1):
            kernel.assign(start + sign * 5e-3 * direction)
            ends.append(float(value()))
        kernel.assign(start)
        np.testing.assert_allclose((ends[0] - ends[1]) / 1e-2, np.abs(gradient).sum(), rtol=0.02)


@pytest.mark.parametrize("name", SLOPES)
def test_a_critic_of_slope_zero_has_no_nan(name):
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        value = penalties.get(name)(game(lambda x: scale * linear(x)), batch(), turn=0)
    gradient = tape.gradient(value, scale)
    assert np.isfinite(value) and np.isfinite(gradient)
    expected = 0.0 if name in ("r1", "r2") else 10.0  # weight 10 times (0 - 1)^2
    np.testing.assert_allclose(value, expected, atol=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_lazy_penalty_counts_interval_times_on_its_turn_and_is_left_out_on_the_others(compiled):
    eager, lazy = penalties.R1(weight=3.0), penalties.R1(weight=3.0, interval=4)

    def call(turn):
        return lazy(game(quadratic), batch(), turn)

    call = tf.function(call) if compiled else call
    values = [float(call(tf.constant(turn, "int64"))) for turn in range(8)]
    full = float(eager(game(quadratic), batch(), turn=0))
    np.testing.assert_allclose(values, [4 * full, 0, 0, 0] * 2, rtol=1e-5)
    np.testing.assert_allclose(np.mean(values), full, rtol=1e-5)


def test_lazy_penalty_does_not_compute_the_slope_on_other_turns():
    calls = []

    def score(images):
        calls.append(1)
        return linear(images)

    lazy = penalties.R1(interval=4)
    for turn in range(8):
        lazy(game(score), batch(), tf.constant(turn))
    assert len(calls) == 2


def test_training_applies_a_lazy_penalty_on_every_nth_turn():
    gan = ganzoo.create(
        "gan", (8, 8, 1), width=4, latent_dim=4, ema=0, n_critic=1,
        penalties=[{"class_name": "R1", "config": {"weight": 1.0, "interval": 3}}],
    )  # fmt: skip
    images = tf.random.stateless_uniform((4, 8, 8, 1), (0, 0), -1.0, 1.0)
    seen = []
    for _ in range(6):
        gan.reset_metrics()
        seen.append(float(gan.train_step(images)["d_r1"]))
    assert [value > 0 for value in seen] == [True, False, False] * 2


def test_interval_must_be_positive():
    with pytest.raises(InputError, match="interval"):
        penalties.get({"class_name": "R1", "config": {"interval": 0}})


@pytest.mark.parametrize("name", SLOPES)
def test_batch_normalisation_in_the_critic_is_refused_at_compile(name):
    sides = ganzoo.networks.dcgan.pair((16, 16, 1), width=2, latent_dim=4)
    norm = next(
        layer.name
        for layer in sides["discriminator"].layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    gan = ganzoo.GAN(**sides)
    with pytest.raises(InputError, match=re.escape(repr(norm))) as caught:
        gan.compile(penalties=[name])
    assert "\n" not in str(caught.value) and "'layer'" in str(caught.value)


def test_batch_normalisation_is_also_found_in_a_nested_model():
    inputs = keras.Input((4,))
    nested = keras.Sequential([keras.layers.BatchNormalization(name="deep")])
    critic = keras.Model(inputs, keras.layers.Dense(1)(nested(inputs)))
    gan = ganzoo.GAN(ganzoo.networks.mlp.generator((4,), 4, 4), critic, latent_dim=4)
    with pytest.raises(InputError, match="'deep'"):
        gan.compile(penalties=["gradient_penalty"])


@pytest.mark.parametrize("name", SLOPES)
def test_layer_normalisation_is_accepted_and_keeps_images_apart(name):
    sides = ganzoo.networks.dcgan.pair((16, 16, 1), width=2, latent_dim=4, normalization="layer")
    gan = ganzoo.GAN(**sides)
    gan.compile(penalties=[name])
    images = RNG.normal(size=(4, 16, 16, 1)).astype("float32")
    whole = gan.discriminator(images, training=True)
    alone = gan.discriminator(images[:1], training=True)
    np.testing.assert_allclose(whole[:1], alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", penalties.CLASSES)
def test_get_takes_a_name_a_config_and_an_object(name):
    cls = penalties.CLASSES[name]
    assert type(penalties.get(name)) is cls and penalties.get(name).name == name
    made = penalties.get({"class_name": name, "config": {"weight": 2.0, "interval": 4}})
    assert (type(made), made.weight, made.interval) == (cls, 2.0, 4)
    assert penalties.get(made) is made
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert (type(copy), copy.weight, copy.interval, copy.name) == (cls, 2.0, 4, name)


def test_get_names_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'gradient_penalty'"):
        penalties.get("gradient_penality")
