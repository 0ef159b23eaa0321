"""Projection: the codes with which a generator draws given images, found by optimization.

Departures from the paper: noise maps stay as they are, unless they are asked for, and the weight of
their correlation grows with their size; pixels are compared besides features; there are fewer
steps; and where a generator has no styles, its latents are optimized, from what its own encoder
says, or from the nearest of some random ones.

Reference: Karras et al., 2020, arXiv:1912.04958, appendix D.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import pixels
from ganzoo.engine.batch import scaled
from ganzoo.errors import InputError, unknown
from ganzoo.inference.codes import Codes
from ganzoo.inference.sampler import Sampler
from ganzoo.layers import noise as noises
from ganzoo.metrics.learned_perceptual import LPIPS, NETWORKS

RATES = {"w": 0.1, "z": 0.05}  # the largest learning rate
RISE, FALL = 0.05, 0.25  # shares of the steps in which the rate rises, and falls to zero
NOISE, QUIET = 0.05, 0.75  # noise on the codes at the start, and the share until there is none
CANDIDATES = 512  # random samples, the nearest of which is the start in z; fewer large ones
AREA = 1 << 21  # pixels of all candidates
SMALL, LARGE = 32, 256  # sides that candidates, and targets, are reduced to before LPIPS sees them
SAMPLES = 4096  # of which the average and the deviation of styles are taken
CORRELATION, COARSEST = 0.1, 8  # weight of the noise maps' correlation, and its smallest side
SPACES = ("w+", "w", "z")


class Projection(NamedTuple):
    """What was found.

    Attributes:
        codes: The codes.
        images: What the generator draws with them, uint8 (N, H, W, C).
        lpips: The perceptual distance of each image to its target, float32 (N,).
        psnr: The peak signal-to-noise ratio of each image in decibels, float32 (N,).
        steps: How many steps were done.
        film: What it drew on the way, uint8 (K, N, H, W, C).
    """

    codes: Codes
    images: np.ndarray
    lpips: np.ndarray
    psnr: np.ndarray
    steps: int
    film: np.ndarray


def project(
    generator: Sampler, targets: np.ndarray, *, steps: int = 300, space: str | None = None,
    labels=None, seed: int = 0, network: str = "vgg16", weight: float = 1.0, frames: int = 8,
    noise: bool = False,
    progress: Callable[[int, float], None] | None = None, data_dir=None,
) -> Projection:  # fmt: skip
    """Finds the codes with which a generator draws given images.

    Args:
        generator: The generator.
        targets: uint8 (N, H, W, C) of its size; each is projected on its own, all at once.
        steps: Number of steps.
        space: `"w+"`, a style for each layer; `"w"`, one style for all layers, which stays nearer
            to what the generator draws by itself; or `"z"`. By default w+ with styles, else z.
        labels: Classes (N,) of a generator that takes labels; by default the one whose random
            samples are nearest.
        seed: Integer seed of the start and of the noise.
        network: The network of LPIPS, `"vgg16"` or `"alexnet"`.
        weight: Weight of the mean squared difference of pixels in [-1, 1], beside LPIPS.
        frames: Number of images that are kept on the way.
        noise: Whether the noise maps of the generator are optimized, too, for each image.
        progress: Function of (step, mean loss), called at each step.
        data_dir: Where the weights of LPIPS are.

    Returns:
        What was found; when it is interrupted, what was found by then.

    Raises:
        InputError: If an argument does not fit the generator, or LPIPS was not imported.

    Example:
    ```python
    found = ganzoo.editing.project(generator, photos, steps=300)
    found.codes.save("photos.npz")
    ```
    """
    shape = tuple(generator.network.output_shape[1:])
    if targets.shape[1:] != shape or targets.dtype != np.uint8:
        raise InputError(
            f"expected images {shape} of uint8, as the generator draws them, got "
            f"{targets.shape[1:]} of {targets.dtype}: crop and resize them."
        )
    usual = "w+" if generator.space == "w" else "z"
    space = space or usual
    if space not in SPACES or (space == "z") != (usual == "z"):
        raise unknown("space of this generator", space, ("w+", "w") if usual == "w+" else ("z",))
    if min(shape[:2]) < NETWORKS[network].least:
        raise InputError(f"expected images of {NETWORKS[network].least} pixels or more.")
    judge, goal = LPIPS.cached(network, data_dir), scaled(ops.convert_to_tensor(targets))
    rows = judge.maps(_reduced(goal, LARGE))
    start, spread = _start(generator, targets, labels, seed, space, judge)
    values = tf.Variable(start.values if space != "w" else start.values[:, :1])
    maps = _maps(generator, len(targets)) if noise else {}
    variables = [values, *maps.values()]
    optimizer = keras.optimizers.Adam(RATES[space[0]])
    optimizer.build(variables)
    draw = generator.drawer(start)

    @tf.function
    def step(rate, loud, key):
        optimizer.learning_rate.assign(rate)
        with random.scope(key), tf.GradientTape() as tape:
            shift = keras.random.normal(ops.shape(values), seed=random.seed("codes"))
            images = draw(values + loud * spread * shift, maps or None)
            loss = judge.between(judge.maps(_reduced(images, LARGE)), rows)
            loss += weight * ops.mean(ops.square(images - goal), axis=(1, 2, 3))
            total = ops.sum(loss) + CORRELATION * sum(map(_correlation, maps.values()))
        optimizer.apply(tape.gradient(total, variables), variables)
        for drawn in maps.values():
            drawn.assign(_normal(drawn))
        return ops.mean(loss)

    done, film, shown = 0, [], set(np.linspace(0, steps, frames, dtype=int).tolist())
    try:
        for place in range(steps):
            if place in shown:
                film.append(_drawn(draw, values, maps))
            share = place / steps
            rate = RATES[space[0]] * min(1.0, share / RISE)
            if share > 1 - FALL:
                rate *= 0.5 - 0.5 * math.cos(math.pi * (1 - share) / FALL)
            loud = NOISE * max(0.0, 1.0 - share / QUIET) ** 2
            loss = step(tf.constant(rate), tf.constant(loud), random.key(seed, place))
            done = place + 1
            if progress:
                progress(done, float(loss))
    except KeyboardInterrupt:
        pass
    found = {name: drawn.numpy() for name, drawn in maps.items()}
    codes = Codes(_whole(values, start), generator.space, generator.fingerprint, start.labels,
                  start.truncation, found or None)  # fmt: skip
    images = generator.synthesize(codes)
    seen = _reduced(scaled(ops.convert_to_tensor(images)), LARGE)
    distance = judge.between(judge.maps(seen), rows)
    error = np.square(images.astype("float32") - targets).mean((1, 2, 3))
    psnr = 10 * np.log10(255.0**2 / np.maximum(error, 1e-3))
    return Projection(
        codes, images, ops.convert_to_numpy(distance), psnr, done, np.stack([*film, images])
    )


def _start(generator, targets, labels, seed, space, judge) -> tuple[Codes, np.ndarray]:
    """Returns the codes to start from, one for each image, and how much codes vary.

    In w it is the average style, as in the paper; in z what the generator's own encoder says, if
    it is kept with it, else the nearest of random samples; and the class is that of the nearest.
    """
    count, encoder = len(targets), generator.encoder()
    if generator.conditional or (space == "z" and encoder is None):
        codes = _nearest(generator, targets, labels, seed, judge)
    else:
        codes = generator.codes(count, seed)
    if space != "z":
        average = generator.codes(SAMPLES, seed).values
        codes.values = np.repeat(average.mean(0)[None], count, axis=0)
        return codes, np.float32(average.std())
    if encoder is not None:
        codes.values = encoder.encode(targets)
    return codes, np.float32(1.0)


def _nearest(generator, targets, labels, seed, judge) -> Codes:
    """Returns the codes of the random samples, of their classes, that are nearest to the images."""
    count = len(targets)
    num = min(CANDIDATES, max(16, AREA // (targets.shape[1] * targets.shape[2])))
    pool = generator.codes(num, seed)
    if labels is not None:
        given = np.broadcast_to(generator._class_numbers(labels), count)
        pool = generator.codes(num, seed, labels=np.resize(given, num).tolist())
    rows = [_rows(judge, generator.synthesize(pool)), _rows(judge, targets)]
    squares = [np.square(part).sum(1) for part in rows]
    distances = squares[1][:, None] + squares[0] - 2 * rows[1] @ rows[0].T
    if labels is not None:
        distances = np.where(pool.labels == np.asarray(given)[:, None], distances, np.inf)
    return pool[distances.argmin(1)]


def _rows(judge: LPIPS, images: np.ndarray, size: int = 32) -> np.ndarray:
    pieces = [scaled(ops.convert_to_tensor(images[i : i + size]))
              for i in range(0, len(images), size)]  # fmt: skip
    return np.concatenate(
        [ops.convert_to_numpy(judge.rows(_reduced(piece, SMALL))) for piece in pieces]
    )


def _reduced(images, side: int):
    """Returns images of at most this side, as the paper has them before features are taken."""
    height, width = images.shape[1:3]
    if max(height, width) <= side:
        return images
    share = side / max(height, width)
    size = max(1, round(height * share)), max(1, round(width * share))
    return ops.image.resize(images, size, antialias=True)


def _whole(values, start: Codes) -> np.ndarray:
    found = values.numpy()
    repeated = start.space == "w" and found.shape[1] == 1
    return np.repeat(found, start.values.shape[1], axis=1) if repeated else found


def _drawn(draw, values, maps) -> np.ndarray:
    return ops.convert_to_numpy(pixels.to_uint8(draw(values, maps or None)))


# --- noise maps


def _maps(generator, count: int) -> dict[str, tf.Variable]:
    """Returns a variable (N, H, W, 1) for each noise map of a generator, by the layers' names.

    Raises:
        InputError: If it adds no noise.
    """
    found = noises.maps(generator.network)
    if not found:
        raise InputError("noise: this generator adds none: omit it.")
    return {name: tf.Variable(ops.repeat(ops.convert_to_tensor(value)[None], count, axis=0))
            for name, value in found.items()}  # fmt: skip


def _correlation(noise):
    """Returns how much the neighbors in noise maps (N, H, W, 1) are alike, at several scales.

    Else they would take over what the codes should draw. Each scale is multiplied by its number of
    pixels, so that random maps of any size have the same value: with the weight above, that of the
    paper's 1e5 at 1,024 pixels a side.
    """
    total = 0.0
    while True:
        for axis in (1, 2):
            mean = ops.mean(noise * ops.roll(noise, 1, axis), axis=(1, 2, 3))
            total += noise.shape[1] * noise.shape[2] * ops.sum(ops.square(mean))
        if min(noise.shape[1:3]) <= COARSEST:
            return total
        noise = 2.0 * ops.average_pool(noise, 2, 2)  # which keeps the variance


def _normal(noise):
    """Returns noise maps with mean 0 and variance 1 of each."""
    mean, variance = ops.moments(noise, axes=(1, 2, 3), keepdims=True)
    return (noise - mean) * ops.rsqrt(variance + 1e-8)
