"""Distances between the rows of two arrays, computed in blocks of rows."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ganzoo.errors import InputError, check_whole

SPARE = 3  # neighbors beyond the k-th whose distances are computed in float64
_BYTES = 128 * 2**20  # size of a block
_TILES = 8  # minimum number of blocks of rows, between which distances are computed once
_GROUP = 32  # columns in a group, of which only the maximum is compared at first


def pair(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Returns both arrays as float64 minus the mean of `a`, which reduces cancellation.

    Raises:
        InputError: If they are not (N, D) and (M, D).
    """
    a, b = (np.asarray(rows, np.float64) for rows in (a, b))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not len(a) or not len(b):
        raise InputError(f"expected features (N, D) and (M, D), got {a.shape} and {b.shape}.")
    center = a.mean(0)
    return a - center, b - center


def blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields slices of the rows of `a`, and their squared distances (rows, M) to all of `b`.

    |x - y|^2 = |x|^2 + |y|^2 - 2 x . y, in float64. Values within the rounding error of 0 are set
    to 0, so that copies have distance 0.

    Args:
        a: float64 (N, D), from `pair`.
        b: float64 (M, D).
    """
    norm_a, norm_b = (np.einsum("nd,nd->n", rows, rows) for rows in (a, b))
    step = max(1, _BYTES // (8 * len(b)))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        squares = a[rows] @ b.T
        squares *= -2
        squares += norm_b
        squares += norm_a[rows, None]
        scale = norm_a[rows, None] + norm_b
        squares[squares < 1e-12 * scale] = 0
        yield rows, squares


def radii(rows: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """Returns each row's squared distance to its k-th nearest other row, for each k: (len(ks), N).

    A few more than k neighbors are searched in float32, and their distances computed in float64.

    Args:
        rows: float64 (N, D), from `pair`.
        ks: Numbers of neighbors.

    Raises:
        InputError: If there are not enough rows.
    """
    for k in ks:
        check_whole("k", k, 1, len(rows) - 1)
    count = min(max(ks) + SPARE, len(rows) - 1)
    neighbors = _nearest(rows, count)
    indices = np.arange(len(rows))
    squares = np.sort([_squares(rows, rows, indices, neighbors[:, i]) for i in range(count)], 0)
    return np.stack([squares[k - 1] for k in ks])


def within(
    a: np.ndarray, b: np.ndarray, bounds: dict[object, np.ndarray]
) -> Iterator[tuple[slice, dict[object, np.ndarray]]]:
    """Yields slices of the rows of `a`, and for each bound which squared distances are within it.

    Distances are compared in float32, and in float64 where float32 is not accurate enough.

    Args:
        a: float64 (N, D), from `pair`.
        b: float64 (M, D).
        bounds: Squared distances by name, each (N, 1) or (M,).
    """
    slack = _slack(a, b)
    for rows, negative in _negative(a, b):
        results = {}
        for name, bound in bounds.items():
            bound = bound[rows] if bound.ndim == 2 else bound
            inside = negative >= (slack - bound).astype(np.float32)
            i, j = np.nonzero(inside ^ (negative >= (-slack - bound).astype(np.float32)))
            bound = np.broadcast_to(bound, negative.shape)
            inside[i, j] = _squares(a[rows], b, i, j) <= bound[i, j]
            results[name] = inside
        yield rows, results


def _slack(a: np.ndarray, b: np.ndarray) -> float:
    """Returns a bound of the error of a squared distance from rounding in a float32 product."""
    longest = sum(np.einsum("nd,nd->n", rows, rows).max() for rows in (a, b))
    return 2 * np.finfo(np.float32).eps * math.sqrt(a.shape[1] + 2) * longest


def _nearest(rows: np.ndarray, count: int) -> np.ndarray:
    """Returns the indices of each row's `count` nearest other rows, unordered: (N, count).

    Distances are computed in float32. As they are symmetric, each block of distances from some rows
    to the rows after them is used for both.
    """
    left, right = _factors(rows, rows)
    best = np.full((len(rows), count), -np.inf, np.float32)
    neighbors = np.zeros((len(rows), count), np.int64)

    def update(part, tile, start):
        indices = _largest(tile, min(count, tile.shape[1]))
        values = np.concatenate([best[part], np.take_along_axis(tile, indices, 1)], axis=1)
        indices = np.concatenate([neighbors[part], indices + start], axis=1)
        order = np.argpartition(values, -count, axis=1)[:, -count:]
        best[part] = np.take_along_axis(values, order, 1)
        neighbors[part] = np.take_along_axis(indices, order, 1)

    step = max(1, min(-(-len(rows) // _TILES), _BYTES // (4 * len(rows))))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        tile = left[part] @ right[:, start:]
        np.fill_diagonal(tile, -np.inf)  # excludes the row itself
        update(part, tile, start)
        if start + step < len(rows):
            update(slice(start + step, None), tile[:, step:].T, start)
    return neighbors


def _negative(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields slices of the rows of `a`, and their negative squared distances to all of `b`.

    The distances are float32.
    """
    left, right = _factors(a, b)
    step = max(1, _BYTES // (4 * len(b)))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        yield rows, left[rows] @ right


def _factors(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns two float32 matrices whose product is the negative squared distances.

    Their rows, or columns, are (2 x, 1, -|x|^2) and (y, -|y|^2, 1).
    """
    ones = [np.ones((len(rows), 1)) for rows in (a, b)]
    norms = [-np.einsum("nd,nd->n", rows, rows)[:, None] for rows in (a, b)]
    left = np.concatenate([2 * a, ones[0], norms[0]], axis=1, dtype=np.float32)
    right = np.concatenate([b, norms[1], ones[1]], axis=1, dtype=np.float32).T
    return left, right


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Returns the indices of each row's `count` largest values, unordered: (N, count).

    They are in the `count` groups of columns with the largest maxima, so it is enough to partition
    these rather than whole rows.
    """
    groups = values.shape[1] // _GROUP
    if groups <= count:
        return np.argpartition(values, -count, axis=1)[:, -count:]
    grouped = values[:, : groups * _GROUP].reshape(len(values), _GROUP, groups)
    best = _largest(grouped.max(1), count)[:, :, None]
    indices = (best + groups * np.arange(_GROUP)).reshape(len(values), -1)
    rest = np.arange(groups * _GROUP, values.shape[1])
    indices = np.concatenate([indices, np.broadcast_to(rest, (len(values), len(rest)))], axis=1)
    order = np.argpartition(np.take_along_axis(values, indices, 1), -count, axis=1)[:, -count:]
    return np.take_along_axis(indices, order, 1)


def _squares(a: np.ndarray, b: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Returns the squared distances of the pairs (a[i], b[j]) in float64, exactly 0 for copies."""
    squares = np.empty(len(i))
    step = max(1, 2**18 // a.shape[1])  # fits into the CPU cache
    for start in range(0, len(i), step):
        part = slice(start, start + step)
        difference = a[i[part]]
        difference -= b[j[part]]
        squares[part] = np.einsum("nd,nd->n", difference, difference)
    return squares
