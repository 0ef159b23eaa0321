"""Distances between the rows of two sets, a block of rows at a time."""

from collections.abc import Iterator

import numpy as np

from ganzoo.errors import InputError

_BYTES = 128 * 2**20  # of one block


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


def radii(rows: np.ndarray, k: int) -> np.ndarray:
    """Returns each row's squared distance to its k-th nearest other row, (N,).

    Raises:
        InputError: If there are no k others.
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k < len(rows):
        raise InputError(f"k must be a whole number from 1 to {len(rows) - 1}, got {k!r}.")
    found = np.empty(len(rows))
    for part, squares in blocks(rows, rows):
        index = np.arange(len(rows))[part]
        squares[np.arange(len(index)), index] = np.inf  # not itself
        found[part] = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return found
