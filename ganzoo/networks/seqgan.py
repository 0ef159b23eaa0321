"""The networks of SeqGAN: a recurrent generator and a convolutional discriminator.

Reference: Yu et al., 2017, arXiv:1609.05473, section 3.3 and appendix A.
"""

import keras
from keras import layers

from ganzoo import layers as gan_layers
from ganzoo.errors import InputError

FILTERS = {  # kernel width -> filters, as in the paper, whose embeddings have 64 dimensions
    1: 100, 2: 200, 3: 200, 4: 200, 5: 200, 6: 100, 7: 100, 8: 100, 9: 100, 10: 100, 15: 160,
    20: 160,
}  # fmt: skip


def generator(vocabulary: int, width: int = 32):
    """Returns one step of an LSTM: from [tokens (N,), h, c (N, width)] to [logits (N, V), h, c].

    Tokens are integers from 0 to V - 1; V is the start token.
    """
    tokens = keras.Input((), name="tokens", dtype="int32")
    states = [keras.Input((width,), name=name, dtype="float32") for name in ("h", "c")]
    normal = keras.initializers.RandomNormal(stddev=0.1)
    x = layers.Embedding(vocabulary + 1, width, embeddings_initializer=normal)(tokens)
    cell = layers.LSTMCell(width, kernel_initializer=normal, recurrent_initializer=normal)
    x, new_states = cell(x, states)
    logits = layers.Dense(vocabulary, kernel_initializer=normal, dtype="float32")(x)
    new_states = [layers.Activation("linear", dtype="float32")(state) for state in new_states]
    return keras.Model([tokens, *states], [logits, *new_states], name="generator")


def discriminator(length: int, vocabulary: int, width: int = 32, dropout: float = 0.25):
    """Returns a network from tokens (N, length) to logits (N, 1).

    It has convolutions over 1 to 20 tokens, as far as they fit, max pooling over all positions, a
    highway layer, and dropout. Embeddings have `width` dimensions, and the numbers of filters are
    width / 64 times the paper's.
    """
    tokens = keras.Input((length,), name="tokens", dtype="int32")
    x = layers.Embedding(vocabulary, width)(tokens)
    pooled = []
    for kernel, filters in FILTERS.items():
        if kernel <= length:
            conv = layers.Conv1D(max(filters * width // 64, 1), kernel, activation="relu")
            pooled.append(layers.GlobalMaxPooling1D()(conv(x)))
    x = gan_layers.Highway()(layers.Concatenate()(pooled) if len(pooled) > 1 else pooled[0])
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(1, dtype="float32")(x)
    return keras.Model(tokens, outputs, name="discriminator")


def pair(shape, vocabulary: int, width: int = 32) -> dict:
    """Returns a matching `generator` and `discriminator` for sequences of shape (T,).

    Raises:
        InputError: If sequences or the vocabulary have fewer than 2 tokens.
    """
    if len(shape) != 1 or shape[0] < 2 or vocabulary < 2:
        raise InputError(
            "expected sequences of shape (T,) with T >= 2 and a vocabulary of 2 or more tokens, "
            f"got {tuple(shape)} and {vocabulary}."
        )
    return {
        "generator": generator(vocabulary, width),
        "discriminator": discriminator(shape[0], vocabulary, width),
    }
