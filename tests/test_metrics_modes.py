"""Modes, class shares, diversity and nearest neighbours, on cases with known answers."""

import numpy as np
import pytest
import tensorflow as tf

from ganzoo import metrics
from ganzoo.data import toys
from ganzoo.errors import InputError

# Mixtures.


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_modes_of_a_mixtures_own_points(name):
    points = toys.source(name).arrays(None)[0][:5000]
    found = metrics.mixture_modes(points, name)
    assert found.modes == len(toys.MIXTURES[name].centers)
    # In the plane a share of 1 - exp(-3^2 / 2) = 0.9889 is within 3 standard deviations.
    assert found.high_quality == pytest.approx(0.9889, abs=0.006)
    assert found.counts.sum() == round(found.high_quality * 5000)


def test_modes_by_hand():
    mixture = toys.Mixture(np.array([[0.0, 0], [10, 0], [0, 10]], np.float32), 1.0)
    points = np.array([[0, 2.9], [0, 3.1], [2.9, 0], [10, 1], [5, 0]])
    found = metrics.mixture_modes(points, mixture)
    assert found.modes == 2 and found.high_quality == pytest.approx(0.6)
    np.testing.assert_array_equal(found.counts, [2, 1, 0])
    assert metrics.mixture_modes(points, mixture, within=3.2).high_quality == pytest.approx(0.8)
    with pytest.raises(InputError, match="Did you mean 'ring8'"):
        metrics.mixture_modes(points, "ring9")
    with pytest.raises(InputError, match="got"):
        metrics.mixture_modes(np.zeros((4, 3)), mixture)


# Classes.


def test_class_histogram_and_kl():
    shares = metrics.class_histogram(np.array([0, 0, 2, 2]), 4)
    np.testing.assert_array_equal(shares, [0.5, 0, 0.5, 0])
    assert metrics.histogram_kl(shares) == pytest.approx(np.log(2))
    assert metrics.histogram_kl([1, 1, 1]) == 0
    assert metrics.histogram_kl([1, 3], [1, 1]) == pytest.approx(
        0.25 * np.log(0.5) + 0.75 * np.log(1.5)
    )
    assert metrics.histogram_kl([1, 1], [1, 0]) == np.inf
    assert metrics.histogram_kl([1, 0], [1, 1]) == pytest.approx(np.log(2))
    odds = np.eye(4)[[0, 0, 2, 2]] * 0.7 + 0.1
    np.testing.assert_array_equal(metrics.class_histogram(odds, 4), shares)
    for wrong in ([0, 4], [-1, 0], [0.5, 1], [], [[1, 2]]):
        with pytest.raises(InputError, match="labels"):
            metrics.class_histogram(np.array(wrong), 4)
    for wrong in (([1, 1], [1, 1, 1]), ([0, 0], None), ([-1, 2], None)):
        with pytest.raises(InputError, match="shares"):
            metrics.histogram_kl(*wrong)


def test_stacked_modes():
    every = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
    assert metrics.stacked_modes(every) == pytest.approx((1000, 0))
    assert metrics.stacked_modes(np.arange(500).repeat(2)) == pytest.approx((500, np.log(2)))
    assert metrics.stacked_modes(np.zeros((50, 3), int)) == pytest.approx((1, np.log(1000)))
    draws = np.random.default_rng(0).integers(0, 10, (26_000, 3))
    found = metrics.stacked_modes(draws)
    assert found.modes == 1000 and found.reverse_kl == pytest.approx(0.0192, abs=0.003)
    for wrong in (np.full((4, 3), 10), np.zeros((4, 2), int), np.array([1000])):
        with pytest.raises(InputError):
            metrics.stacked_modes(wrong)


# Diversity.


def pictures(size, channels=3, count=3, seed=0):
    """Returns noise at several scales, so that pairs have something in common."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, size // 8, size // 8, channels))
    noise = rng.integers(-20, 20, (count, size, size, channels))
    return (coarse.repeat(8, 1).repeat(8, 2) + noise).clip(0, 255).astype(np.uint8)


def test_ms_ssim_is_tensorflows():
    a = pictures(192)
    b = (0.6 * a + 0.4 * pictures(192, seed=1)).astype(np.uint8)
    expected = tf.image.ssim_multiscale(a, b, 255).numpy()
    np.testing.assert_allclose(metrics.ms_ssim(a, b), expected, rtol=1e-4)
    assert 0.1 < expected.min() < expected.max() < 0.95


def test_ms_ssim_of_flat_images_is_that_of_their_luminance():
    a, b = (np.full((1, 16, 16, 1), value, np.uint8) for value in (10, 20))
    luminance = (2 * 10 * 20 + 2.55**2) / (10**2 + 20**2 + 2.55**2)
    assert metrics.ms_ssim(a, b)[0] == pytest.approx(luminance, rel=1e-5)


def test_ms_ssim_of_small_images_has_fewer_scales():
    a = pictures(32, 1)
    b = (0.6 * a + 0.4 * pictures(32, 1, seed=1)).astype(np.uint8)
    powers = np.array([0.0448, 0.2856]) / (0.0448 + 0.2856)
    expected = tf.image.ssim_multiscale(a, b, 255, power_factors=powers.tolist()).numpy()
    np.testing.assert_allclose(metrics.ms_ssim(a, b), expected, rtol=1e-4)
    np.testing.assert_allclose(metrics.ms_ssim(a, a), 1)
    with pytest.raises(InputError, match="H and W >= 11"):
        metrics.ms_ssim(a[:, :10], b[:, :10])


def test_ms_ssim_diversity():
    same = pictures(32, count=1).repeat(6, 0)
    assert metrics.ms_ssim_diversity(same, pairs=10) == pytest.approx(1)
    mixed = np.concatenate([same, pictures(32, count=6, seed=3)])
    found = metrics.ms_ssim_diversity(mixed, np.repeat([3, 7], 6), pairs=30)
    assert list(found) == [3, 7] and found[3] == pytest.approx(1) and found[7] < 0.5
    assert found == metrics.ms_ssim_diversity(mixed, np.repeat([3, 7], 6), pairs=30)
    with pytest.raises(InputError, match="2 images"):
        metrics.ms_ssim_diversity(mixed, np.arange(12))
    with pytest.raises(InputError, match="12 labels"):
        metrics.ms_ssim_diversity(mixed, np.arange(3))


def test_pairwise_distance():
    points = np.array([[0.0, 0], [3, 4], [0, 0]])
    assert metrics.pairwise_distance(points) == pytest.approx((5 + 5 + 0) / 3)
    with pytest.raises(InputError, match="at least 2"):
        metrics.pairwise_distance(points[:1])


# Neighbours.


def test_nearest_neighbours_in_pixels():
    training = pictures(16, count=70, seed=4)
    samples = training[[50, 7]].copy()
    samples[1, 0, 0] ^= 255
    found = metrics.nearest(samples, training, k=3, batch_size=9)
    np.testing.assert_array_equal(found.indices[:, 0], [50, 7])
    assert found.distances[0, 0] == 0 < found.distances[1, 0] < found.distances[1, 1]
    difference = (samples[1].astype(float) - training[7]) / 255
    assert found.distances[1, 0] == pytest.approx(np.sqrt((difference**2).mean()), rel=1e-5)
    every = np.sqrt((((samples[:, None].astype(float) - training) / 255) ** 2).mean((2, 3, 4)))
    np.testing.assert_allclose(found.distances, np.sort(every)[:, :3], atol=1e-6)
    np.testing.assert_array_equal(found.indices, np.argsort(every)[:, :3])


def test_nearest_neighbours_in_features():
    training = np.array([[0.0, 0], [1, 0], [5, 5]])
    found = metrics.nearest(np.array([[4.0, 4], [0.4, 0]]), training, "inception", k=2)
    np.testing.assert_array_equal(found.indices, [[2, 1], [0, 1]])
    np.testing.assert_allclose(found.distances, [[np.sqrt(2), 5], [0.4, 0.6]])
    images = pictures(16, count=5)
    found = metrics.nearest(images[3:], images, lambda x: x.mean((1, 2)))
    np.testing.assert_array_equal(found.indices[:, 0], [3, 4])
    for k in (0, 4):
        with pytest.raises(InputError, match="k must be from 1 to the 3"):
            metrics.nearest(training, training, k=k)


def test_copies_are_found():
    rng = np.random.default_rng(5)
    training, held_out, fresh = (rng.standard_normal((400, 6)) for _ in range(3))
    assert metrics.copied(fresh, training, held_out, percentile=5) == pytest.approx(0.05, abs=0.04)
    near = training[:100] + 1e-3 * rng.standard_normal((100, 6))
    assert metrics.copied(near, training, held_out) == 1
