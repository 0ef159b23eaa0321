"""Paths between latents."""

import numpy as np


def slerp(start, end, share) -> np.ndarray:
    """Returns points on the great circle from `start` to `end`: float32, (..., D).

    sin((1 - t) w) / sin w * start + sin(t w) / sin w * end, with w the angle between them. On a
    straight line between two Gaussian latents the points in the middle are shorter than any that
    the generator has seen; on this one they are as long.

    Args:
        start: Latents (..., D).
        end: Latents of the same shape.
        share: t: 0 is `start`, 1 is `end`; a number, or an array that broadcasts with (..., 1).

    Reference: White, 2016, arXiv:1609.04468, section 2.1.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, axis=-1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[..., None]
    near = np.sin(angle) < 1e-6  # one direction, or opposite ones: a straight line
    sine = np.where(near, 1.0, np.sin(angle))
    path = (np.sin((1.0 - share) * angle) * start + np.sin(share * angle) * end) / sine
    line = (1.0 - share) * start + share * end
    return np.where(near, line, path).astype("float32")


def paths(latents, columns: int) -> np.ndarray:
    """Returns rows of `columns` latents, each from one of the first half to one of the second.

    Args:
        latents: (2 R, D).
        columns: Steps of each path, both ends included.

    Returns:
        float32 (R columns, D), row by row.
    """
    latents = np.asarray(latents)
    start, end = latents[: len(latents) // 2, None], latents[len(latents) // 2 :, None]
    share = np.linspace(0.0, 1.0, columns)[None, :, None]
    return slerp(*np.broadcast_arrays(start, end), share).reshape(-1, latents.shape[1])
