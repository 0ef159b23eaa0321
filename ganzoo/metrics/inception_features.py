"""The features of the original FID, by the Inception network of 2015."""

import functools

import keras
import numpy as np
from keras import ops

from ganzoo.errors import unknown
from ganzoo.metrics import weights
from ganzoo.metrics.inception import inception
from ganzoo.metrics.resize import MODES, resize

PRECISIONS = ("float32", "bfloat16", "auto")


class Inception:
    """The 2048 `pool3` features of the original FID: uint8 (N, H, W, C) -> float32 (N, 2048).

    Grayscale images are taken as RGB with three equal channels.

    Args:
        resize: See `features.extract`, like the next two.
        precision: See there.
        data_dir: See there.

    Attributes:
        digest: Identifies the numbers it computes, apart from the precision: part of cache keys.
        precision: "float32" or "bfloat16".

    Raises:
        InputError: If a value is wrong, or the weights are not available.
    """

    def __init__(
        self, resize: str = "legacy", precision: str = "float32", data_dir: str | None = None
    ):
        if resize not in MODES:
            raise unknown("resize mode", resize, MODES)
        self.resize, self.precision = resize, _resolved(precision)
        self.digest = f"inception-2015-{resize}-{weights.CONTENT}"
        self._network = _network(self.precision, data_dir)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns the features of a batch."""
        x = (resize(images, self.resize) - 128.0) / 128.0
        if x.shape[-1] == 1:
            x = ops.repeat(x, 3, axis=-1)
        return np.asarray(self._network.predict_on_batch(x), np.float32)


def _resolved(precision: str) -> str:
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    # bfloat16 changes an FID by 1 % (benchmarks/speed/inception_speed.py): more than `auto` may.
    return "float32" if precision == "auto" else precision


@functools.lru_cache(maxsize=2)
def _network(precision: str, data_dir: str | None) -> keras.Model:
    network = inception(weights.inception_weights(data_dir), precision)
    if keras.backend.backend() == "tensorflow":
        network.jit_compile = False  # on a CPU oneDNN's convolutions are faster than XLA's
    return network
