"""The training images nearest to the samples: has the generator copied?"""

from typing import NamedTuple

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import distances
from ganzoo.metrics import features as feature
from ganzoo.metrics.batches import batches

PIXELS = "pixels"


class Neighbours(NamedTuple):
    """For each sample its nearest training images, in order: indices and distances (N, k)."""

    indices: np.ndarray
    distances: np.ndarray


def nearest(samples, training, features=PIXELS, *, k: int = 1, **options) -> Neighbours:
    """Returns the k training images nearest to each sample, by Euclidean distance.

    The training set is read once, a block at a time, so it may be larger than memory.

    Args:
        samples: Images as of `features.extract`, or features (N, D).
        training: The same of the training images.
        features: As of `features.extract`, or "pixels": grey levels / 255, root mean square. Pixels
            find exact copies only; features find those that were moved or re-coloured.
        k: Neighbours of each sample.
        **options: Of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are fewer than k training images.
    """
    compute = _pixels if features == PIXELS else features
    rows = feature.extract(samples, compute, **options)
    found = Neighbours(np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0)))
    start = 0
    for part in _parts(training, compute, options):
        points, block = distances.pair(rows, part)
        for place, squares in distances.blocks(block, points):
            index = np.arange(start, start + len(part))[place]
            found = _merged(found, np.broadcast_to(index, squares.T.shape), squares.T, k)
        start += len(part)
    if not 1 <= k <= start:
        raise InputError(f"k must be from 1 to the {start} training images, got {k!r}.")
    return Neighbours(found.indices, np.sqrt(found.distances))


def copied(
    samples, training, held_out, features=PIXELS, *, percentile: float = 1.0, **options
) -> float:
    """Returns the share of samples that are suspiciously near to a training image.

    A sample is, if it is nearer to one than `percentile` % of real images that were held out of
    training are. About percentile / 100 is what a generator that copies nothing would have; nearly
    1 is copying.

    Args:
        samples: As of `nearest`.
        training: As of `nearest`.
        held_out: Images of the same source that are not in `training`, e.g. the test split.
        features: As of `nearest`.
        percentile: From 0 to 100.
        **options: Of `features.extract`.

    Raises:
        InputError: As of `nearest`.
    """
    apart = [
        nearest(side, training, features, **options).distances[:, 0] for side in (samples, held_out)
    ]
    return float((apart[0] < np.percentile(apart[1], percentile)).mean())


def _merged(found: Neighbours, indices, squares, k: int) -> Neighbours:
    """Returns the k nearest of those that were found and of a further block; squared distances."""
    indices = np.concatenate([found.indices, indices], axis=1)
    squares = np.concatenate([found.distances, squares], axis=1)
    order = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return Neighbours(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(squares, order, axis=1)
    )


def _parts(training, compute, options):
    """Yields the features of the training images, a part at a time."""
    if (rows := feature.given(training)) is not None:
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
