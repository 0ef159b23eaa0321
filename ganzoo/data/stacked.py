"""`stacked:NAME`: three grey images of a set as the channels of one, such as `stacked:mnist`.

With K classes there are K^3 combinations, all known, so that it can be counted how many a generator
reaches: of `stacked:mnist` 1,000 (`metrics.stacked_modes`).

Reference: Metz et al., 2017, arXiv:1611.02163, section 3.3.1, like Srivastava et al., 2017,
arXiv:1705.07761; there the images are drawn at random, here each occurs once in every channel.
"""

import numpy as np

from ganzoo.data.source import Memory, Source
from ganzoo.errors import InputError


def source(images: Source) -> Memory:
    """Returns as many stacks as there are images; the class of a b c is K^2 a + K b + c.

    Args:
        images: The set, grey.

    Raises:
        InputError: If they are no images.
    """
    of = images.info
    name = f"stacked:{of.name}"
    if len(of.image_shape) != 3:
        raise InputError(f"{name}: {of.name} has no images.")
    real, labels = images.arrays(None)
    rng = np.random.default_rng(0)
    places = [np.arange(len(real)), *(rng.permutation(len(real)) for _ in range(2))]
    stacks = np.concatenate([real[place] for place in places], axis=3)
    if labels is None:
        return Memory(name, of.split, stacks, None, None)
    count = of.num_classes
    powers = count ** np.arange(2, -1, -1)
    modes = sum(labels[place] * power for place, power in zip(places, powers, strict=True))
    names = of.class_names
    classes = tuple(f"{a} {b} {c}" for a in names for b in names for c in names)
    return Memory(name, of.split, stacks, modes, classes)
