"""Features for a single data set: those of the zoo's classifier of that data set."""

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

    They take milliseconds where Inception's take a minute, and have class probabilities. Frechet
    distances in different feature spaces are not comparable: these are only for comparisons of
    generators of this data set within GanZoo.

    Attributes:
        digest: Identifies the classifier and its weights, in cache keys.
        precision: Always "float32", which is fast enough.
    """

    precision = "float32"

    def __init__(
        self, name: str, resize: str = "legacy", precision: str = "float32", data_dir=None
    ):
        """Loads the classifier.

        Args:
            name: One of `ENTRIES`.
            resize: As in `features.extract`, for images of another size than the data's.
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
            InputError: If the images do not have as many channels as the data.
        """
        size, _, channels = SHAPES[self.name]
        if images.shape[-1] != channels:
            raise InputError(
                f"features {self.name!r} need images (N, H, W, {channels}), got {images.shape}: "
                "use features='inception', or convert the images to as many channels."
            )
        x = pixels.to_float(resize(images, self.resize, size))
        return self._classifier.features(ops.convert_to_numpy(x))

    @property
    def network(self):
        """The classifier's network, which takes images (N, H, W, C) in [-1, 1]."""
        return self._classifier.network

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Returns the class probabilities (N, 10) of features (N, 128)."""
        return self._classifier.probabilities(features)


@functools.lru_cache(maxsize=2)
def _loaded(entry: str):
    return zoo.load_pretrained(entry)
