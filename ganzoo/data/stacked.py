"""`stacked:NAME`: three grayscale images as the channels of one, such as `stacked:mnist`.

With K classes there are K^3 known modes, so the modes that a generator covers can be counted, with
`metrics.stacked_modes`; `stacked:mnist` has 1,000 modes.

Reference: Metz et al., 2017, arXiv:1611.02163, section 3.3.1; Srivastava et al., 2017,
arXiv:1705.07761. There images are drawn at random; here each image occurs once in every channel.
"""

import numpy as np

from ganzoo.data.source import Memory, Source
from ganzoo.errors import InputError


def source(images: Source) -> Memory:
    """Returns as many stacks as there are images; the label of classes a, b, c is K^2 a + K b + c.

    Args:
        images: A set of grayscale images.

    Raises:
        InputError: If the set does not have images.
    """
    info = images.info
    name = f"stacked:{info.name}"
    if len(info.image_shape) != 3:
        raise InputError(f"{name}: {info.name} has no images.")
    real, labels = images.arrays(None)
    rng = np.random.default_rng(0)
    indices = [np.arange(len(real)), *(rng.permutation(len(real)) for _ in range(2))]
    stacks = np.concatenate([real[index] for index in indices], axis=3)
    if labels is None:
        return Memory(name, info.split, stacks, None, None)
    count = info.num_classes
    powers = count ** np.arange(2, -1, -1)
    modes = sum(labels[index] * power for index, power in zip(indices, powers, strict=True))
    names = info.class_names
    classes = tuple(f"{a} {b} {c}" for a in names for b in names for c in names)
    return Memory(name, info.split, stacks, modes, classes)
