"""`oracle`: 10,000 sequences of 20 tokens, sampled from an LSTM with random weights.

As the data distribution is known, generated sequences can be evaluated exactly, by their mean
negative log-likelihood per token under the oracle, in nats.

Reference: Yu et al., 2017, arXiv:1609.05473, section 4: 5,000 tokens, 32 units, all weights from
N(0, 1), and a start token that is one of the tokens. The random numbers differ from those of the
authors, so this is a different oracle with the same distribution.
"""

import functools

import numpy as np

from ganzoo.data.tokens import Tokens
from ganzoo.errors import InputError, unknown

VOCABULARY, LENGTH, UNITS, COUNT = 5000, 20, 32, 10_000
_SPLITS = ("train", "test")
_ROWS = 100  # sequences processed at a time, so that their logits fit into the CPU cache


class Oracle:
    """An LSTM with random weights, in float32 NumPy; the same for the same seed."""

    def __init__(self, seed: int = 0):
        """Creates the random weights."""
        rng = np.random.default_rng(seed)

        def normal(*shape):
            return rng.standard_normal(shape, dtype=np.float32)

        self.embedding = normal(VOCABULARY, UNITS)
        self.kernel, self.bias = normal(2 * UNITS, 4 * UNITS), normal(4 * UNITS)
        self.output, self.output_bias = normal(UNITS, VOCABULARY), normal(VOCABULARY)

    def steps(self, count: int):
        """Yields logits (count, V); after each, the chosen tokens (count,) must be sent."""
        tokens = np.zeros(count, np.int64)
        h = c = np.zeros((count, UNITS), np.float32)
        while True:
            gates = np.concatenate([self.embedding[tokens], h], axis=1) @ self.kernel + self.bias
            keep, forget, out = (_sigmoid(gates[:, i * UNITS : (i + 1) * UNITS]) for i in range(3))
            c = forget * c + keep * np.tanh(gates[:, 3 * UNITS :])
            h = out * np.tanh(c)
            tokens = yield h @ self.output + self.output_bias

    def sample(self, num: int, seed: int) -> np.ndarray:
        """Returns sequences, int32 (num, 20), which depend only on `num` and the seed."""
        rng, pieces = np.random.default_rng(seed), []
        for start in range(0, num, _ROWS):
            steps, tokens = self.steps(min(_ROWS, num - start)), []
            logits = next(steps)
            for _ in range(LENGTH):
                tokens.append(_choose(logits, rng.random(len(logits), np.float32)))
                logits = steps.send(tokens[-1])
            pieces.append(np.stack(tokens, axis=1))
        return np.concatenate(pieces).astype(np.int32)

    def nll(self, tokens) -> float:
        """Returns the mean negative log-likelihood per token of sequences (N, 20), in nats.

        Raises:
            InputError: If the tokens are not integers of this shape.
        """
        tokens = np.asarray(tokens)
        if tokens.ndim != 2 or tokens.shape[1] != LENGTH or tokens.dtype.kind not in "iu":
            raise InputError(
                f"the oracle takes integer tokens (N, {LENGTH}), got {tokens.dtype} {tokens.shape}."
            )
        total = 0.0
        for start in range(0, len(tokens), _ROWS):
            rows = tokens[start : start + _ROWS]
            steps = self.steps(len(rows))
            logits = next(steps)
            for column in rows.T:
                chosen = logits[np.arange(len(rows)), column]
                total -= float((chosen - np.log(np.exp(logits).sum(1))).sum())
                logits = steps.send(column)
        return total / tokens.size


@functools.cache
def oracle() -> Oracle:
    """Returns the oracle that the data set was sampled from."""
    return Oracle()


@functools.cache
def _sequences(split: str) -> np.ndarray:
    return oracle().sample(COUNT, 1 + _SPLITS.index(split))


def source(split: str = "train", image_size=None, channels=None) -> Tokens:
    """Returns the same 10,000 sequences at each call.

    Raises:
        InputError: If the split is unknown, or an image size or channels are given.
    """
    if split not in _SPLITS:
        raise unknown("split of oracle", split, _SPLITS)
    return Tokens("oracle", split, _sequences(split), VOCABULARY, image_size, channels)


def _choose(logits, uniform):
    """Returns tokens (N,) sampled by inverting the cumulative distribution of the logits.

    The block of 100 tokens is found first, then the token in the block. The logits of the oracle
    are between about -40 and 40, so their exponentials do not overflow.
    """
    rows = np.arange(len(logits))
    weights = np.exp(logits).reshape(len(logits), -1, 100)
    ends = weights.sum(2).cumsum(1)
    target = uniform[:, None] * ends[:, -1:]
    block = np.minimum((ends <= target).sum(1), ends.shape[1] - 1)
    weights = weights[rows, block]
    remainder = target[:, 0] - np.where(block > 0, ends[rows, block - 1], 0.0)
    offset = (weights.cumsum(1) <= remainder[:, None]).sum(1)
    return block * 100 + np.minimum(offset, 99)


def _sigmoid(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))
