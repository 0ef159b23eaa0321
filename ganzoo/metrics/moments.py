"""Count, mean and covariance of features, accumulated over batches in float64."""

import dataclasses

import numpy as np

from ganzoo.errors import InputError


@dataclasses.dataclass
class Moments:
    """The first two moments of a set of rows, in constant memory.

    The moments of two sets are combined exactly (Chan et al., 1983). With the difference d of their
    means,

        mean = mean_a + d n_b / n,   scatter = scatter_a + scatter_b + d d^T n_a n_b / n.

    Example:
        rng = np.random.default_rng(0)
        moments = sum(
            (ganzoo.metrics.Moments.of(rng.normal(size=(100, 8))) for _ in range(9)),
            start=ganzoo.metrics.Moments.of(rng.normal(size=(100, 8))),
        )

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
        """Returns the moments of rows (N, D).

        Raises:
            InputError: If `rows` has another shape, or contains NaN or infinity.
        """
        rows = np.asarray(rows, np.float64)
        if rows.ndim != 2 or not len(rows):
            raise InputError(f"expected features (N, D) with N >= 1, got shape {rows.shape}.")
        if not np.isfinite(rows).all():
            raise InputError("features contain NaN or infinity.")
        mean = rows.mean(0)
        centered = rows - mean
        return cls(len(rows), mean, centered.T @ centered)

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
        difference = other.mean - self.mean
        scatter = np.outer(difference, difference * (self.count * other.count / count))
        scatter += self.scatter
        scatter += other.scatter
        return Moments(count, self.mean + difference * (other.count / count), scatter)

    @property
    def covariance(self) -> np.ndarray:
        """The unbiased covariance, float64 (D, D), as in `numpy.cov`.

        Raises:
            InputError: If there is only one row.
        """
        if self.count < 2:
            raise InputError("a covariance needs at least 2 samples, got 1.")
        return self.scatter / (self.count - 1)
