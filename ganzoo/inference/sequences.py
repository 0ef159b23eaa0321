"""Sequences: a trained autoregressive generator of tokens, and sampling from it."""

import math
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.inference.exported import Exported


def start(network, count):
    """Returns the start token, (count,), and the initial states, which are zero."""
    tokens = ops.full((count,), vocabulary_of(network), dtype="int32")
    states = [ops.zeros((count, *state.shape[1:])) for state in network.inputs[1:]]
    return tokens, states


def vocabulary_of(network) -> int:
    """Returns the size of a generator's vocabulary."""
    return network.outputs[0].shape[-1]


def step(network, tokens, states, training: bool = False):
    """Returns the logits (N, V) of the next tokens after `tokens` (N,), and the next states."""
    logits, *states = network([tokens, *states], training=training)
    return ops.cast(logits, "float32"), states


def choose(logits, uniform):
    """Samples tokens, int32 (N,), from logits (N, V) by the inverse distribution function.

    The probabilities are summed in blocks of about sqrt(V): the block is found first, then the
    token in it, so that most of the work is one exponential per logit.

    Args:
        logits: float32 (N, V).
        uniform: float32 (N,), in [0, 1).
    """
    count, vocabulary = ops.shape(logits)[0], logits.shape[1]
    root = math.isqrt(vocabulary)
    size = next((s for s in range(root, root // 2, -1) if vocabulary % s == 0), root)
    weights = ops.exp(logits - ops.max(logits, axis=1, keepdims=True))
    if vocabulary % size:
        weights = ops.pad(weights, [(0, 0), (0, -vocabulary % size)])
    weights = ops.reshape(weights, (count, -(-vocabulary // size), size))
    sums = ops.sum(weights, axis=2)
    block, rest = _place(sums, uniform * ops.sum(sums, axis=1))
    weights = ops.take_along_axis(weights, block[:, None, None], axis=1)[:, 0]
    return block * size + _place(weights, rest)[0]


def _place(weights, target):
    """Returns the last index (N,) whose preceding weights sum to <= `target`, and the remainder."""
    ends = ops.cumsum(weights, axis=1)
    place = ops.sum(ops.cast(ends <= target[:, None], "int32"), axis=1)
    place = ops.minimum(place, weights.shape[1] - 1)
    before = ops.take_along_axis(ends - weights, place[:, None], axis=1)[:, 0]
    return place, ops.maximum(target - before, 0.0)


def draw(network, count, length: int):
    """Samples sequences, int32 (count, length), with the seeds of the current random scope."""
    noise = keras.random.uniform((count, length), seed=random.seed("token"))
    tokens, states = start(network, count)
    drawn = tf.TensorArray("int32", length, element_shape=tokens.shape)

    def body(place, drawn, tokens, *states):
        logits, states = step(network, tokens, states)
        tokens = choose(logits, ops.take(noise, place, axis=1))
        return place + 1, drawn.write(place, tokens), tokens, *states

    _, drawn, *_ = tf.while_loop(
        lambda place, *_: place < length, body, (0, drawn, tokens, *states),
        maximum_iterations=length,
    )  # fmt: skip
    return ops.transpose(drawn.stack())


@keras.saving.register_keras_serializable("ganzoo")
class Sequences(Exported):
    """A trained generator that sequences of tokens can be sampled from.

    Args:
        network: One step: a built network from [tokens (N,), states ...] to [logits (N, V),
            states ...]. The start token is V, and the initial states are zero.
        length: Number of tokens in a sequence.
        words: The text of each token, V strings; or None.
    """

    kind = "sequences"
    task = "text-generation"
    conditional = False
    card = {
        "picture": "Sequences, one per row, not cherry-picked: the darker a token, the more "
        "frequent it is in the data",
        "limits": """\
It generates only sequences like those of `{dataset}`, of the same length and vocabulary. The
metrics are valid for the settings listed with them: compare them only with values measured the same
way.""",
        "load": """\
sequences = ganzoo.load_pretrained("{entry}")
tokens = sequences.sample(16, seed=0)  # int32 (16, T)
lines = sequences.lines(16, seed=0)  # the same as text""",
        "load_alone": """\
tokens = tf.saved_model.load("{folder}").sample(16, 0)""",
        "signature": "the signature `serving_default` takes tokens and returns their "
        "log-likelihood",
        "request": """\
:predict \\
  -d '{{"signature_name": "sample", "inputs": {{"num": 16, "seed": 0}}}}'""",
    }

    def __init__(self, network, length, words=None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.length = network, length
        self.words = None if words is None else tuple(words)
        self.built = True

    def call(self, inputs, training: bool = False):
        """Returns the next logits (N, V) and states from [tokens, states ...]."""
        return self.network(inputs, training=training)

    def sample(self, num: int, seed: int = 0, *, batch_size: int = 250) -> np.ndarray:
        """Samples sequences of tokens, int32 (num, length).

        The same seed gives the same sequences, and a larger `num` starts with the sequences of a
        smaller one.

        Raises:
            InputError: If `num` or `batch_size` is less than 1.
        """
        if num is None or num < 1 or batch_size < 1:
            raise InputError(f"expected num and batch_size >= 1, got {num} and {batch_size}.")
        pieces = []
        for first in range(0, num, batch_size):
            with random.scope(random.fold(random.key(seed), first)):
                drawn = draw(self.network, min(batch_size, num - first), self.length)
            pieces.append(ops.convert_to_numpy(drawn))
        return np.concatenate(pieces)

    def lines(self, num: int = 16, seed: int = 0) -> list[str]:
        """Returns samples as text; words are separated by spaces, single letters are not."""
        return text(self.sample(num, seed), self.words)

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network."""
        return {"length": self.length, "words": self.words}

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, with the name, shape and dtype of its inputs.

        `serving_default` takes tokens (N, length) and returns `log_likelihood` (N,), in nats.
        """

        def serve(tokens):
            return {"log_likelihood": ops.sum(log_likelihood(self.network, tokens), axis=1)}

        def sample(num, seed):
            with random.scope(random.fold(random.key(seed), 0)):
                return {"tokens": draw(self.network, num, self.length)}

        scalars = [("num", (), "int32"), ("seed", (), "int32")]
        tokens = [("tokens", (None, self.length), "int32")]
        return {"serving_default": (serve, tokens), "sample": (sample, scalars)}

    def portable(self) -> tuple[Callable, list]:
        """Returns one step: from tokens (N,) and states to `logits` (N, V) and the next states."""
        names = [f"state{i}" for i in range(len(self.network.inputs) - 1)]
        inputs = [
            (name, (None, *tensor.shape[1:]), tensor.dtype)
            for name, tensor in zip(["tokens", *names], self.network.inputs, strict=True)
        ]

        def following(tokens, *states):
            logits, states = step(self.network, tokens, list(states))
            return {"logits": logits} | dict(zip((f"next_{x}" for x in names), states, strict=True))

        return following, inputs

    @classmethod
    def usage(cls, run_dir: Path) -> str:
        """Returns how to draw more samples."""
        return f"""
  more samples  ganzoo sample {run_dir} --num=64
  in Python     tensorflow.saved_model.load("{run_dir / "saved_model"}").sample(16, 0)"""

    def write_samples(self, out, num, seed, *, name, **options) -> str:
        """Returns sequences as text, or writes them to a .txt; see `Exported.write_samples`."""
        if any(value not in (None, False) for value in options.values()):
            raise InputError(
                "sequences have no labels and no latents: use only --num, --seed and --out."
            )
        if out is not None and out.suffix != ".txt":
            raise InputError(f"--out: expected a .txt file for sequences, got {str(out)!r}.")
        lines = self.lines(num, seed)
        if out is None:
            return "\n".join(lines)
        files.write_text(out, "".join(f"{line}\n" for line in lines))
        return f"{len(lines)} sequences, seed {seed}: {out}"


def log_likelihood(network, tokens, training: bool = False):
    """Returns log p(token | preceding tokens), float32 (N, T), of tokens (N, T)."""
    return read(network, tokens, training)[0]


def nll(network, tokens, batch_size: int = 100) -> float:
    """Returns the mean negative log-likelihood per token of tokens (N, T), in nats."""
    parts = [tokens[start : start + batch_size] for start in range(0, len(tokens), batch_size)]
    likely = [ops.convert_to_numpy(log_likelihood(network, part)) for part in parts]
    return -float(np.concatenate(likely).mean())


def read(network, tokens, training: bool = False):
    """Returns the log-likelihoods (N, T) of tokens (N, T), and the states before each of them."""
    tokens = ops.convert_to_tensor(tokens, "int32")
    before, states = start(network, ops.shape(tokens)[0])
    likely, all_states = [], []
    for place in range(tokens.shape[1]):
        all_states.append(states)
        logits, states = step(network, before, states, training)
        before = tokens[:, place]
        chosen = ops.take_along_axis(logits, before[:, None], axis=1)[:, 0]
        likely.append(chosen - ops.logsumexp(logits, axis=1))
    return ops.stack(likely, axis=1), all_states


def text(tokens, words) -> list[str]:
    """Returns tokens (N, T) as lines of words, or of integers if `words` is None."""
    if words is None:
        return [" ".join(map(str, row)) for row in tokens]
    gap = "" if max(map(len, words)) == 1 else " "
    return [gap.join(words[token] for token in row) for row in tokens]
