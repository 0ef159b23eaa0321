"""Roll-outs: every prefix of a sequence completed many times, in one loop of fixed shape."""

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.inference import sequences


def completed(network, tokens, count: int):
    """Completes every prefix of the sequences `count` times.

    The roll-outs of the prefixes of k and of T - k tokens take T steps together. They are run one
    after the other in the same row of the batch, so that no step is wasted and no shape changes.

    Args:
        network: One step of a generator; see `sequences.Sequences`.
        tokens: int32 (N, T).
        count: Number of roll-outs of each prefix.

    Returns:
        int32 (T - 1, count N, T): at index p - 1, the first p of `tokens` and a sampled completion.
    """
    length, rows = tokens.shape[1], ops.shape(tokens)[0] * count
    half = length // 2
    _, states = sequences.read(network, tokens)
    tokens = ops.repeat(tokens, count, axis=0)
    states = [[ops.repeat(x, count, axis=0) for x in at] for at in states]

    def at(prefixes):
        """Returns the last tokens of prefixes of these lengths, and the states before them."""
        last = ops.concatenate([tokens[:, p - 1] for p in prefixes])
        return last, [ops.concatenate(x) for x in zip(*(states[p] for p in prefixes), strict=True)]

    first = at(range(1, half + 1))
    second = at(range(length - 1, length - half - 1, -1))
    turns = ops.repeat(length - 1 - ops.arange(half), rows)  # where the second prefix starts
    noise = keras.random.uniform((length, half * rows), seed=random.seed("roll_out"))

    def body(place, out, last, *states):
        switch = place == turns
        last = ops.where(switch, second[0], last)
        states = [
            ops.where(switch[:, None], new, old) for new, old in zip(second[1], states, strict=True)
        ]
        logits, states = sequences.step(network, last, states)
        last = sequences.choose(logits, noise[place])
        return place + 1, out.write(place, last), last, *states

    out = tf.TensorArray("int32", length, element_shape=first[0].shape)
    _, out, *_ = tf.while_loop(
        lambda place, *_: place < length, body, (0, out, first[0], *first[1]),
        maximum_iterations=length,
    )  # fmt: skip
    drawn = ops.reshape(out.stack(), (length, half, rows))
    whole = []
    for p in range(1, length):
        completion = drawn[: length - p, p - 1] if p <= half else drawn[p:, length - p - 1]
        whole.append(ops.concatenate([tokens[:, :p], ops.transpose(completion)], axis=1))
    return ops.stack(whole)
