"""Evaluation of samples: each metric is recorded as a fact, with the settings it depends on.

    {"fid": {"value": 21.5, "features": "inception", "resize": "legacy", "precision": "float32",
     "against": "fashion_mnist test", "n_real": 10000, "n_fake": 10000, "seed": 0, "seconds": 310}}

The key names the features, as in `fid_mnist`, unless they are Inception's or pixels.
"""

import dataclasses
import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ganzoo import data, metrics, zoo
from ganzoo.data import sources, toys
from ganzoo.errors import InputError, unknown
from ganzoo.evaluation.figures import METRICS, NUM, Metric
from ganzoo.metrics import spaces
from ganzoo.metrics.batches import batches

OWN = "own"  # the features that the zoo has for the data set


def check(names: Sequence[str], features: Sequence[str]) -> None:
    """Raises `InputError` for unknown metrics or features, before anything is computed."""
    for kind, values, valid in (
        ("metric", names, METRICS),
        ("features", features, [*spaces.networks(), OWN]),
    ):
        for name in values:
            if name not in valid:
                raise unknown(kind, name, valid)


def stored(path: str, num: int | None = None) -> np.ndarray:
    """Returns the first `num` images of a folder or of a `.npz`; by default all, at most `NUM`.

    Raises:
        InputError: If there are no images, fewer than `num`, or they cannot be read.
    """
    if not os.path.exists(path):
        raise InputError(
            f"expected a folder of images or a .npz file, got {path!r}, which does not exist."
        )
    blocks = []
    for batch in batches(path, 256, num):
        blocks.append(batch)
        if num is None and sum(map(len, blocks)) >= NUM:
            break
    if not blocks:
        raise InputError(f"{path}: expected images, got none.")
    if len(shapes := {block.shape[1:] for block in blocks}) > 1:
        raise InputError(
            f"{path}: expected samples of one size, got {len(shapes)} sizes: resize them, or "
            "measure them in Python, ganzoo.metrics.fid(folder, folder)."
        )
    return np.concatenate(blocks)[: num or NUM]


class Evaluation:
    """Samples, real examples, and the features of both, each computed once.

    Attributes:
        picture: Samples and their nearest training images, uint8 (H, W, C), once the metric
            `neighbours` was computed.
    """

    def __init__(
        self,
        draw: Callable[[int], np.ndarray],
        num: int | None,
        against: str,
        split: str | None = None,
        *,
        seed: int = 0,
        resize: str = "legacy",
        precision: str = "float32",
        data_dir: str | None = None,
        progress: bool = False,
        generator=None,
    ):
        """Checks the shapes; the samples are drawn when they are needed.

        Args:
            draw: A function of N that returns N samples, uint8 (N, H, W, C) or points (N, D), and
                the same ones in every call.
            num: Number of samples; by default that of each metric: 10,000, and 26,000 for the modes
                of Stacked-MNIST. As many real images are used, or all if there are fewer.
            against: Name of the real data set, as in `ganzoo.data.load`. Its images are converted
                to the size and the channels of the samples, as in training.
            split: "test" or "train"; by default "test" if there is one.
            seed: The seed of the samples, also used for the random subsets of some metrics.
            resize: As in `metrics.extract`.
            precision: As in `metrics.extract`.
            data_dir: As in `metrics.extract`.
            progress: As in `metrics.extract`.
            generator: The `Sampler` that draws, for metrics of its latent space.

        Raises:
            InputError: If the data are not available, or one of data and samples are images and
                the other points.
        """
        self.against, self.seed, self.num = against, seed, num or NUM
        self._usual = num is None
        self.picture, self.generator, self.data_dir = None, generator, data_dir
        self._draw, self._rows, self._networks = draw, {}, {}
        self._options = {"resize": resize, "precision": precision, "data_dir": data_dir}
        self._progress = progress
        shape = draw(1).shape[1:]
        size = {}
        if len(shape) == 3 and sources.kind_of(against).local:  # of any sizes
            size = {"image_size": tuple(shape[:2])}
        info, self.split = _info(against, split, data_dir, **size)
        if len(shape) != len(info.image_shape):
            kinds = ["images" if len(s) == 3 else "points" for s in (info.image_shape, shape)]
            raise InputError(
                f"{against} has {kinds[0]}, but the samples are {kinds[1]}. Choose another "
                "--against."
            )
        self.points = len(shape) == 1
        self._shape = {"data_dir": data_dir}
        if shape != info.image_shape or size:
            self._shape |= {"image_size": tuple(shape[:2]), "channels": shape[2]}
        size = f" at {'x'.join(map(str, shape))}" if shape != info.image_shape else ""
        self.described = f"{against} {self.split}{size}"
        self.num_real = min(self.num, info.num_examples)
        self._smallest = min(shape[:2])

    @functools.cached_property
    def samples(self) -> np.ndarray:
        """The samples, drawn once."""
        return self._draw(self.num)

    def network(self, features: str) -> Callable:
        """Returns the function that computes these features; it is loaded only once."""
        if features not in self._networks:
            self._networks[features] = metrics.extractor(features, **self._options)
        return self._networks[features]

    def probabilities(self, features: str, rows: np.ndarray) -> np.ndarray:
        """Returns the class probabilities of rows of features."""
        return np.asarray(self.network(features).probabilities(rows))

    def fake(self, space: str) -> np.ndarray:
        """Returns the samples themselves, for "pixels" and "points", or their features."""
        if space in ("pixels", "points"):
            return self.samples
        if ("fake", space) not in self._rows:
            self._rows["fake", space] = metrics.sample_features(
                self.samples, self.network(space),
                progress=self._progress, data_dir=self._options["data_dir"],
            )  # fmt: skip
        return self._rows["fake", space]

    def real(self, space: str) -> np.ndarray:
        """Returns real examples themselves, or the features of another random choice of them."""
        if ("real", space) not in self._rows:
            if space in ("pixels", "points"):
                rows, _ = data.arrays(self.against, self.split, **self._shape, limit=self.num_real)
            else:
                rows = self._features(space, self.split, self.num_real)
            self._rows["real", space] = rows
        return self._rows["real", space]

    def training(self, space: str):
        """Returns the training images, in batches, or their features, in the same order."""
        if space != "pixels":
            return self._features(space, "train")
        return data.load(
            self.against, "train", 1024, **self._shape, shuffle=False, drop_remainder=False
        )

    def _features(self, space, split, num=None):
        return metrics.real_features(
            self.against, split, num,
            features=self.network(space), progress=self._progress, **self._shape,
        )  # fmt: skip

    def defaults(self) -> tuple[list[str], list[str]]:
        """Returns the default metrics for these samples, and the features of the data set."""
        if self.points:
            return (["modes"] if self.against in toys.MIXTURES else []) + ["swd"], []
        names = ["fid", "kid", "prdc", "ms_ssim", "neighbours", "swd"]
        names += ["stacked"] if self.against == "stacked:mnist" else []
        suitable = {"ms_ssim": self._smallest >= 11, "neighbours": self.split == "test"}
        space = spaces.of_data(self.against)
        available = space and f"classifier_{space}" in zoo.list_pretrained()
        return [n for n in names if suitable.get(n, True)], [space] if available else []

    def facts(
        self,
        names: Sequence[str] | None = None,
        features: Sequence[str] | None = None,
        known: dict[str, dict] | None = None,
    ) -> Iterator[dict[str, dict]]:
        """Yields the facts of each metric and feature space as they are computed.

        Args:
            names: Names of `METRICS`; by default those that suit the samples.
            features: Names of `spaces.networks()`, or "own" for the features that the zoo has for
                the data set; by default Inception's and these.
            known: Facts that were measured before; those with the same settings are skipped.

        Raises:
            InputError: If a name is unknown, a metric does not suit the samples or their number, or
                the weights of a network are not available.
        """
        default = self.defaults()
        names = names or default[0]
        features = ["inception", OWN] if features is None else features
        check(names, features)
        features = [f for name in features for f in (default[1] if name == OWN else [name])]
        plan = [(name, space) for name in names for space in self._spaces(name, features)]
        for name, space in plan:
            metric = METRICS[name]
            counts = self._counts(metric)
            settings = self._settings(metric, space, *counts)
            plain = space in ("inception", "pixels", "points")
            keys = {fact: fact if plain else f"{fact}_{space}" for fact in metric.facts}
            if all(_has((known or {}).get(key), settings) for key in keys.values()):
                continue
            start = time.monotonic()
            real = self.real(space)[: counts[0]] if metric.real else None
            fake = self.fake(space) if counts[1] <= self.num else self._draw(counts[1])
            values = metric.measure(self, space, real, fake[: counts[1]])
            seconds = round(time.monotonic() - start, 1)
            shared = {**settings, "seconds": seconds}
            yield {key: {**values[fact], **shared} for fact, key in keys.items()}

    def _counts(self, metric: Metric) -> tuple[int, int]:
        if metric.most is None:
            return self.num_real, metric.usual if self._usual else self.num
        return (min(self.num_real, metric.most),) * 2

    def _spaces(self, name: str, features: Sequence[str]) -> list[str]:
        """Returns the feature spaces of a metric, or "pixels" or "points"."""
        metric, kind = METRICS[name], "points" if self.points else "pixels"
        real, fake = self._counts(metric)
        if min(real, fake) < metric.least:
            raise InputError(
                f"{name}: expected at least {metric.least} samples and real images, got {fake} and "
                f"{real}: raise --num."
            )
        if metric.of != "images or points" and self.points != (metric.of == "points"):
            expected = "points" if metric.of == "points" else "images"
            raise InputError(f"{name} is a metric of {expected}, but the samples are {kind}.")
        if name == "neighbours" and self.split != "test":
            raise InputError(
                f"neighbours: expected real images that are not in the training set, --split=test; "
                f"got the split {self.split!r}."
            )
        if metric.of == "features":
            return list(features)
        if not metric.of.startswith("features"):
            return [kind]
        classes = [f for f in features if spaces.SPACES[f].classes]
        if not classes and metric.of == "features with classes":
            raise InputError(
                f"{name}: expected --features with classes, such as mnist or fashion_mnist, "
                f"got {', '.join(features)}."
            )
        return classes or [kind]

    def _settings(self, metric: Metric, space: str, num_real: int, num_fake: int) -> dict:
        """Returns the settings that a metric's facts depend on."""
        network = None if space in ("pixels", "points") else self.network(space)
        settings = {"features": space}
        for key in ("resize", "precision"):
            if value := getattr(network, key, None):
                settings[key] = value
        if metric.real:
            settings |= {"against": self.described, "n_real": num_real}
        return settings | {"n_fake": num_fake, "seed": self.seed}


def _has(fact, settings: dict) -> bool:
    return isinstance(fact, dict) and settings.items() <= fact.items()


def _info(name: str, split: str | None, data_dir: str | None, **size) -> tuple[data.Info, str]:
    """Returns the info of the split, and its name: "test" if there is one, else "train"."""
    options = {"data_dir": data_dir} | size
    if split is not None:
        return data.info(name, split, **options), split
    train = data.info(name, "train", **options)  # raises if the data are missing
    try:
        return data.info(name, "test", **options), "test"
    except InputError:
        return train, "train"


def accuracy(
    classifier, against: str, split: str | None = None, data_dir: str | None = None
) -> dict[str, dict]:
    """Returns the accuracy of a classifier on labeled images, as a fact.

    Raises:
        InputError: If the data are not available, have no labels, or have another shape.
    """
    info, split = _info(against, split, data_dir)
    expected = classifier.image_shape
    if info.num_classes != classifier.num_classes or info.image_shape != expected:
        raise InputError(
            f"expected images {expected} of {classifier.num_classes} classes, got {against}: "
            f"{info.image_shape}, {info.num_classes or 'no'} classes. Choose another --against."
        )
    start = time.monotonic()
    images, labels = data.arrays(against, split, data_dir=data_dir)
    fact = {
        "value": float((classifier.classes(images) == labels).mean()),
        "against": f"{against} {split}",
        "n_real": len(images),
        "seconds": round(time.monotonic() - start, 1),
    }
    return {"accuracy": fact}


@dataclasses.dataclass
class Plan:
    """What to measure of a model: the settings of `ganzoo evaluate`.

    Attributes:
        against: Name of the data set of real examples.
        num: Number of samples; by default that of each metric.
        metrics: Names of `METRICS`; by default those that suit the samples.
        features: Names of feature spaces; by default Inception's and that of the data.
        settings: Further arguments of `Evaluation`.
    """

    against: str | None
    num: int | None = None
    metrics: Sequence[str] | None = None
    features: Sequence[str] | None = None
    settings: dict = dataclasses.field(default_factory=dict)

    def of_samples(
        self, draw: Callable, known: dict, generator=None
    ) -> Iterator[tuple[dict, np.ndarray | None]]:
        """Yields the facts of each metric of samples, and a picture or None.

        Args:
            draw: Function of (num, seed) that returns samples.
            known: Facts that were measured before; those with the same settings are skipped.
            generator: The `Sampler` that draws, if it is one.
        """
        draw_num = functools.partial(draw, seed=self.settings.get("seed", 0))
        evaluation = Evaluation(
            draw_num, self.num, self.against, generator=generator, **self.settings
        )
        for facts in evaluation.facts(self.metrics, self.features, known):
            yield facts, evaluation.picture

    def of_classifier(self, classifier, known: dict) -> Iterator[tuple[dict, None]]:
        """Yields the accuracy of a classifier, unless it was measured before."""
        if self.against is None:
            raise InputError("--against: expected a data set with labels, got none.")
        if "accuracy" not in known:
            split, data_dir = self.settings.get("split"), self.settings.get("data_dir")
            yield accuracy(classifier, self.against, split, data_dir), None
