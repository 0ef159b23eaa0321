"""Count, mean and covariance of rows that come in batches, in float64."""

import dataclasses

import numpy as np

from ganzoo.errors import InputError


@dataclasses.dataclass
class Moments:
    """The first two moments of the rows seen so far; its size does not grow with their number.

    Two sets are joined exactly (Chan et al., 1983): with d the difference of their means,

        mean = mean_a + d n_b / n,   scatter = scatter_a + scatter_b + d d^T n_a n_b / n.

    Attributes:
        count: Number of rows.
        mean: float64 (D,).
        scatter: float64 (D, D), the sum of (x - mean) (x - mean)^T.
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, rows) -> "Moments":
        """Returns the moments of the rows of (N, D).

        Raises:
            InputError: If it is not such an array, or holds NaN or infinity.
        """
        rows = np.asarray(rows, np.float64)
        if rows.ndim != 2 or not len(rows):
            raise InputError(f"expected features (N, D) with N >= 1, got shape {rows.shape}.")
        if not np.isfinite(rows).all():
            raise InputError("features hold NaN or infinity.")
        mean = rows.mean(0)
        centred = rows - mean
        return cls(len(rows), mean, centred.T @ centred)

    def __add__(self, other: "Moments") -> "Moments":
        """Returns the moments of both sets of rows together.

        Raises:
            InputError: If their widths differ.
        """
        if self.mean.shape != other.mean.shape:
            raise InputError(
                f"expected features of one width, got {len(self.mean)} and {len(other.mean)}."
            )
        count = self.count + other.count
        apart = other.mean - self.mean
        scatter = np.outer(apart, apart * (self.count * other.count / count))
        scatter += self.scatter
        scatter += other.scatter
        return Moments(count, self.mean + apart * (other.count / count), scatter)

    @property
    def covariance(self) -> np.ndarray:
        """float64 (D, D), unbiased, as of `numpy.cov`.

        Raises:
            InputError: If there is only one row.
        """
        if self.count < 2:
            raise InputError("a covariance needs at least 2 samples, got 1.")
        return self.scatter / (self.count - 1)
