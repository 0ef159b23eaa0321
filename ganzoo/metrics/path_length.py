"""Perceptual path length: how much images change along a path through the latent space."""

import numpy as np
from keras import ops

from ganzoo import latents as paths
from ganzoo.errors import InputError
from ganzoo.metrics.learned_perceptual import LPIPS, NETWORKS

TRIMMED = (1, 99)  # percentiles outside of which distances are left out


def perceptual_path_length(
    generator, num: int = 1000, *, ends: bool = False, epsilon: float = 1e-4,
    network: str = "vgg16", seed: int = 0, batch_size: int = 25, data_dir=None,
) -> float:  # fmt: skip
    """Returns the mean perceptual distance of neighboring points on a path, per squared step.

        PPL = E[d(G(p(t)), G(p(t + e))) / e^2],  d the LPIPS

    p leads from one random code to another: with styles along the straight line between two of
    them, else along the great circle between latents. A small value means that images change
    evenly, without sudden jumps.

    Args:
        generator: A generator with codes, a `Sampler`.
        num: Number of paths; the papers take 100,000.
        ends: Whether t is 0, which measures at random samples; by default it is uniform.
        epsilon: e.
        network: Network of LPIPS, `"vgg16"` or `"alexnet"`.
        seed: Integer seed of the paths.
        batch_size: Paths at a time.
        data_dir: Where the weights of LPIPS are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If the images are too small, there are too few paths, or the weights were not
            imported.

    Example:
    ```python
    length = ganzoo.metrics.perceptual_path_length(generator, num=1000)
    ```

    Reference: Karras et al., 2019, arXiv:1812.04948, section 4.1, and the authors' code, which
    leaves out the largest and the smallest percent. Departure: images of up to 256 pixels are not
    cropped or resized.
    """
    if num < 2:
        raise InputError(f"expected num >= 2 paths, got {num}.")
    judge = LPIPS.cached(network, data_dir)
    rng, found = np.random.default_rng(seed), []
    first, last = (generator.codes(num, seed + offset) for offset in (0, 1))
    shares = np.zeros(num) if ends else rng.random(num)
    for start in range(0, num, batch_size):
        part = slice(start, start + batch_size)
        one, other = first[part], last[part]
        draw, images = generator.drawer(one), []
        for share in (shares[part], shares[part] + epsilon):
            share = share.reshape(-1, *(1,) * (one.values.ndim - 1))
            if one.space == "w":
                values = one.values + share * (other.values - one.values)
            else:
                values = paths.slerp(one.values, other.values, share)
            images.append(draw(ops.convert_to_tensor(values.astype("float32"))))
        least = NETWORKS[network].least
        if len(images[0].shape) != 4 or min(images[0].shape[1:3]) < least:
            shape = tuple(images[0].shape[1:])
            raise InputError(f"expected images of {least} pixels or more, got {shape}.")
        found.append(ops.convert_to_numpy(judge(*images)) / epsilon**2)
    distances = np.concatenate(found)
    low, high = np.percentile(distances, TRIMMED)
    return float(distances[(distances >= low) & (distances <= high)].mean())
