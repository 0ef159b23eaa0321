"""Distances of two sets of features: closed forms, tiny cases by hand, and published numbers.

The numbers called published came from running, on the same rows: scipy 1.17's sqrtm (FID), mmd2 of
torch-fidelity 0.4.0 (KID; inception score by its formula), prdc 0.2.
"""

import numpy as np
import pytest

from ganzoo import metrics
from ganzoo.errors import InputError
from ganzoo.metrics import distances
from ganzoo.metrics.moments import Moments


def rows(count, width, seed, shift=0.0, scale=1.0):
    return shift + scale * np.random.RandomState(seed).standard_normal((count, width))


A, B = rows(300, 8, 0), rows(250, 8, 1, 0.3, 1.2)


def gaussian(mean, covariance):
    return Moments(2, np.array(mean, float), np.array(covariance, float))


# FID.


def test_frechet_distance_of_known_gaussians():
    a = gaussian([0, 0, 0], np.diag([1, 4, 9]))
    # Diagonal: |m|^2 + sum (s_a - s_b)^2 of the standard deviations.
    b = gaussian([1, 2, 2], np.diag([4, 4, 1]))
    assert metrics.frechet_distance(a, b) == pytest.approx(9 + 1 + 0 + 4)
    # A turn of the axes changes nothing.
    turn, _ = np.linalg.qr(rows(3, 3, 5))
    turned = [gaussian(turn @ m.mean, turn @ m.scatter @ turn.T) for m in (a, b)]
    assert metrics.frechet_distance(*turned) == pytest.approx(14)
    # 2 x 2, not commuting: tr (S_a S_b)^(1/2) = sqrt(tr S_a S_b + 2 sqrt(det S_a S_b)).
    s_a, s_b = np.array([[2.0, 1], [1, 2]]), np.array([[3.0, 0], [0, 1]])
    root = np.sqrt(np.trace(s_a @ s_b) + 2 * np.sqrt(np.linalg.det(s_a @ s_b)))
    expected = 4 + 4 - 2 * root
    assert metrics.frechet_distance(gaussian([0, 0], s_a), gaussian([0, 0], s_b)) == pytest.approx(
        expected
    )


def test_frechet_distance_of_singular_gaussians():
    flat = gaussian([0, 0], [[1, 0], [0, 0]])
    other = gaussian([0, 3], [[0, 0], [0, 4]])
    assert metrics.frechet_distance(flat, other) == pytest.approx(9 + 1 + 4)
    assert metrics.frechet_distance(other, flat) == pytest.approx(14)
    still = gaussian([1, 1], np.zeros((2, 2)))
    assert metrics.frechet_distance(still, still) == 0
    # Fewer samples than features: published 18.4262424 (with an imaginary part cut off).
    few = rows(5, 8, 2), rows(6, 8, 3, 1.0)
    assert metrics.fid(*few) == pytest.approx(18.4262424, abs=1e-5)
    assert metrics.fid(*few[::-1]) == pytest.approx(18.4262424, abs=1e-5)


def test_fid_is_the_published_number():
    assert metrics.fid(A, B) == pytest.approx(1.7648616293545092, rel=1e-10)
    assert metrics.fid(B, A) == pytest.approx(1.7648616293545092, rel=1e-10)
    assert metrics.fid(Moments.of(A), B) == pytest.approx(1.7648616293545092, rel=1e-10)
    assert metrics.fid(A, A) == pytest.approx(0, abs=1e-9)


def test_fid_of_images_by_a_function():
    images = np.random.default_rng(0).integers(0, 256, (40, 5, 5, 3), np.uint8)
    found = metrics.fid(images, iter([images[:20]]), lambda x: x.mean((1, 2)), batch_size=7)
    assert found == pytest.approx(metrics.fid(*(x.mean((1, 2)) for x in (images, images[:20]))))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((A, B[:, :5]), "one width"),
        ((A, B[:1]), "at least 2"),
        ((A, np.full_like(B, np.inf)), "infinity"),
        ((gaussian([0, 0], [[1, 2], [2, 1]]), gaussian([0, 0], np.eye(2))), "semi-definite"),
        ((gaussian([0, 0], np.eye(2)), gaussian([0, 0], [[1, 2], [2, 1]])), "semi-definite"),
        ((gaussian([0, 0], [[1, np.nan], [0, 1]]), gaussian([0, 0], np.eye(2))), "semi-def|root"),
    ],
)
def test_fid_refuses(wrong, said):
    with pytest.raises((InputError, np.linalg.LinAlgError), match=said):
        metrics.fid(*wrong)


def test_fid_infinity_takes_the_bias_away():
    """Same distribution: FID of few is far above 0, its extrapolation near 0."""
    real = Moments(2, np.zeros(32), np.eye(32))  # its true moments
    fake = rows(4000, 32, 6)
    few = metrics.fid(real, fake[:400])
    assert few > 0.6
    assert abs(metrics.fid_infinity(real, fake[:400], seed=1)) < 0.3 * few
    assert abs(metrics.fid_infinity(real, fake)) < 0.02
    for wrong in ({"points": 1}, {"smallest": 1}, {"smallest": 4000}):
        with pytest.raises(InputError, match="points >= 2"):
            metrics.fid_infinity(real, fake, **wrong)
    with pytest.raises(InputError, match="needs the samples"):
        metrics.fid_infinity(fake, real)


# KID.


@pytest.mark.parametrize(
    ("count", "width", "smallest"),
    [(100, 2, 10), (100, 12, 30), (40, 12, 20)],  # a tenth, 2.5 times the features, a half
)
def test_the_smallest_subset_of_fid_infinity(count, width, smallest):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(60, width)), rng.normal(size=(count, width))
    given = metrics.fid_infinity(real, fake, smallest=smallest)
    assert metrics.fid_infinity(real, fake) == given
    assert metrics.fid_infinity(real, fake, smallest=smallest + 1) != given


def test_fid_has_the_square_of_the_features_unit():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 4))
    assert metrics.fid(1e6 * a, 1e6 * b) == pytest.approx(1e12 * metrics.fid(a, b), rel=1e-6)


def test_kid_by_hand():
    x, y = np.array([[1.0], [-1.0]]), np.array([[0.0], [2.0]])
    # k(x, y) = (xy + 1)^3: k(1, -1) = 0, k(0, 2) = 1, and across 1, 27, 1, -1.
    assert metrics.kid(x, y, subsets=1).mean == pytest.approx(0 + 1 - 2 * 28 / 4)


def test_kid_is_the_published_number():
    found = metrics.kid(A[:250], B, subsets=1)
    assert found.mean == pytest.approx(0.7384200534359766, rel=1e-10) and found.std == 0
    assert metrics.kid(A[:250], B, subsets=3).std == pytest.approx(0, abs=1e-12)


def test_kid_is_unbiased():
    a, b = rows(2000, 8, 7), rows(2000, 8, 8)
    found = metrics.kid(a, b, subsets=200, subset_size=50)
    assert abs(found.mean) < 4 * found.std / np.sqrt(200) + 0.01
    assert 0.01 < found.std < 0.5
    assert found == metrics.kid(a, b, subsets=200, subset_size=50)
    with pytest.raises(InputError, match="2 or more samples"):
        metrics.kid(a, b[:1])


# Inception score.


def test_inception_score():
    sure = np.eye(10)[np.arange(100) % 10]
    assert metrics.inception_score(sure) == pytest.approx((10, 0))
    assert metrics.inception_score(np.full((100, 10), 0.1)) == pytest.approx((1, 0))
    assert metrics.inception_score(sure[:1].repeat(30, 0)) == pytest.approx((1, 0))
    odds = np.exp(rows(100, 10, 4, 0, 2.0))
    odds /= odds.sum(1, keepdims=True)
    published = (2.262291317757947, 0.2540042396988834)
    assert metrics.inception_score(odds) == pytest.approx(published, rel=1e-6)
    assert metrics.inception_score(odds, splits=1).mean == pytest.approx(2.516193837985166)
    images = np.zeros((4, 5, 5, 1), np.uint8)
    found = metrics.inception_score(images, lambda x: np.eye(2)[np.arange(len(x)) % 2], splits=2)
    assert found.mean == pytest.approx(2)
    for wrong, said in (
        (images, "class probabilities"),
        (odds * 2, "sum to 1"),
        (odds[:5], "1 to"),
    ):
        with pytest.raises(InputError, match=said):
            metrics.inception_score(wrong)


# Precision, recall, density, coverage.


def test_precision_recall_by_hand():
    real = np.array([[0.0], [1.0], [3.0]])  # radii 1, 1, 2 at k = 1
    fake = np.array([[-0.5], [2.0], [9.0], [9.5]])  # radii 2.5, 2.5, 0.5, 0.5
    assert metrics.precision_recall(real, fake, k=1) == pytest.approx((0.5, 1.0))
    # Balls [-1, 1], [0, 2], [1, 5]: 1 + 2 + 0 + 0 hits; each has a sample.
    assert metrics.density_coverage(real, fake, k=1) == pytest.approx((3 / 4, 1.0))
    assert metrics.density_coverage(real, fake[2:], k=1) == (0, 0)


@pytest.mark.parametrize(
    ("k", "published"),
    [(3, (0.604, 0.94, 0.512, 0.5633333333)), (5, (0.72, 0.9833333333, 0.5208, 0.7566666667))],
)
def test_prdc_is_the_published_number(k, published):
    first, second = metrics.prdc(A, B, ks=(k, k))
    assert (*first, *second) == pytest.approx(published)
    found = (*metrics.precision_recall(A, B, k=k), *metrics.density_coverage(A, B, k=k))
    assert found == pytest.approx(published)


def test_one_outlier_moves_precision_but_not_coverage():
    real, fake = rows(200, 4, 9), rows(200, 4, 10, 6.0)
    far = np.concatenate([real, np.full((1, 4), 20.0)])
    assert metrics.precision_recall(real, fake).precision < 0.1
    assert metrics.precision_recall(far, fake).precision > 0.9
    assert metrics.density_coverage(far, fake).coverage < 0.02
    same = metrics.density_coverage(real, rows(200, 4, 11))
    assert same.coverage == pytest.approx(0.97, abs=0.05) and same.density == pytest.approx(
        1, abs=0.15
    )


def test_k_must_fit():
    with pytest.raises(InputError, match="from 1 to 2"):
        metrics.precision_recall(A[:3], B, k=3)
    with pytest.raises(InputError, match=r"\(N, D\)"):
        metrics.precision_recall(A, B[:, :2])
    assert metrics.density_coverage(A, B[:2], k=3).coverage >= 0  # few samples do


def test_both_at_once_are_as_each_alone():
    found = metrics.prdc(A, B)
    assert found == (metrics.precision_recall(A, B), metrics.density_coverage(A, B))


# Blocks.


def test_blocks_of_distances_are_exact(monkeypatch):
    monkeypatch.setattr(distances, "_BYTES", 8 * 250 * 7)  # 7 rows at once
    a, b = distances.pair(A + 1e3, B + 1e3)
    found = np.concatenate([squares for _, squares in distances.blocks(a, b)])
    expected = ((A[:, None] - B) ** 2).sum(2)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    order = np.sort(((A[:, None] - A) ** 2).sum(2), axis=1)
    np.testing.assert_allclose(distances.radii(a, (3, 1)), order[:, [3, 1]].T, rtol=1e-9)
    (_, copies), *_ = distances.blocks(a[:1], a[:1])
    assert copies == 0


def test_what_float32_leaves_open_is_decided_in_float64(monkeypatch):
    monkeypatch.setattr(distances, "_BYTES", 4 * 200 * 7)
    draw = np.random.default_rng(3)
    one = draw.normal(size=(150, 64)) + 100.0
    other = np.concatenate([one[:20], one[20:60] + 1e-6, draw.normal(size=(140, 64)) + 100.0])
    a, b = distances.pair(one, other)
    exact = ((a[:, None] - b) ** 2).sum(2)
    for factor in (1 + 1e-10, 1 - 1e-10):
        bounds = {"a": factor * np.sort(exact, axis=1)[:, 5:6], "b": factor * exact.min(0)}
        for rows, within in distances.within(a, b, bounds):
            np.testing.assert_array_equal(within["a"], exact[rows] <= bounds["a"][rows])
            np.testing.assert_array_equal(within["b"], exact[rows] <= bounds["b"])
    near = distances.radii(a, (1,))
    exact = ((a[:, None] - a) ** 2).sum(2) + np.diag(np.full(len(a), np.inf))
    np.testing.assert_allclose(near[0], exact.min(1), rtol=1e-12)
