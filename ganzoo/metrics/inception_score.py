"""Inception score: measures whether samples belong to clear classes and cover all classes."""

from typing import NamedTuple

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import features as feature


class InceptionScore(NamedTuple):
    """Mean and standard deviation over the splits."""

    mean: float
    std: float


def inception_score(samples, classifier=None, *, splits: int = 10, **options) -> InceptionScore:
    """Returns exp(mean_x KL(p(y|x) || p(y))), with p(y) the mean of p(y|x) over a split.

    The score is between 1 and the number of classes. It does not depend on the real data, so use it
    together with FID, and only if the classifier's classes are those of the data
    (arXiv:1801.01973).

    Splits are consecutive samples, so shuffle samples that are sorted by class. Papers use the 1008
    classes of the 2015 Inception network, which the imported weights do not include; scores from
    other classifiers are not comparable with theirs.

    Args:
        samples: Class probabilities (N, K), or images, as in `features.extract`.
        classifier: For images, a function from uint8 (N, H, W, C) to probabilities (N, K).
        splits: Number of splits, of equal size up to rounding.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: If there are no probabilities, or fewer samples than splits.

    Reference: Salimans et al., 2016, arXiv:1606.03498.
    """
    probabilities = feature.as_features(samples)
    if probabilities is None:
        if not callable(classifier):
            raise InputError(
                "inception_score needs class probabilities (N, K), or a classifier=function that "
                "returns them: the imported Inception weights have no layer of class logits."
            )
        probabilities = feature.extract(samples, classifier, **options)
    p = np.asarray(probabilities, np.float64)
    if p.min() < 0 or abs(p.sum(1) - 1).max() > 1e-3:
        raise InputError("expected probabilities: rows of numbers from 0 to 1 that sum to 1.")
    if not 1 <= splits <= len(p):
        raise InputError(f"splits must be from 1 to the {len(p)} samples, got {splits}.")
    ends = [i * len(p) // splits for i in range(splits + 1)]
    parts = (p[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True))
    scores = [np.exp(_mutual_information(part)) for part in parts]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _mutual_information(p: np.ndarray) -> float:
    """Returns the mean KL(p(y|x) || p(y)) of probabilities (N, K), with 0 log 0 = 0."""
    marginal = p.mean(0)
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)
    return float((p * np.log(ratio)).sum(1).mean())
