"""The losses against closed forms that are written out here in numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo import losses, random
from ganzoo.errors import InputError

SHAPES = [(6, 1), (5, 3, 3, 1)]
MAKERS = {
    "non_saturating": losses.NonSaturating,
    "minimax": losses.Minimax,
    "least_squares_chi2": losses.LeastSquares,
    "least_squares_binary": lambda: losses.LeastSquares(0.0, 1.0, 1.0),
    "wasserstein": losses.Wasserstein,
    "hinge": losses.Hinge,
}


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def closed_discriminator(name, real, fake):
    """Returns D's loss as its paper writes it, in float64, from probabilities where it has them."""
    if name in ("non_saturating", "minimax"):
        return -np.log(sigmoid(real)).mean() - np.log(1.0 - sigmoid(fake)).mean()
    if name == "least_squares_chi2":
        return 0.5 * ((real - 1) ** 2).mean() + 0.5 * ((fake + 1) ** 2).mean()
    if name == "least_squares_binary":
        return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    if name == "wasserstein":
        return fake.mean() - real.mean()
    return np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()


def closed_generator(name, fake):
    if name == "non_saturating":
        return -np.log(sigmoid(fake)).mean()
    if name == "minimax":
        return np.log(1.0 - sigmoid(fake)).mean()
    if name == "least_squares_chi2":
        return 0.5 * (fake**2).mean()
    if name == "least_squares_binary":
        return 0.5 * ((fake - 1) ** 2).mean()
    return -fake.mean()


def numeric_gradient(function, x):
    """Returns the central differences of a scalar function of an array, in float64."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        gradient[place] = (function(x + step) - function(x - step)) / 2e-6
    return gradient


def value_and_gradients(function, *scores):
    scores = [tf.constant(score, "float32") for score in scores]
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = function(*scores)
    return value.numpy(), [g.numpy() for g in tape.gradient(value, scores)]


def drawn(shape, seed):
    # Away from +-1, where the hinge has its corners.
    x = np.random.default_rng(seed).normal(0.0, 2.0, shape)
    return np.where(np.abs(np.abs(x) - 1) < 1e-2, x + 0.05, x)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MAKERS)
def test_discriminator_loss_and_gradient_are_the_closed_form(name, shape):
    real, fake = drawn(shape, 0), drawn(shape, 1)
    value, (by_real, by_fake) = value_and_gradients(MAKERS[name]().discriminator, real, fake)
    assert value.shape == ()
    np.testing.assert_allclose(value, closed_discriminator(name, real, fake), rtol=1e-5)
    for got, expected in [
        (by_real, numeric_gradient(lambda x: closed_discriminator(name, x, fake), real)),
        (by_fake, numeric_gradient(lambda x: closed_discriminator(name, real, x), fake)),
    ]:
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MAKERS)
def test_generator_loss_and_gradient_are_the_closed_form(name, shape):
    fake = drawn(shape, 2)
    value, (gradient,) = value_and_gradients(MAKERS[name]().generator, fake)
    assert value.shape == ()
    np.testing.assert_allclose(value, closed_generator(name, fake), rtol=1e-5)
    expected = numeric_gradient(lambda x: closed_generator(name, x), fake)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["non_saturating", "minimax"])
def test_cross_entropy_is_stable_at_extreme_scores(name):
    loss = MAKERS[name]()
    right, wrong = np.array([[1000.0]]), np.array([[-1000.0]])
    value, gradients = value_and_gradients(loss.discriminator, right, wrong)
    np.testing.assert_allclose(value, 0.0, atol=1e-6)
    np.testing.assert_allclose(gradients, 0.0, atol=1e-6)
    value, gradients = value_and_gradients(loss.discriminator, wrong, right)
    np.testing.assert_allclose(value, 2000.0)
    np.testing.assert_allclose(np.ravel(gradients), [-1.0, 1.0])
    for score in (-1000.0, 1000.0):
        value, gradients = value_and_gradients(loss.generator, np.array([[score]]))
        lost = score < 0
        slope = -lost if name == "non_saturating" else lost - 1.0
        expected = 1000.0 * lost if name == "non_saturating" else -1000.0 * (1 - lost)
        np.testing.assert_allclose(value, expected, atol=1e-6)
        np.testing.assert_allclose(np.ravel(gradients), [slope], atol=1e-6)


@pytest.mark.parametrize("name", MAKERS)
def test_extreme_scores_give_finite_losses_and_gradients(name):
    scores = np.array([[1000.0], [-1000.0], [0.0]])
    loss = MAKERS[name]()
    value, gradients = value_and_gradients(loss.discriminator, scores, scores)
    assert np.isfinite(value) and np.isfinite(gradients).all()
    value, gradients = value_and_gradients(loss.generator, scores)
    assert np.isfinite(value) and np.isfinite(gradients).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", MAKERS)
def test_half_precision_scores_are_averaged_in_float32(name, dtype):
    loss = MAKERS[name]()
    # The mean of 4,096 scores about 60 overflows a float16 sum: 245,760 > 65,504.
    scores = tf.constant(np.linspace(50, 70, 4096)[:, None], dtype)
    exact = scores.numpy().astype("float64")
    d_loss, g_loss = loss.discriminator(-scores, scores), loss.generator(scores)
    assert d_loss.dtype == g_loss.dtype == tf.float32
    # Only losses that are polynomial at large scores: numpy's log(1 - sigmoid) is not stable there.
    if name not in ("non_saturating", "minimax"):
        np.testing.assert_allclose(d_loss, closed_discriminator(name, -exact, exact), rtol=1e-5)
        np.testing.assert_allclose(g_loss, closed_generator(name, exact), rtol=1e-5)
    else:
        np.testing.assert_allclose(d_loss, 2 * exact.mean(), rtol=1e-5)


def test_smoothing_is_the_soft_cross_entropy():
    real, fake = drawn((7, 1), 3), drawn((7, 1), 4)
    p, q = sigmoid(real), sigmoid(fake)
    expected = -(0.9 * np.log(p) + 0.1 * np.log(1 - p)).mean()
    expected -= (0.2 * np.log(q) + 0.8 * np.log(1 - q)).mean()
    got = losses.NonSaturating(real_label=0.9, fake_label=0.2).discriminator(real, fake)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_smoothed_discriminator_is_best_at_the_smoothed_probability():
    best = np.log(0.9 / 0.1)
    _, (gradient, _) = value_and_gradients(
        losses.NonSaturating(real_label=0.9).discriminator, np.full((4, 1), best), np.zeros((4, 1))
    )
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


@pytest.mark.parametrize("cls", [losses.NonSaturating, losses.Minimax])
def test_generator_loss_ignores_smoothing_and_flips(cls):
    fake = drawn((7, 1), 5)
    tricked = cls(real_label=(0.5, 0.7), fake_label=0.3, flip=0.4)
    np.testing.assert_array_equal(tricked.generator(fake), cls().generator(fake))


@pytest.mark.parametrize("cls", [losses.LeastSquares, losses.Wasserstein, losses.Hinge])
def test_generator_loss_ignores_flips(cls):
    fake = drawn((7, 1), 5)
    np.testing.assert_array_equal(cls(flip=0.4).generator(fake), cls().generator(fake))


def labels_used(loss, count, key, shape=(1,)):
    """Returns the real labels that D was told, read off the least-squares gradient: score - b."""
    with random.scope(key):
        score = tf.zeros((count, *shape))
        with tf.GradientTape() as tape:
            tape.watch(score)
            value = loss.discriminator(score, tf.zeros((count, *shape)))
        size = count * int(np.prod(shape))
        return -tape.gradient(value, score).numpy() * size


def test_labels_of_a_range_differ_for_each_image_and_lie_in_it():
    labels = labels_used(losses.LeastSquares(b=(0.7, 1.2)), 2000, random.key(0), (2, 2, 1))
    assert labels.min() >= 0.7 - 1e-4 and labels.max() <= 1.2 + 1e-4
    np.testing.assert_allclose(labels.mean(), 0.95, atol=0.015)  # uniform: 4.6 standard errors
    np.testing.assert_allclose(labels.std(), 0.5 / np.sqrt(12), rtol=0.05)
    per_image = labels.reshape(2000, -1)
    np.testing.assert_allclose(per_image, per_image[:, :1] + np.zeros((1, 4)))  # one per image
    assert len(np.unique(per_image[:, 0].round(5))) > 1900


def test_labels_are_reproducible_in_a_scope_and_new_in_the_next_step():
    loss = losses.LeastSquares(b=(0.7, 1.2))
    first = labels_used(loss, 20, random.key(0, 3))
    np.testing.assert_array_equal(first, labels_used(loss, 20, random.key(0, 3)))
    assert np.abs(first - labels_used(loss, 20, random.key(0, 4))).max() > 0.1


def test_real_and_fake_labels_of_one_range_are_drawn_apart():
    # Were they the same draws, score = 0 would give equal losses image by image, and no difference.
    loss = losses.LeastSquares(a=(0.0, 1.0), b=(0.0, 1.0))
    with random.scope(random.key(1)):
        on_real, on_fake = loss.on_real(tf.zeros((50, 1))), loss.on_fake(tf.zeros((50, 1)))
    assert abs(np.corrcoef(np.ravel(on_real), np.ravel(on_fake))[0, 1]) < 0.5


@pytest.mark.parametrize("name", ["non_saturating", "least_squares_chi2", "wasserstein", "hinge"])
def test_flipped_labels_give_the_mixture_of_both_losses(name):
    count, flip = 40_000, 0.2
    real, fake = np.full((count, 1), 0.7), np.full((count, 1), -0.4)
    plain, loss = MAKERS[name](), MAKERS[name]()
    loss.flip = flip
    with random.scope(random.key(11)):
        got = loss.discriminator(real, fake)
    straight = closed_discriminator(name, real, fake)
    exchanged = closed_discriminator(name, fake, real)
    expected = (1 - flip) * straight + flip * exchanged
    # Each side's flips are binomial: the error is below 5 standard errors of their sum.
    swing = np.abs(plain.on_real(real[:1]) - plain.on_fake(real[:1])).item()
    swing += np.abs(plain.on_real(fake[:1]) - plain.on_fake(fake[:1])).item()
    np.testing.assert_allclose(got, expected, atol=5 * swing * np.sqrt(flip * 0.8 / count))
    assert abs(got - straight) > 0.01


def test_flipped_pairs_give_the_mixture_of_both_directions():
    """Of a share of the pairs the fake one is taken for the real one."""
    real, fake = np.full((40_000, 1), 2.0, "float32"), np.full((40_000, 1), 0.5, "float32")
    with random.scope(random.key(3)):
        found = float(losses.Relativistic(flip=0.2).discriminator(real, fake))
    right, wrong = np.log1p(np.exp(-1.5)), np.log1p(np.exp(1.5))
    assert found == pytest.approx(0.8 * right + 0.2 * wrong, abs=0.01)
    with random.scope(random.key(3)):
        again = float(losses.Relativistic().discriminator(real, fake))
    assert again == pytest.approx(right, rel=1e-5)


def test_the_config_of_a_relativistic_loss_is_whole():
    loss = losses.Relativistic(average=True, flip=0.1)
    assert loss.get_config() == {"average": True, "flip": 0.1}


def test_real_and_fake_images_are_flipped_apart_and_whole():
    loss = losses.Wasserstein(flip=0.3)
    with random.scope(random.key(5)):
        _, gradients = value_and_gradients(loss.discriminator, *np.ones((2, 500, 2, 2, 1)))
    by_real, by_fake = (gradient * 2000 for gradient in gradients)  # -1 and 1, but for the flips
    on_real, on_fake = by_real[:, 0, 0, 0] > 0, by_fake[:, 0, 0, 0] < 0  # the flipped images
    np.testing.assert_allclose([on_real.mean(), on_fake.mean()], 0.3, atol=0.1)
    np.testing.assert_array_equal(by_real, by_real[:, :1, :1] + np.zeros((1, 2, 2, 1)))
    assert 0 < (on_real & on_fake).mean() < 0.2  # 0.09 if independent, 0.3 if the same draws


def test_no_flips_are_exact_and_draw_nothing():
    real, fake = drawn((9, 1), 6), drawn((9, 1), 7)
    got = {losses.Hinge(flip=0.0).discriminator(real, fake).numpy().item() for _ in range(5)}
    assert len(got) == 1
    np.testing.assert_allclose(got.pop(), closed_discriminator("hinge", real, fake), rtol=1e-5)


@pytest.mark.parametrize("flip", [-0.1, 0.5, 1.0])
def test_flip_must_be_less_than_a_half(flip):
    with pytest.raises(ValueError, match="flip"):
        losses.Hinge(flip=flip)


def test_only_minimax_starves_the_generator_when_d_wins():
    fake = np.full((4, 1), -30.0)
    _, (saturated,) = value_and_gradients(losses.Minimax().generator, fake)
    _, (alive,) = value_and_gradients(losses.NonSaturating().generator, fake)
    assert np.abs(saturated).max() < 1e-12
    np.testing.assert_allclose(alive, -0.25, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(losses.CLASSES))
def test_get_takes_a_name_a_config_and_an_object(name):
    by_name = losses.get(name)
    assert type(by_name) is losses.CLASSES[name]
    assert losses.get(by_name) is by_name
    by_config = losses.get({"class_name": type(by_name).__name__, "config": {"flip": 0.25}})
    assert type(by_config) is type(by_name) and by_config.flip == 0.25


@pytest.mark.parametrize(
    "wrong, message",
    [
        ("hing", "Did you mean 'hinge'"),
        ("wassertein", "Did you mean 'wasserstein'"),
        ({"class_name": "LeastSqares"}, "Did you mean 'least_squares'"),
        ({"class_name": "Hinge", "config": {"flop": 0.1}}, "flop"),
        ({"class_name": "Hinge", "config": {"flip": 2.0}}, "flip"),
        (3.0, "hinge"),
        ({"name": "hinge"}, "hinge"),
    ],
)
def test_get_refuses_in_one_line_that_names_the_nearest(wrong, message):
    with pytest.raises(InputError, match=message) as caught:
        losses.get(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "loss",
    [
        losses.NonSaturating(real_label=(0.7, 1.2), fake_label=0.1, flip=0.05),
        losses.Minimax(real_label=0.9),
        losses.LeastSquares(0.0, (0.8, 1.1), 1.0, flip=0.1),
        losses.Wasserstein(flip=0.2),
        losses.Hinge(flip=0.3),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_config_round_trip_through_keras(loss):
    data = keras.saving.serialize_keras_object(loss)
    copy = keras.saving.deserialize_keras_object(data)
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    real, fake = drawn((5, 1), 8), drawn((5, 1), 9)
    with random.scope(random.key(2)):
        expected = loss.discriminator(real, fake)
    with random.scope(random.key(2)):
        np.testing.assert_array_equal(copy.discriminator(real, fake), expected)
    np.testing.assert_array_equal(copy.generator(fake), loss.generator(fake))
