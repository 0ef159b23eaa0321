"""Tokens: sequences as an array of integers, with their vocabulary."""

import dataclasses

import numpy as np

from ganzoo.data.source import Memory


class Tokens(Memory):
    """A set of sequences of the same length, in memory.

    Args:
        name: Name of the data set.
        split: Name of the split.
        real: Tokens from 0 to V - 1, int32 (N, T).
        vocabulary: V, or a tuple of the V strings that the tokens stand for.
        image_size: Must be None, as there are no images.
        channels: Must be None, as there are no images.
    """

    def __init__(self, name, split, real: np.ndarray, vocabulary, image_size=None, channels=None):
        super().__init__(name, split, real, None, None, image_size, channels)
        self.info = dataclasses.replace(self.info, vocabulary=vocabulary)
