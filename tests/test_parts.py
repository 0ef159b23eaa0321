"""The parts of learning that have no file of tests of their own: that each does what it is for."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import augment, balance, latents, losses, penalties, random, replay
from ganzoo.errors import InputError
from ganzoo.networks import mlp

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(64, 2)).astype("float32")


def game(variant="gan", **learning):
    keras.utils.set_random_seed(0)
    return ganzoo.create(variant, (2,), width=8, latent_dim=4, **learning)


def fit(gan, steps=4, size=8):
    logs = gan.fit(POINTS, batch_size=size, steps_per_epoch=steps, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    return {name: value[-1] for name, value in logs.items()}


# --- latents


def test_slerp_keeps_the_norm_where_a_line_does_not():
    a, b = (x / np.linalg.norm(x) for x in RNG.normal(size=(2, 16)))
    path = latents.slerp(a, b, np.linspace(0, 1, 9)[:, None])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-6)
    assert np.linalg.norm((a + b) / 2) < 0.95
    angles = np.arccos(np.sum(path[1:] * path[:-1], axis=1).clip(-1, 1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-3)  # even steps


def test_slerp_of_one_direction_is_a_line():
    a = np.ones(4)
    np.testing.assert_allclose(latents.slerp(a, 3 * a, 0.5), 2 * a)


# --- instance noise


def test_instance_noise_decays_and_is_in_training_only():
    gan = game(augment=augment.InstanceNoise(0.5, steps=8))
    x = np.zeros((500, 2), "float32")
    np.testing.assert_array_equal(gan.augment(x), x)
    measured = []
    for step in (0, 4, 8, 100):
        gan.step.assign(step)
        measured.append(np.std(np.asarray(gan.augment(x, training=True))))
    np.testing.assert_allclose(measured, [0.5, 0.25, 0.0, 0.0], rtol=0.1, atol=1e-7)
    gan.step.assign(0)
    assert fit(gan)["augment_stddev"] == pytest.approx(
        np.mean([0.5 * (1 - k / 8) for k in (1, 2, 3, 4)])
    )


# --- label smoothing


@pytest.mark.parametrize("arguments", [{"real_label": 0.9}, {"real_label": (0.7, 1.2)}])
def test_smoothing_lowers_the_confidence_of_the_discriminator(arguments):
    """On images that are told apart without fail the score of real ones is the target's logit."""

    def confidence(loss):
        score = tf.Variable([[0.0]])

        @tf.function
        def descend(step):
            with random.scope(random.key(0, step)), tf.GradientTape() as tape:
                real = tf.repeat(score, 64, axis=0)
                value = loss.discriminator(real, tf.fill((64, 1), -20.0))
            score.assign_sub(tape.gradient(value, score))

        for step in range(400):
            descend(tf.constant(step))
        return float(tf.sigmoid(score)[0, 0])

    assert confidence(losses.NonSaturating()) > 0.97
    assert confidence(losses.NonSaturating(**arguments)) < 0.97


# --- penalties


def test_feature_matching_is_the_distance_of_the_mean_features():
    gan = game(penalties=["feature_matching"])
    reader = penalties.feature_reader(gan.discriminator)
    batch = {"real": tf.constant(POINTS[:8]), "fake": tf.constant(POINTS[8:16])}
    means = [np.asarray(reader([batch[key]])).mean(0) for key in ("real", "fake")]
    found = gan.penalties[0].value(gan, batch)
    assert float(found) == pytest.approx(np.square(means[0] - means[1]).mean(), rel=1e-5)
    assert float(gan.penalties[0].value(gan, batch | {"fake": batch["real"]})) == 0.0
    np.testing.assert_allclose(
        np.asarray(gan.discriminator.layers[-1](reader(POINTS))),
        gan.discriminator(POINTS),
        rtol=1e-5,
    )
    assert "g_feature_matching" in fit(gan)


@pytest.mark.parametrize("variant", ["ebgan", "infogan", "unrolled"])
def test_features_are_found_in_other_discriminators(variant, eagerly):
    width = {"latent_dim": 18} if variant == "infogan" else {"latent_dim": 4}
    gan = ganzoo.create(variant, (2,), width=8, penalties=["feature_matching"], **width)
    fit(gan, steps=1)


def test_historical_averaging_by_hand():
    part = penalties.HistoricalAveraging(weight=1.0)
    weight = keras.Variable([2.0, 0.0])
    gan = types.SimpleNamespace(generator=types.SimpleNamespace(trainable_variables=[weight]))
    part.attach(gan)
    values = [[2.0, 0.0], [4.0, 0.0], [0.0, 3.0]]
    for turn, value in enumerate(values):
        weight.assign(value)
        found = float(part(gan, {}, tf.constant(turn)))
        mean = np.mean(values[: turn + 1], axis=0)
        assert found == pytest.approx(np.square(np.array(value) - mean).sum(), rel=1e-5)


def test_historical_averaging_of_the_first_turn_is_zero():
    """Whatever the weights were before it, the mean begins with them."""
    part, weight = penalties.HistoricalAveraging(), keras.Variable([2.0, 0.0])
    gan = types.SimpleNamespace(generator=types.SimpleNamespace(trainable_variables=[weight]))
    part.attach(gan)
    weight.assign([5.0, -1.0])
    assert float(part.value(gan, {})) == 0.0
    np.testing.assert_array_equal(part.means[0], [5.0, -1.0])


def test_historical_averaging_goes_with_several_discriminators():
    ganzoo.create("cyclegan", (8, 8, 1), width=4, blocks=1, penalties=["historical_averaging"])


def test_historical_averaging_damps_the_rotation_of_xy():
    """min over x, max over y of x y: alternating steps circle for ever, drawn in they do not."""

    def radius(weight):
        x, y = keras.Variable(1.0), keras.Variable(1.0)
        sides = [types.SimpleNamespace(trainable_variables=[v]) for v in (x, y)]
        gan = types.SimpleNamespace(generator=sides[0], discriminator=sides[1])
        parts = [penalties.HistoricalAveraging(weight, side=s) for s in "gd"]
        for part in parts:
            part.attach(gan)
        for turn in range(120):
            for v, part, sign in ((x, parts[0], 1.0), (y, parts[1], -1.0)):
                with tf.GradientTape() as tape:
                    loss = sign * x * y + part(gan, {}, tf.constant(turn))
                v.assign_sub(0.1 * tape.gradient(loss, v.value))
        return float(np.hypot(x.numpy(), y.numpy()))

    assert radius(0.0) > 1.0
    assert radius(0.5) < 0.5


# --- the past


def test_past_checkpoints_come_back():
    gan = game(replay=replay.PastCheckpoints(kept=2, interval=2, share=0.999), ema=0)
    fit(gan, steps=2)  # a copy is made after the second step
    old = [w.numpy() for w in gan.generator.weights]
    judged = gan.discriminator(POINTS).numpy()
    fit(gan, steps=1)
    with random.scope(random.key(1)):
        batch = {"real": tf.constant(POINTS[:8])}
        batch |= gan.generate(batch)
    with random.scope(random.key(1)):
        shown = gan.replay.fakes(gan, batch)["fake"]
    past = mlp.generator((2,), 8, 4)
    past.set_weights(old)
    with random.scope(random.key(1)):
        z = keras.random.normal((8, 4), seed=random.seed("latent"))
    np.testing.assert_allclose(past(z), shown, rtol=1e-4, atol=1e-5)
    assert np.abs(np.asarray(shown) - np.asarray(batch["fake"])).max() > 1e-5
    with random.scope(random.key(2)), gan.replay.judge(gan):
        np.testing.assert_allclose(gan.discriminator(POINTS), judged, rtol=1e-5)
    assert np.any(gan.discriminator(POINTS).numpy() != judged)


def test_a_past_judge_does_not_keep_terms_from_their_state():
    """The means of historical averaging move at every turn of G, whoever judges it."""
    part = replay.PastCheckpoints(interval=1, share=0.999)
    gan = game(replay=part, penalties=["historical_averaging"], ema=0)
    before = [w.numpy() for w in gan.penalties[0].means]
    fit(gan)
    assert any(np.any(a != w.numpy()) for a, w in zip(before, gan.penalties[0].means, strict=True))


def test_there_is_no_past_at_first():
    gan = game(replay="past_checkpoints", ema=0)
    with random.scope(random.key(0)):
        batch = {"real": tf.constant(POINTS[:8]), "fake": tf.constant(POINTS[:8])}
        shown = gan.replay.fakes(gan, batch)["fake"]
    np.testing.assert_array_equal(shown, POINTS[:8])


# --- balance


def test_a_discriminator_that_is_ahead_waits():
    """Weights and optimizer stay bit for bit, and it goes on when it is no longer ahead."""
    gan = game(balance=balance.Balance(0.8, decay=0.0), ema=0)
    far = {"real": tf.fill((8, 2), 50.0), "fake": tf.fill((8, 2), -50.0)}
    for _ in range(200):
        gan.discriminator_step(far)
        if float(gan.balance.accuracy) > 0.8:
            break
    state = [v.numpy() for v in [*gan.discriminator.weights, *gan.d_optimizer.variables]]
    gan.discriminator_step(far)
    after = [v.numpy() for v in [*gan.discriminator.weights, *gan.d_optimizer.variables]]
    assert all(np.array_equal(a, b) for a, b in zip(state, after, strict=True))
    gan.discriminator_step({"real": far["fake"], "fake": far["real"]})
    assert int(gan.d_optimizer.iterations) == int(state[len(gan.discriminator.weights)]) + 1


def test_balance_under_two_devices(replicas):
    with replicas.scope():
        gan = game(
            balance=0.6,
            replay={"class_name": "PastCheckpoints", "config": {"interval": 2}},
            penalties=["historical_averaging"],
            augment="instance_noise",
        )
    assert 0.0 <= fit(gan)["d_accuracy"] <= 1.0


@pytest.mark.parametrize(
    ("variant", "learning", "message"),
    [
        ("began", {"balance": 0.8}, "one score"),
        ("gan", {"balance": 0.2}, r"bound in \[0.5, 1\)"),
        ("began", {"augment": "ada"}, "diff_augment"),
        ("gan", {"replay": {"class_name": "PastCheckpoints", "config": {"kept": 0}}}, "kept"),
        ("gan", {"augment": {"class_name": "InstanceNoise", "config": {"steps": 0}}}, "steps"),
        (
            "gan",
            {"penalties": {"class_name": "HistoricalAveraging", "config": {"side": "x"}}},
            "side",
        ),
    ],
)
def test_what_does_not_fit_is_refused(variant, learning, message):
    with pytest.raises(InputError, match=message):
        game(variant, **learning)


@pytest.mark.parametrize(
    "learning",
    [
        {"replay": "past_checkpoints", "penalties": ["historical_averaging", "feature_matching"]},
        {
            "balance": 0.7,
            "augment": {"class_name": "InstanceNoise", "config": {"stddev": 0.2, "steps": 50}},
        },
    ],
)
def test_parts_are_saved_and_go_on_as_if_nothing_had_happened(learning):
    from ganzoo import testing

    data = tf.data.Dataset.from_tensor_slices({"real": POINTS}).batch(8)
    gan = game(**learning)
    fit(gan)
    testing.check_saving(gan, data)
