"""The table of feature spaces: in what samples are compared with real examples.

One row feeds `Evaluate`, `ganzoo evaluate`, the recipe key `features` and `ganzoo data`. To add a
space, add its row to `SPACES`; or, from code of your own, `ganzoo.metrics.register(Space(...))`.
"""

import dataclasses
import functools
import re
from collections.abc import Callable

from ganzoo.errors import InputError, unknown
from ganzoo.metrics import domain
from ganzoo.metrics.bleu import bleu
from ganzoo.metrics.inception_features import Inception
from ganzoo.metrics.sliced_wasserstein import sliced_wasserstein
from ganzoo.metrics.weights import import_inception


@dataclasses.dataclass(frozen=True)
class Space:
    """A row of the table.

    A space has either a network, in whose features the Frechet distance is taken, or a distance of
    its own.

    Attributes:
        name: What a person writes, and the name of the recipe's `features`.
        meaning: One line for `--help`.
        monitor: Name of the log of the distance, by which checkpoints are compared.
        extractor: Function of (resize, precision, data_dir) that returns the network, a function
            from uint8 (N, H, W, C) to features (N, D); or None.
        distance: Function of (real examples, samples) that returns named figures, that of `monitor`
            among them; or None.
        matched: Whether that takes as many real examples as samples.
        classes: Whether the network has a method `probabilities` from features to classes.
        data: Name of the data set whose images the network is made for, if it is for one.
        imports: Function of (folder or file, data_dir) that stores the network's original weights
            and returns what was done; for spaces whose weights `ganzoo data` can import.
    """

    name: str
    meaning: str
    monitor: str
    extractor: Callable | None = None
    distance: Callable | None = None
    matched: bool = False
    classes: bool = False
    data: str | None = None
    imports: Callable[[str, str | None], str] | None = None


def _oracle_distance(real, samples) -> dict[str, float]:
    from ganzoo.data import oracle  # which imports TensorFlow

    return {"nll_oracle": oracle.oracle().nll(samples)}


def _bleu_distance(real, samples) -> dict[str, float]:
    scores = {f"bleu_{n}": bleu(samples, real, n) for n in (2, 3, 4)}
    return {"bleu_gap": 1.0 - scores["bleu_3"]} | scores


def _pixel_distance(real, samples) -> dict[str, float]:
    return {"swd": sliced_wasserstein(real, samples)}


_ROWS = (
    Space(
        "pixels",
        "the pixels, or points, themselves: sliced Wasserstein distance",
        "swd",
        distance=_pixel_distance,
        matched=True,
    ),
    Space(
        "inception",
        "the Inception network of the original FID",
        "fid",
        extractor=Inception,
        imports=import_inception,
    ),
    *(
        Space(
            name,
            f"the zoo's own classifier of {name}",
            f"fid_{name}",
            extractor=functools.partial(domain.Domain, name),
            classes=True,
            data=name,
        )
        for name in domain.SHAPES
    ),
    Space(
        "oracle",
        "sequences: their likelihood under the oracle",
        "nll_oracle",
        distance=_oracle_distance,
    ),
    Space("bleu", "sequences: BLEU-2 to 4 against the data", "bleu_gap", distance=_bleu_distance),
)
SPACES: dict[str, Space] = {row.name: row for row in _ROWS}


def register(space: Space) -> None:
    """Adds a row to the table.

    Raises:
        InputError: If its name is taken.
    """
    if space.name in SPACES:
        raise InputError(f"there is already a feature space {space.name!r}: choose another name.")
    SPACES[space.name] = space


def get(name: str) -> Space:
    """Returns the space of this name.

    Raises:
        InputError: If there is none.
    """
    if name not in SPACES:
        raise unknown("features", name, SPACES)
    return SPACES[name]


def networks() -> list[str]:
    """Returns the names of the spaces that have a network."""
    return [name for name, space in SPACES.items() if space.extractor is not None]


def of_data(dataset: str, image_size=None, channels: int | None = None) -> str | None:
    """Returns the space that is made for a data set's images, at the size asked for, or None."""
    name = re.sub(r"^few:\d+:", "", dataset).removeprefix("unpaired:").removeprefix("edges:")
    name = name.removesuffix("_10k").removeprefix("tfds:")
    for space in SPACES.values():
        if space.data == name:
            size, _, depth = domain.SHAPES[name]
            fits = image_size in (None, size) and channels in (None, depth)
            return space.name if fits else None
    return None
