"""2-D Gaussian mixtures, where the modes that a generator covers can be counted.

`ring8` has 8 modes on the unit circle with standard deviation 0.01. `grid25` has 5 x 5 modes: the
published centers at -4, -2, 0, 2, 4 and standard deviation 0.05 are divided by 4 here, so that both
sets have about unit scale, as a generator has at initialization. The measure "high quality" (within
3 standard deviations of a center) does not depend on the scale, so results are comparable with
published ones.

Reference: Srivastava et al., 2017 (VEEGAN), arXiv:1705.07761; settings as in the published code of
Lin et al., 2018 (PacGAN), arXiv:1712.04086.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from ganzoo.data.source import Memory
from ganzoo.errors import unknown

_COUNT = 100_000
_SPLITS = ("train", "test")


@dataclasses.dataclass(frozen=True)
class Mixture:
    """A uniform mixture of isotropic Gaussians.

    Attributes:
        centers: Centers of the modes, float32 (modes, 2).
        std: Standard deviation of each mode along each axis.
    """

    centers: np.ndarray
    std: float


def _ring(modes: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(modes) / modes
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def _grid(side: int) -> np.ndarray:
    line = np.linspace(-1, 1, side, dtype=np.float32)
    return np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)


MIXTURES = {
    "ring8": Mixture(_ring(8), 0.01),
    "grid25": Mixture(_grid(5), 0.05 / 4),
}


def source(
    name: str,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
) -> Memory:
    """Returns the same 100,000 points at each call, with the mode as the label.

    Raises:
        InputError: If the split is unknown, or an image size or channels are given.
    """
    if split not in _SPLITS:
        raise unknown(f"split of {name}", split, _SPLITS)
    mixture = MIXTURES[name]
    seed = [list(MIXTURES).index(name), _SPLITS.index(split)]
    labels = np.arange(_COUNT, dtype=np.int32) % len(mixture.centers)
    with tf.device("CPU"):  # stateless Philox gives the same numbers in all versions and machines
        noise = tf.random.stateless_normal((_COUNT, 2), seed, alg="philox").numpy()
    points = mixture.centers[labels] + np.float32(mixture.std) * noise
    classes = tuple(f"({x:.2f}, {y:.2f})" for x, y in mixture.centers)
    return Memory(name, split, points, labels, classes, image_size, channels)
