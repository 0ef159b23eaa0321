"""From images to the vectors in which they are compared."""

import functools
from collections.abc import Callable, Iterator

import keras
import numpy as np
from keras import ops

from ganzoo.errors import InputError, unknown
from ganzoo.metrics import domain, weights
from ganzoo.metrics.batches import batches, count
from ganzoo.metrics.inception import inception
from ganzoo.metrics.moments import Moments
from ganzoo.metrics.resize import MODES, resize

PRECISIONS = ("float32", "bfloat16", "auto")


class Inception:
    """The 2048 `pool3` features of the original FID: uint8 (N, H, W, C) -> float32 (N, 2048).

    Grey images are taken as RGB with three equal channels.

    Attributes:
        digest: Says which numbers it computes, but for the precision: it is a part of cache keys.
        precision: "float32" or "bfloat16".
    """

    def __init__(
        self, resize: str = "legacy", precision: str = "float32", data_dir: str | None = None
    ):
        """Loads the weights. Arguments as of `extract`."""
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


EXTRACTORS: dict[str, Callable] = {  # name -> (resize, precision, data_dir) -> function
    "inception": Inception,
    **{name: functools.partial(domain.Domain, name) for name in domain.ENTRIES},
}


def extractor(
    features: str | Callable = "inception",
    resize: str = "legacy",
    precision: str = "float32",
    data_dir: str | None = None,
) -> Callable:
    """Returns the function from uint8 (N, H, W, C) to (N, D) of that name; a function stays itself.

    Raises:
        InputError: If a name is unknown, or the weights are not there.
    """
    if callable(features):
        return features
    if features not in EXTRACTORS:
        raise unknown("features", features, EXTRACTORS)
    return EXTRACTORS[features](resize, precision, data_dir)


def extract(
    images,
    features: str | Callable = "inception",
    *,
    resize: str = "legacy",
    batch_size: int = 32,
    precision: str = "float32",
    num: int | None = None,
    progress: bool = False,
    data_dir: str | None = None,
) -> np.ndarray:
    """Returns the features of images, float32 (N, D); of the images one batch is held at a time.

    Args:
        images: What `batches.batches` reads: an array, a dataset, an iterable or a folder. An array
            (N, D) is taken for features and comes back as it is.
        features: A name of `EXTRACTORS`, or a function from uint8 (N, H, W, C) to (N, D).
        resize: "legacy", as in the original FID, or "clean", as in clean-FID: see `resize.resize`.
        batch_size: Images in one call of the network.
        precision: "float32"; "bfloat16", twice as fast where the hardware has it, but an FID is off
            by about 1 %; or "auto", the fastest that is off by less than 0.5 %: float32.
        num: Use only the first so many images.
        progress: Show a progress bar.
        data_dir: Where imported weights are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If a value is wrong, the images are none, or the weights are not there.
    """
    options = {"resize": resize, "precision": precision, "data_dir": data_dir}
    if (rows := given(images)) is not None:
        return rows[:num]
    rows = _blocks(images, extractor(features, **options), batch_size, num, progress)
    return np.concatenate(list(rows)).astype(np.float32, copy=False)


def moments(
    images,
    features: str | Callable = "inception",
    *,
    resize: str = "legacy",
    batch_size: int = 32,
    precision: str = "float32",
    num: int | None = None,
    progress: bool = False,
    data_dir: str | None = None,
) -> Moments:
    """Returns the mean and covariance of the features, in memory that does not grow with N.

    Arguments and errors as of `extract`; `Moments` come back as they are.
    """
    options = {"resize": resize, "precision": precision, "data_dir": data_dir}
    if isinstance(images, Moments):
        return images
    if (rows := given(images)) is not None:
        return Moments.of(rows[:num])
    blocks = _blocks(images, extractor(features, **options), batch_size, num, progress)
    return functools.reduce(Moments.__add__, map(Moments.of, blocks))


def given(images) -> np.ndarray | None:
    """Returns features (N, D) that were given in place of images, else None."""
    if not isinstance(images, np.ndarray) or images.ndim != 2:
        return None
    if not len(images) or not np.isfinite(images).all():
        raise InputError(f"features {images.shape} are empty, or hold NaN or infinity.")
    return images


def _blocks(images, compute, batch_size, num, progress) -> Iterator[np.ndarray]:
    """Yields the features of each batch."""
    bar = keras.utils.Progbar(num or count(images), unit_name="image") if progress else None
    done = 0
    for batch in batches(images, batch_size, num):
        rows = np.asarray(compute(batch))
        if rows.ndim != 2 or len(rows) != len(batch):
            raise InputError(f"features: expected ({len(batch)}, D), got shape {rows.shape}.")
        if not np.isfinite(rows).all():
            raise InputError("features: the function returned NaN or infinity.")
        yield rows
        done += len(batch)
        if bar:
            bar.update(done)
    if not done:
        raise InputError("there are no images to compute features of.")


def _resolved(precision: str) -> str:
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    # bfloat16 moves an FID by 1 % (benchmarks/inception_speed.py): more than `auto` may.
    return "float32" if precision == "auto" else precision


@functools.lru_cache(maxsize=2)
def _network(precision: str, data_dir: str | None) -> keras.Model:
    network = inception(weights.inception_weights(data_dir), precision)
    if keras.backend.backend() == "tensorflow":
        network.jit_compile = False  # on a CPU oneDNN's convolutions are faster than XLA's
    return network
