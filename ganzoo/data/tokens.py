"""Tokens: sequences held as one array of integers, and what the integers stand for."""

import dataclasses

import numpy as np

from ganzoo.data.source import Memory


class Tokens(Memory):
    """A set of sequences of one length.

    Args:
        name: Of the data set.
        split: Of the data set.
        real: int32 (N, T), from 0 to V - 1.
        vocabulary: V, or the V words.
        image_size: None: there are no images.
        channels: None, likewise.
    """

    def __init__(self, name, split, real: np.ndarray, vocabulary, image_size=None, channels=None):
        super().__init__(name, split, real, None, None, image_size, channels)
        self.info = dataclasses.replace(self.info, vocabulary=vocabulary)
