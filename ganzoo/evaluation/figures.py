"""The metrics of `ganzoo evaluate`: what each one needs, and how it is computed.

A function `measure` is called with the `evaluator.Evaluation`, the name of the features, and the
real and the generated features or images; it returns facts, `{name: {"value": ...}}`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ganzoo import metrics
from ganzoo.errors import InputError
from ganzoo.inference import pictures
from ganzoo.metrics.batches import batches

NUM = 10_000  # default number of samples and of real images
PATHS = 1000  # of the perceptual path length
SHOWN = (16, 5)  # samples in the picture of neighbors, and neighbors of each


class Metric(NamedTuple):
    """One metric, or a few that are computed together."""

    measure: Callable[[Any, str, np.ndarray | None, np.ndarray], dict[str, dict]]
    facts: tuple[str, ...]  # names of the values that it returns
    of: str  # what it is computed from: see the values in METRICS
    least: int = 2  # minimum number of samples and of real images
    most: int | None = None  # maximum number of both, which are then equal; None: no maximum
    usual: int = NUM  # default number of samples
    real: bool = True  # whether it uses real images


def _fid(of, space, real, fake):
    return {"fid": {"value": metrics.fid(real, fake)}}


def _fid_infinity(of, space, real, fake):
    return {"fid_infinity": {"value": metrics.fid_infinity(real, fake, seed=of.seed)}}


def _kid(of, space, real, fake):
    return {"kid": _spread(*metrics.kid(real, fake, seed=of.seed))}


def _prdc(of, space, real, fake):
    first, second = metrics.prdc(real, fake)
    values = [*first, *second]
    return {key: {"value": v} for key, v in zip(METRICS["prdc"].facts, values, strict=True)}


def _inception_score(of, space, real, fake):
    return {"inception_score": _spread(*metrics.inception_score(of.probabilities(space, fake)))}


def _histogram(of, space, real, fake):
    probabilities = of.probabilities(space, fake)
    shares = metrics.class_histogram(probabilities, probabilities.shape[1])
    fact = {"value": metrics.histogram_kl(shares), "shares": list(map(_short, shares))}
    return {"histogram": fact}


def _ms_ssim(of, space, real, fake):
    """Also computes the MS-SSIM of the real images: that of noise is low as well."""
    if space == "pixels":
        value, of_real = (metrics.ms_ssim_diversity(x, seed=of.seed) for x in (fake, real))
        return {"ms_ssim": {"value": value, "of_real": _short(of_real)}}
    images = of.real("pixels")
    rows = metrics.extract(images, of.network(space))
    value, classes = _within_classes(of.samples, of.probabilities(space, fake), of.seed)
    of_real, _ = _within_classes(images, of.probabilities(space, rows), of.seed)
    return {"ms_ssim": {"value": value, "of_real": _short(of_real), "classes": classes}}


def _within_classes(images, probabilities, seed) -> tuple[float, int]:
    """Returns the mean MS-SSIM within classes, and the number of classes with 2 or more images."""
    labels = probabilities.argmax(1)
    paired = np.flatnonzero(np.bincount(labels) > 1)
    keep = np.isin(labels, paired)
    of_class = metrics.ms_ssim_diversity(images[keep], labels[keep], pairs=100, seed=seed)
    return float(np.mean(list(of_class.values()))), len(paired)


def _pairwise(of, space, real, fake):
    rows = [x.reshape(len(x), -1) / (255 * np.sqrt(x[0].size)) for x in (fake, real)]
    value, of_real = map(metrics.pairwise_distance, rows)  # root mean square of gray levels
    return {"pairwise": {"value": value, "of_real": _short(of_real)}}


def _lpips(of, space, real, fake):
    """The LPIPS of random pairs of samples; also that of the real images."""
    value, of_real = (
        metrics.lpips_diversity(x, seed=of.seed, data_dir=of.data_dir) for x in (fake, real)
    )
    return {"lpips": {"value": value, "of_real": _short(of_real)}}


def _ppl(of, space, real, fake):
    if of.generator is None:
        raise InputError("ppl is a metric of generators: give an entry, a run or a SavedModel.")
    paths = min(PATHS, of.num)
    length = metrics.perceptual_path_length(of.generator, paths, seed=of.seed, data_dir=of.data_dir)
    return {"ppl": {"value": length, "paths": paths, "space": of.generator.space}}


def _swd(of, space, real, fake):
    return {"swd": {"value": metrics.sliced_wasserstein(real, fake, seed=of.seed)}}


def _modes(of, space, real, fake):
    result = metrics.mixture_modes(fake, of.against)
    return {
        "modes": {"value": result.modes, "of": len(result.counts), "mixture": of.against},
        "high_quality": {"value": result.high_quality, "mixture": of.against},
    }


def _stacked(of, space, real, fake):
    result = metrics.stacked_modes(fake)
    return {"stacked_modes": {"value": result.modes, "of": 1000},
            "stacked_kl": {"value": result.reverse_kl}}  # fmt: skip


def _neighbours(of, space, real, fake):
    """The share of copies: samples closer to the training set than most held-out images are."""
    training, images = of.training(space), of.training("pixels")
    size = {"batch_size": 1024}
    share = metrics.copied(fake, training, real, **size)
    count, k = SHOWN
    indices = metrics.nearest(fake[:count], training, k=k, **size).indices
    neighbors, start = {}, 0
    for batch in batches(images, 1024):
        neighbors |= {i: batch[i - start] for i in indices.flat if 0 <= i - start < len(batch)}
        start += len(batch)
    pairs = zip(of.samples, indices, strict=False)
    rows = [[sample, *map(neighbors.get, row)] for sample, row in pairs]
    of.picture = pictures.grid(np.concatenate(rows), columns=1 + k)
    return {"neighbours": {"value": share, "training": f"{of.against} train, {start} images"}}


METRICS = {
    "fid": Metric(_fid, ("fid",), "features"),
    "fid_infinity": Metric(_fid_infinity, ("fid_infinity",), "features", least=4),
    "kid": Metric(_kid, ("kid",), "features"),
    "prdc": Metric(
        _prdc, ("precision", "recall", "density", "coverage"), "features", least=6, most=10_000
    ),
    "inception_score": Metric(
        _inception_score, ("inception_score",), "features with classes", least=10, real=False
    ),
    "histogram": Metric(_histogram, ("histogram",), "features with classes", real=False),
    "ms_ssim": Metric(_ms_ssim, ("ms_ssim",), "features with classes, else images"),
    "pairwise": Metric(_pairwise, ("pairwise",), "images", most=2000),
    "lpips": Metric(_lpips, ("lpips",), "images", most=10_000),
    "ppl": Metric(_ppl, ("ppl",), "images", real=False),
    "swd": Metric(_swd, ("swd",), "images or points", most=10_000),
    "neighbours": Metric(
        _neighbours, ("neighbours",), "features with classes, else images", most=2000
    ),
    "stacked": Metric(
        _stacked, ("stacked_modes", "stacked_kl"), "images", real=False, usual=26_000
    ),
    "modes": Metric(_modes, ("modes", "high_quality"), "points", real=False),
}


def _spread(mean: float, std: float) -> dict[str, float]:
    return {"value": mean, "std": _short(std)}


def _short(value: float) -> float:
    """Rounds a secondary number to 4 significant digits."""
    return float(f"{value:.4g}")
