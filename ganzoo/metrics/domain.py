"""Features of one data set's images: those of the zoo's own classifier of it."""

import functools
import hashlib
import json

import numpy as np
from keras import ops

from ganzoo import zoo
from ganzoo.engine import pixels
from ganzoo.errors import InputError, unknown
from ganzoo.metrics.resize import MODES, resize

SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
ENTRIES = {name: f"classifier_{name}" for name in SHAPES}


class Domain:
    """The features of a pretrained classifier: uint8 (N, H, W, C) -> float32 (N, 128).

    They take milliseconds where Inception's take a minute, and know the classes. Frechet distances
    of different networks are on different scales: these are GanZoo's own, for comparisons of
    generators of this one data set.

    Attributes:
        digest: Names the classifier and its weights: it is a part of cache keys.
        precision: "float32", always: it is fast enough.
    """

    precision = "float32"

    def __init__(
        self, name: str, resize: str = "legacy", precision: str = "float32", data_dir=None
    ):
        """Loads the classifier.

        Args:
            name: One of `ENTRIES`.
            resize: As of `features.extract`, for images of another size than the data's.
            precision: Not used.
            data_dir: Not used: the classifier is an entry of the zoo.
        """
        if resize not in MODES:
            raise unknown("resize mode", resize, MODES)
        entry = ENTRIES[name]
        facts = json.dumps(zoo.info(entry)["files"], sort_keys=True)
        self.name, self.resize = name, resize
        self.digest = f"{entry}-{resize}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
        self._classifier = _loaded(entry)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns the features of a batch.

        Raises:
            InputError: If the images have not as many channels as the data.
        """
        size, _, channels = SHAPES[self.name]
        if images.shape[-1] != channels:
            raise InputError(
                f"features {self.name!r} are of images (N, H, W, {channels}), got {images.shape}: "
                "take features='inception', or give the images as many channels."
            )
        x = pixels.to_float(resize(images, self.resize, size))
        return self._classifier.features(ops.convert_to_numpy(x))

    @property
    def network(self):
        """The classifier's network, from images (N, H, W, C) in [-1, 1] to what it gives."""
        return self._classifier.network

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Returns the class probabilities (N, 10) that belong to features (N, 128)."""
        return self._classifier.probabilities(features)


@functools.lru_cache(maxsize=2)
def _loaded(entry: str):
    return zoo.load_pretrained(entry)
