"""BLEU: how much of the sequences' n-grams is found in real ones."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from ganzoo.errors import InputError


def bleu(samples: Sequence, references: Sequence, n: int = 4) -> float:
    """Returns the mean BLEU-n of the samples, each against all references.

        BLEU-n = b (p_1 ... p_n)^(1/n)

    p_k is the share of a sample's k-grams that are in the references, where each counts at most as
    often as in the reference which has it most often; b is exp(1 - r / l) for a sample of l tokens
    that is shorter than r, the reference length nearest to l, else 1. Without smoothing: a sample
    without any n-gram of the references has 0. A set of copies of one real sequence has 1: BLEU
    says nothing of variety.

    Args:
        samples: Sequences of tokens, (N, T), or lists of any lengths.
        references: Real ones, the same.
        n: The longest n-grams.

    Raises:
        InputError: If there are no samples or references, or n is below 1.

    Reference: Papineni et al., 2002, BLEU: a method for automatic evaluation of machine
    translation; against a whole corpus, Yu et al., 2017, arXiv:1609.05473.
    """
    if not len(samples) or not len(references) or n < 1:
        raise InputError(
            f"expected samples, references and n >= 1, got {len(samples)}, {len(references)}, {n}."
        )
    known: list[dict] = [{} for _ in range(n)]
    for reference in map(_plain, references):
        for k, most in enumerate(known, 1):
            for gram, count in _grams(reference, k).items():
                most[gram] = max(most.get(gram, 0), count)
    lengths = sorted({len(reference) for reference in references})
    scores = []
    for sample in map(_plain, samples):
        logs = [_log_precision(_grams(sample, k), most) for k, most in enumerate(known, 1)]
        size = max(len(sample), 1)
        nearest = min(lengths, key=lambda length: (abs(length - size), length))
        scores.append(math.exp(min(0.0, 1.0 - nearest / size) + sum(logs) / n))
    return float(np.mean(scores))


def _plain(sequence: Iterable) -> list:
    return sequence.tolist() if isinstance(sequence, np.ndarray) else list(sequence)


def _grams(sequence: list, k: int) -> Counter:
    return Counter(zip(*(sequence[i:] for i in range(k)), strict=False))


def _log_precision(grams: Counter, most: dict) -> float:
    found = sum(min(count, most.get(gram, 0)) for gram, count in grams.items())
    return math.log(found / grams.total()) if found else -math.inf
