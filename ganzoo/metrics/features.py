"""Extracts the features by which images are compared."""

import functools
from collections.abc import Callable, Iterator

import keras
import numpy as np

from ganzoo.errors import InputError, unknown
from ganzoo.metrics import spaces
from ganzoo.metrics.batches import batches, count
from ganzoo.metrics.moments import Moments


def extractor(
    features: str | Callable = "inception",
    resize: str = "legacy",
    precision: str = "float32",
    data_dir: str | None = None,
) -> Callable:
    """Returns the function of a feature space, from uint8 images (N, H, W, C) to (N, D).

    Args:
        features: A name of `spaces.networks()`; or a function, which is returned unchanged.
        resize: As in `extract`.
        precision: As in `extract`.
        data_dir: As in `extract`.

    Raises:
        InputError: If a name is unknown, or the weights are not available.
    """
    if callable(features):
        return features
    if features not in spaces.networks():
        raise unknown("features", features, spaces.networks())
    return spaces.SPACES[features].extractor(resize, precision, data_dir)


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
    """Returns the features of images, float32 (N, D); only one batch of images is in memory.

    Args:
        images: An array, a dataset, an iterable or a folder, as in `batches.batches`. An array (N,
            D) is treated as features and returned unchanged.
        features: A name of `spaces.networks()`, or a function from uint8 (N, H, W, C) to (N, D).
        resize: "legacy", as in the original FID, or "clean", as in clean-FID: see `resize.resize`.
        batch_size: Number of images in one call of the network.
        precision: "float32"; "bfloat16", which is twice as fast on hardware that supports it but
            changes an FID by about 1 %; or "auto", the fastest one that changes an FID by less than
            0.5 %, which is float32.
        num: Use only the first `num` images.
        progress: Show a progress bar.
        data_dir: Folder of the imported weights; by default $GANZOO_DATA or the user's cache.

    Raises:
        InputError: If an argument is invalid, there are no images, or the weights are not imported.
    """
    options = {"resize": resize, "precision": precision, "data_dir": data_dir}
    if (rows := as_features(images)) is not None:
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

    Arguments and errors as in `extract`; `Moments` are returned unchanged.
    """
    options = {"resize": resize, "precision": precision, "data_dir": data_dir}
    if isinstance(images, Moments):
        return images
    if (rows := as_features(images)) is not None:
        return Moments.of(rows[:num])
    blocks = _blocks(images, extractor(features, **options), batch_size, num, progress)
    return functools.reduce(Moments.__add__, map(Moments.of, blocks))


def as_features(images) -> np.ndarray | None:
    """Returns `images` if it is an array of features (N, D), else None."""
    if not isinstance(images, np.ndarray) or images.ndim != 2:
        return None
    if not len(images) or not np.isfinite(images).all():
        raise InputError(f"features {images.shape} are empty, or contain NaN or infinity.")
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
