"""Better samples by the critic that a generator was trained against, which knows what is real.

`accepted` throws samples away that the critic does not believe; `refined` moves latents to where it
believes more. Both need the critic beside the generator: runs keep it, and so do entries of them.
"""

import numpy as np
import tensorflow as tf
from keras import ops
from keras import random as keras_random

from ganzoo import random
from ganzoo.errors import InputError

LOG_ODDS = ("NonSaturating", "Minimax", "Relativistic")  # losses whose scores are log odds
PROBES = 1000  # samples by which the scale of the scores is known
ROUNDS = 100  # candidates for an image, at most
EPSILON = 1e-6
SIZE = 50  # samples at a time
STEP = 0.01  # of the Langevin dynamics


def critic_of(sampler):
    """Returns the critic of a generator.

    Raises:
        InputError: If it is not kept with it.
    """
    if (critic := sampler.critic()) is None:
        raise InputError(
            "expected a generator with its critic beside it, such as a run keeps: train it again, "
            "or draw without rejection and refinement."
        )
    return critic


def accepted(sampler, num: int, seed: int, labels=None, percentile: float = 80.0) -> np.ndarray:
    """Returns latents of samples that are accepted by discriminator rejection sampling.

    A sample of score F is accepted with the probability sigmoid(f - g), where f is the log odds of
    F relative to the largest score, f = d - log(1 - exp(d - 1e-6)), d = F - max F, and g a
    percentile of f. If the critic were optimal, accepted samples with g = 0 would be distributed as
    the data.

    Args:
        sampler: A generator with its critic.
        num: Number of latents.
        seed: Integer seed; a larger `num` starts with the latents of a smaller one.
        labels: Classes (num,), for a conditional generator.
        percentile: Percentile of f that is accepted half of the time: the larger, the fewer
            samples are accepted.

    Returns:
        float32 (num, latent_dim). Where 100 candidates were refused it is the best of them.

    Raises:
        InputError: If there is no critic, or its scores are not log odds.

    Reference: Azadi et al., 2019, arXiv:1810.06758, section 3.
    """
    critic = critic_of(sampler)
    if critic.loss not in LOG_ODDS:
        raise InputError(
            f"rejection needs scores that are log odds, as of {', '.join(LOG_ODDS)}: this critic "
            f"was trained with {critic.loss or 'an unknown loss'}. Refinement takes any."
        )
    if not 0 <= percentile < 100:
        raise InputError(f"rejection: expected a percentile from 0 to below 100, got {percentile}.")
    score = _scores(sampler, critic)

    def scored(latents, classes):
        pieces = range(0, len(latents), SIZE)
        parts = [score(ops.convert_to_tensor(latents[i : i + SIZE]),
                       None if classes is None else ops.convert_to_tensor(classes[i : i + SIZE]))
                 for i in pieces]  # fmt: skip
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    with random.scope(random.key(seed)):
        keys = [random.seed("probes"), *(random.seed(f"round_{i}") for i in range(ROUNDS))]
        chances = [random.seed(f"chance_{i}") for i in range(ROUNDS)]
    shape = (PROBES, sampler.latent_dim)
    classes = None if labels is None else np.asarray(sampler.labels(PROBES, seed))
    probes = scored(np.asarray(keras_random.normal(shape, seed=keys[0])), classes)
    top = probes.max()
    middle = np.percentile(_odds(probes, top), percentile)
    found = np.zeros((num, sampler.latent_dim), "float32")
    best, open_slots = np.full(num, -np.inf), np.arange(num)
    for key, chance in zip(keys[1:], chances, strict=True):
        if not len(open_slots):
            break
        # All rows are drawn, so that those of a slot do not depend on which others are open.
        latents = np.asarray(keras_random.normal((num, sampler.latent_dim), seed=key))[open_slots]
        uniform = np.asarray(keras_random.uniform((num,), seed=chance))[open_slots]
        scores = scored(latents, None if labels is None else labels[open_slots])
        better = scores > best[open_slots]
        taken = uniform < np.exp(-np.logaddexp(0.0, middle - _odds(scores, top)))
        found[open_slots[better | taken]] = latents[better | taken]
        best[open_slots] = np.maximum(best[open_slots], scores)
        open_slots = open_slots[~taken]
    return found


def _odds(scores, top) -> np.ndarray:
    """Returns f of `accepted`, given scores and the largest one."""
    below = np.minimum(scores - top, 0.0)
    return below - np.log(1.0 - np.exp(below - EPSILON))


def refined(
    sampler, latents, labels=None, steps: int = 100, seed: int = 0, step: float = STEP
) -> np.ndarray:  # fmt: skip
    """Returns latents moved by Langevin dynamics to where the critic believes in their images.

        z <- z - step / 2 grad E(z) + sqrt(step) n,  E(z) = |z|^2 / 2 - F(G(z)),  n ~ N(0, I)

    If the critic were optimal, the samples would come to be distributed as the data.

    Args:
        sampler: A generator with its critic.
        latents: (N, latent_dim).
        labels: Classes (N,), for a conditional generator.
        steps: Number of steps.
        seed: Integer seed of the noise.
        step: Size of a step.

    Returns:
        float32 (N, latent_dim).

    Raises:
        InputError: If there is no critic, or the number of steps is not positive.

    Reference: Che et al., 2020, arXiv:2003.06060, algorithm 1 (discriminator driven latent
    sampling).
    """
    critic = critic_of(sampler)
    if steps < 1:
        raise InputError(f"refinement: expected at least 1 step, got {steps}.")
    score = _scores(sampler, critic)

    @tf.function(reduce_retracing=True)
    def move(values, classes, key):
        with random.scope(key), tf.GradientTape() as tape:
            tape.watch(values)
            energy = 0.5 * ops.sum(ops.square(values)) - ops.sum(score(values, classes))
            noise = keras_random.normal(ops.shape(values), seed=random.seed("langevin"))
        return values - 0.5 * step * tape.gradient(energy, values) + step**0.5 * noise

    pieces = []
    for start in range(0, len(latents), SIZE):
        part = slice(start, start + SIZE)
        values = ops.convert_to_tensor(latents[part], "float32")
        classes = None if labels is None else ops.convert_to_tensor(labels[part], "int32")
        for number in range(steps):
            values = move(values, classes, random.fold(random.key(seed, number), start))
        pieces.append(ops.convert_to_numpy(values))
    return np.concatenate(pieces)


def _scores(sampler, critic):
    """Returns the function from latents (N, D) and classes to the mean scores (N,)."""

    def score(latents, classes):
        images = sampler([latents, classes] if sampler.conditional else latents)
        scores = critic([images, classes] if critic.conditional else images)
        return ops.mean(ops.reshape(ops.cast(scores, "float32"), (ops.shape(latents)[0], -1)), 1)

    return tf.function(score, reduce_retracing=True)
