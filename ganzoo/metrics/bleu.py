"""BLEU: the precision of the n-grams of generated sequences."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ganzoo.errors import InputError


def bleu(samples: Sequence, references: Sequence, n: int = 4) -> float:
    """Returns the mean BLEU-n of the samples, each against all references.

        BLEU-n = b (p_1 ... p_n)^(1/n)

    p_k is the fraction of a sample's k-grams that occur in the references, where a k-gram counts at
    most as often as in the reference that contains it most often. The brevity penalty b is
    exp(1 - r / l) for a sample of l tokens that is shorter than r, the reference length closest to
    l, else 1. There is no smoothing: a sample with no n-gram in common with the references gets 0.
    Copies of a single real sequence get 1, as BLEU does not measure diversity.

    Args:
        samples: Sequences of tokens, (N, T), or lists of any length.
        references: Real sequences, in the same form.
        n: Length of the longest n-grams.

    Raises:
        InputError: If there are no samples or references, or n is below 1.

    Reference: Papineni et al., 2002, BLEU: a method for automatic evaluation of machine
    translation; against a whole corpus, Yu et al., 2017, arXiv:1609.05473.
    """
    if not len(samples) or not len(references) or n < 1:
        raise InputError(
            f"expected samples, references and n >= 1, got {len(samples)}, {len(references)}, {n}."
        )
    max_counts: list[dict] = [{} for _ in range(n)]
    for reference in map(_plain, references):
        for k, counts in enumerate(max_counts, 1):
            for gram, count in _grams(reference, k).items():
                counts[gram] = max(counts.get(gram, 0), count)
    lengths = sorted({len(reference) for reference in references})
    scores = []
    for sample in map(_plain, samples):
        logs = [_log_precision(_grams(sample, k), counts) for k, counts in enumerate(max_counts, 1)]
        size = max(len(sample), 1)
        nearest = min(lengths, key=lambda length: (abs(length - size), length))
        scores.append(math.exp(min(0.0, 1.0 - nearest / size) + sum(logs) / n))
    return float(np.mean(scores))


def _plain(sequence: Iterable) -> list:
    return sequence.tolist() if isinstance(sequence, np.ndarray) else list(sequence)


def _grams(sequence: list, k: int) -> Counter:
    return Counter(zip(*(sequence[i:] for i in range(k)), strict=False))


def _log_precision(grams: Counter, max_counts: dict) -> float:
    matches = sum(min(count, max_counts.get(gram, 0)) for gram, count in grams.items())
    return math.log(matches / grams.total()) if matches else -math.inf
