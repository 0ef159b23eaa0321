"""Roll-outs: every prefix of a sequence, completed many times over, in one loop of fixed shape."""

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.inference import sequences


def completed(network, tokens, count: int):
    """Returns tokens (T - 1, count N, T): at p - 1 the first p of `tokens`, the rest drawn anew.

    The roll-outs of the prefixes of k and of T - k tokens take T steps together: they share a place
    in the batch, one after the other, so that no step is wasted and no shape changes.

    Args:
        network: One step of a generator; see `sequences.Sequences`.
        tokens: int32 (N, T).
        count: Roll-outs of each prefix.
    """
    length, rows = tokens.shape[1], ops.shape(tokens)[0] * count
    half = length // 2
    _, states = sequences.read(network, tokens)
    tokens = ops.repeat(tokens, count, axis=0)
    states = [[ops.repeat(x, count, axis=0) for x in at] for at in states]

    def at(prefixes):
        """Returns the last token, and the states before it is read, of so long prefixes."""
        last = ops.concatenate([tokens[:, p - 1] for p in prefixes])
        return last, [ops.concatenate(x) for x in zip(*(states[p] for p in prefixes), strict=True)]

    first = at(range(1, half + 1))
    second = at(range(length - 1, length - half - 1, -1))
    turns = ops.repeat(length - 1 - ops.arange(half), rows)  # where the second prefix takes over
    noise = keras.random.uniform((length, half * rows), seed=random.seed("roll_out"))

    def body(place, out, last, *states):
        over = place == turns
        last = ops.where(over, second[0], last)
        states = [
            ops.where(over[:, None], new, old) for new, old in zip(second[1], states, strict=True)
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
        own = drawn[: length - p, p - 1] if p <= half else drawn[p:, length - p - 1]
        whole.append(ops.concatenate([tokens[:, :p], ops.transpose(own)], axis=1))
    return ops.stack(whole)
