"""Distances between the rows of two sets, a block of rows at a time."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ganzoo.errors import InputError, check_whole

SPARE = 3  # neighbours beyond the k-th that are measured in float64
_BYTES = 128 * 2**20  # of one block
_TILES = 8  # blocks of the rows, at least, whose distances to each other are computed once
_GROUP = 32  # columns of which only the largest is looked at first


def pair(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Returns both sets of rows as float64, moved by the mean of `a`, so that less cancels.

    Raises:
        InputError: If they are not (N, D) and (M, D).
    """
    a, b = (np.asarray(rows, np.float64) for rows in (a, b))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not len(a) or not len(b):
        raise InputError(f"expected features (N, D) and (M, D), got {a.shape} and {b.shape}.")
    centre = a.mean(0)
    return a - centre, b - centre


def blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields which rows of `a`, and their squared distances (rows, M) to all of `b`.

    |x - y|^2 = |x|^2 + |y|^2 - 2 x . y, in float64; what is within rounding of 0 is 0, so that a
    copy is at distance 0.

    Args:
        a: float64 (N, D), of `pair`.
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

    The nearest are sought in float32, with some to spare, and measured in float64.

    Args:
        rows: float64 (N, D), of `pair`.
        ks: Numbers of neighbours.

    Raises:
        InputError: If there are not that many others.
    """
    for k in ks:
        check_whole("k", k, 1, len(rows) - 1)
    count = min(max(ks) + SPARE, len(rows) - 1)
    near = _nearest(rows, count)
    every = np.arange(len(rows))
    squares = np.sort([_squares(rows, rows, every, near[:, place]) for place in range(count)], 0)
    return np.stack([squares[k - 1] for k in ks])


def within(
    a: np.ndarray, b: np.ndarray, bounds: dict[object, np.ndarray]
) -> Iterator[tuple[slice, dict[object, np.ndarray]]]:
    """Yields which rows of `a`, and for each bound which of their squared distances are within it.

    They are compared in float32; those pairs that its rounding leaves open, in float64.

    Args:
        a: float64 (N, D), of `pair`.
        b: float64 (M, D).
        bounds: Squared distances by any name, (N, 1) or (M,).
    """
    slack = _slack(a, b)
    for rows, negative in _negative(a, b):
        found = {}
        for name, bound in bounds.items():
            bound = bound[rows] if bound.ndim == 2 else bound
            inside = negative >= (slack - bound).astype(np.float32)
            i, j = np.nonzero(inside ^ (negative >= (-slack - bound).astype(np.float32)))
            bound = np.broadcast_to(bound, negative.shape)
            inside[i, j] = _squares(a[rows], b, i, j) <= bound[i, j]
            found[name] = inside
        yield rows, found


def _slack(a: np.ndarray, b: np.ndarray) -> float:
    """Returns what the rounding of a float32 product can move a squared distance by."""
    longest = sum(np.einsum("nd,nd->n", rows, rows).max() for rows in (a, b))
    return 2 * np.finfo(np.float32).eps * math.sqrt(a.shape[1] + 2) * longest


def _nearest(rows: np.ndarray, count: int) -> np.ndarray:
    """Returns which `count` other rows are nearest to each, in no order, by float32: (N, count).

    A tile of distances from some rows to those after them is one from those to them, too.
    """
    left, right = _factors(rows, rows)
    best = np.full((len(rows), count), -np.inf, np.float32)
    near = np.zeros((len(rows), count), np.int64)

    def look(part, tile, start):
        places = _largest(tile, min(count, tile.shape[1]))
        values = np.concatenate([best[part], np.take_along_axis(tile, places, 1)], axis=1)
        places = np.concatenate([near[part], places + start], axis=1)
        kept = np.argpartition(values, -count, axis=1)[:, -count:]
        best[part] = np.take_along_axis(values, kept, 1)
        near[part] = np.take_along_axis(places, kept, 1)

    step = max(1, min(-(-len(rows) // _TILES), _BYTES // (4 * len(rows))))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        tile = left[part] @ right[:, start:]
        np.fill_diagonal(tile, -np.inf)  # not itself
        look(part, tile, start)
        if start + step < len(rows):
            look(slice(start + step, None), tile[:, step:].T, start)
    return near


def _negative(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields which rows of `a`, and minus their squared distances to all of `b`, in float32."""
    left, right = _factors(a, b)
    step = max(1, _BYTES // (4 * len(b)))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        yield rows, left[rows] @ right


def _factors(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns two matrices in float32 whose product is minus the squared distances.

    They are (2 x, 1, -|x|^2) and (y, -|y|^2, 1).
    """
    ones = [np.ones((len(rows), 1)) for rows in (a, b)]
    norms = [-np.einsum("nd,nd->n", rows, rows)[:, None] for rows in (a, b)]
    left = np.concatenate([2 * a, ones[0], norms[0]], axis=1, dtype=np.float32)
    right = np.concatenate([b, norms[1], ones[1]], axis=1, dtype=np.float32).T
    return left, right


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Returns the places of each row's `count` largest values, in no order: (N, count).

    They are in those `count` of the groups of columns whose largest values are the largest, so only
    these are sorted out, and not whole rows.
    """
    groups = values.shape[1] // _GROUP
    if groups <= count:
        return np.argpartition(values, -count, axis=1)[:, -count:]
    grouped = values[:, : groups * _GROUP].reshape(len(values), _GROUP, groups)
    best = _largest(grouped.max(1), count)[:, :, None]
    places = (best + groups * np.arange(_GROUP)).reshape(len(values), -1)
    rest = np.arange(groups * _GROUP, values.shape[1])
    places = np.concatenate([places, np.broadcast_to(rest, (len(values), len(rest)))], axis=1)
    near = np.argpartition(np.take_along_axis(values, places, 1), -count, axis=1)[:, -count:]
    return np.take_along_axis(places, near, 1)


def _squares(a: np.ndarray, b: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Returns the squared distances of so many pairs, in float64; that of copies is 0."""
    found = np.empty(len(i))
    step = max(1, 2**18 // a.shape[1])  # what fits into a cache
    for start in range(0, len(i), step):
        part = slice(start, start + step)
        apart = a[i[part]]
        apart -= b[j[part]]
        found[part] = np.einsum("nd,nd->n", apart, apart)
    return found
