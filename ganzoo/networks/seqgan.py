"""The networks of SeqGAN: a recurrent generator, a token at a time, and a convolutional judge.

Reference: Yu et al., 2017, arXiv:1609.05473, section 3.3 and appendix A.
"""

import keras
from keras import layers

from ganzoo import layers as own
from ganzoo.errors import InputError

FILTERS = {  # the paper's: width of a kernel -> its filters, where tokens have 64 dimensions
    1: 100, 2: 200, 3: 200, 4: 200, 5: 200, 6: 100, 7: 100, 8: 100, 9: 100, 10: 100, 15: 160,
    20: 160,
}  # fmt: skip


def generator(vocabulary: int, width: int = 32):
    """Returns one step of an LSTM: from [tokens (N,), h, c (N, width)] to [logits (N, V), h, c].

    Tokens are from 0 to V - 1; the token V stands before the first one.
    """
    tokens = keras.Input((), name="tokens", dtype="int32")
    states = [keras.Input((width,), name=name, dtype="float32") for name in ("h", "c")]
    small = keras.initializers.RandomNormal(stddev=0.1)
    x = layers.Embedding(vocabulary + 1, width, embeddings_initializer=small)(tokens)
    cell = layers.LSTMCell(width, kernel_initializer=small, recurrent_initializer=small)
    x, new = cell(x, states)
    logits = layers.Dense(vocabulary, kernel_initializer=small, dtype="float32")(x)
    new = [layers.Activation("linear", dtype="float32")(state) for state in new]
    return keras.Model([tokens, *states], [logits, *new], name="generator")


def discriminator(length: int, vocabulary: int, width: int = 32, dropout: float = 0.25):
    """Returns a network from tokens (N, length) to logits (N, 1).

    Kernels over 1 to 20 tokens, those that fit, each filter's maximum over the places, a highway
    layer, dropout. Tokens have `width` dimensions, and there are width / 64 of the paper's filters.
    """
    tokens = keras.Input((length,), name="tokens", dtype="int32")
    x = layers.Embedding(vocabulary, width)(tokens)
    found = []
    for kernel, filters in FILTERS.items():
        if kernel <= length:
            conv = layers.Conv1D(max(filters * width // 64, 1), kernel, activation="relu")
            found.append(layers.GlobalMaxPooling1D()(conv(x)))
    x = own.Highway()(layers.Concatenate()(found) if len(found) > 1 else found[0])
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(tokens, outputs, name="discriminator")


def pair(shape, vocabulary: int, width: int = 32) -> dict:
    """Returns a `generator` and a `discriminator` of sequences of shape (T,).

    Raises:
        InputError: If there are no tokens, or none in a sequence.
    """
    if len(shape) != 1 or shape[0] < 2 or vocabulary < 2:
        raise InputError(
            f"expected sequences of shape (T,), T >= 2, of 2 tokens or more, got {tuple(shape)} "
            f"and {vocabulary}."
        )
    return {
        "generator": generator(vocabulary, width),
        "discriminator": discriminator(shape[0], vocabulary, width),
    }
