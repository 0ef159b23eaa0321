"""Nearest training images of samples, to detect generators that copy their training data."""

from typing import NamedTuple

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import distances
from ganzoo.metrics import features as feature
from ganzoo.metrics.batches import batches

PIXELS = "pixels"


class Neighbours(NamedTuple):
    """Indices and distances (N, k) of each sample's nearest training images, nearest first."""

    indices: np.ndarray
    distances: np.ndarray


def nearest(samples, training, features=PIXELS, *, k: int = 1, **options) -> Neighbours:
    """Returns the k training images nearest to each sample, by Euclidean distance.

    The training set is read once, in blocks, so it can be larger than memory.

    Args:
        samples: Images, as in `features.extract`, or features (N, D).
        training: Training images or their features, in the same form.
        features: As in `features.extract`, or `"pixels"` for the root mean square difference of
            pixel values from 0 to 1. Pixels only detect exact copies; features also detect copies
            with shifts or color changes.
        k: Number of neighbors of each sample.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are fewer than k training images.
    """
    compute = _pixels if features == PIXELS else features
    rows = feature.extract(samples, compute, **options)
    result = Neighbours(np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0)))
    start = 0
    for part in _parts(training, compute, options):
        points, block = distances.pair(rows, part)
        for slice_of_block, squares in distances.blocks(block, points):
            index = np.arange(start, start + len(part))[slice_of_block]
            result = _merged(result, np.broadcast_to(index, squares.T.shape), squares.T, k)
        start += len(part)
    if not 1 <= k <= start:
        raise InputError(f"k must be from 1 to the {start} training images, got {k!r}.")
    return Neighbours(result.indices, np.sqrt(result.distances))


def copied(
    samples, training, held_out, features=PIXELS, *, percentile: float = 1.0, **options
) -> float:
    """Returns the fraction of samples that are suspiciously close to a training image.

    A sample is suspicious if its distance to the nearest training image is below the given
    percentile of that distance for held-out real images. A generator that does not copy has about
    percentile / 100, one that copies has close to 1.

    Args:
        samples: As in `nearest`.
        training: As in `nearest`.
        held_out: Real images of the same source that are not in `training`, such as the test split.
        features: As in `nearest`.
        percentile: From 0 to 100.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: As in `nearest`.
    """
    sample_distances, held_out_distances = [
        nearest(side, training, features, **options).distances[:, 0] for side in (samples, held_out)
    ]
    return float((sample_distances < np.percentile(held_out_distances, percentile)).mean())


def _merged(neighbors: Neighbours, indices, squares, k: int) -> Neighbours:
    """Returns the k nearest of the neighbors so far and of a new block, with squared distances."""
    indices = np.concatenate([neighbors.indices, indices], axis=1)
    squares = np.concatenate([neighbors.distances, squares], axis=1)
    order = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return Neighbours(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(squares, order, axis=1)
    )


def _parts(training, compute, options):
    """Yields the features of the training images in blocks."""
    if (rows := feature.as_features(training)) is not None:
        for start in range(0, len(rows), 1024):
            yield rows[start : start + 1024]
        return
    options = dict(options)
    size, num = options.pop("batch_size", 32), options.pop("num", None)
    options.pop("progress", None)
    compute = feature.extractor(compute, **options)
    for batch in batches(training, size, num):
        yield compute(batch)


def _pixels(images: np.ndarray) -> np.ndarray:
    flat = images.reshape(len(images), -1).astype(np.float32)
    return flat / (255 * np.sqrt(flat.shape[1]))
