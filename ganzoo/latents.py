"""Interpolation between latents."""

import numpy as np


def slerp(start, end, share) -> np.ndarray:
    """Returns the spherical linear interpolation between latents, float32 (..., D).

        sin((1 - t) w) / sin w * start + sin(t w) / sin w * end,  w the angle between them

    On a straight line between two Gaussian latents, the points in the middle are shorter than any
    latents that the generator was trained on; on the great circle they have the same length.

    Args:
        start: Latents (..., D).
        end: Latents of the same shape.
        share: t, from 0 for `start` to 1 for `end`; a number, or an array that broadcasts with
            (..., 1).

    Reference: White, 2016, arXiv:1609.04468, section 2.1.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, axis=-1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[..., None]
    parallel = np.sin(angle) < 1e-6  # same or opposite directions: interpolate linearly
    sine = np.where(parallel, 1.0, np.sin(angle))
    arc = (np.sin((1.0 - share) * angle) * start + np.sin(share * angle) * end) / sine
    line = (1.0 - share) * start + share * end
    return np.where(parallel, line, arc).astype("float32")


def paths(latents, columns: int) -> np.ndarray:
    """Returns R interpolations, from each latent of the first half to one of the second half.

    Args:
        latents: Start points, then end points, (2 R, D).
        columns: Number of points of each interpolation, including both ends.

    Returns:
        The interpolations one after the other, float32 (R columns, D).
    """
    latents = np.asarray(latents)
    start, end = latents[: len(latents) // 2, None], latents[len(latents) // 2 :, None]
    share = np.linspace(0.0, 1.0, columns)[None, :, None]
    return slerp(*np.broadcast_arrays(start, end), share).reshape(-1, latents.shape[1])
