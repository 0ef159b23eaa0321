"""Failures of GAN training: the symptoms of each in the logs, its likely cause, what to try.

All functions work on two lists: `windows`, the mean logs of consecutive ranges of steps, and
`looks`, statistics of a few samples from fixed latents at some steps. Losses are compared with
their value at chance, when D gives all images the same score, so that the thresholds do not depend
on the loss function.
"""

import dataclasses

import numpy as np

from ganzoo.metrics import distances, pairwise_distance


@dataclasses.dataclass(frozen=True)
class Failure:
    """A kind of failure.

    Attributes:
        title: Description of the failure.
        cause: The likely cause.
        tricks: Remedies to try, the most promising first, as flags of train.py where possible.
    """

    title: str
    cause: str
    tricks: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """Thresholds above, or below, which a symptom counts as a failure; all of them are heuristic.

    Attributes:
        patience: Number of consecutive windows that must show the symptom.
        warm_up: Initial fraction of the run in which only `nan` and `divergence` are checked.
        looks: Number of consecutive looks at samples that must show the symptom.
        unformed: Initial fraction of the run in which samples are not checked.
        least: Number of steps, in a run of any length, in which samples are not checked.
        d_floor: Ratio of D's loss to its value at chance below which D has won.
        d_low: The same while samples get worse: then it is D's lead that makes them worse.
        g_floor: Ratio of G's loss to its value at chance below which G fools D effortlessly.
        ceiling: Ratio of the absolute loss to its value at chance, or to 1 if that is larger, above
            which the loss diverges.
        gradient_ceiling: Gradient norm above which it is too large.
        gradient_floor: Ratio of G's gradient norm to its median so far below which it has vanished.
        spread: Ratio of the standard deviation of D's loss in the last windows to that in the
            windows before, above which D's loss is unstable.
        poor: Distance of samples to real examples above which samples are poor. Better samples are
            never reported as `stalled` or `relapse`.
        progress: Ratio of the samples' distance to its best value before the last 2 `looks` below
            which samples are improving. While they are, missing modes are not reported.
        relapse: Ratio of the sum of increases of the samples' distance in the last 2 `looks` to its
            mean, above which samples get worse repeatedly.
        diversity: Ratio of the mean distance between samples to that between real examples below
            which samples have collapsed.
        bins: Ratio of the number of real examples that are nearest to some sample to the number
            nearest to other real examples, below which modes are missing.
        turnover: Fraction of samples whose nearest real example changed since the last look, above
            which modes rotate, if `bins` is also below twice its threshold.
        swings: Number of times that D's loss crossed its mean in the last 24 windows, with an
            amplitude of at least `swing`, above which the losses oscillate.
        swing: Amplitude of such crossings, as a ratio to the loss at chance.
    """

    patience: int = 3
    warm_up: float = 0.06
    looks: int = 5
    unformed: float = 0.12
    least: int = 250
    poor: float = 0.25
    progress: float = 0.99
    relapse: float = 0.8
    d_floor: float = 0.03
    d_low: float = 0.15
    g_floor: float = 0.1
    ceiling: float = 100.0
    gradient_ceiling: float = 100.0
    gradient_floor: float = 1e-3
    spread: float = 6.0
    diversity: float = 0.12
    bins: float = 0.3
    turnover: float = 0.75
    swings: int = 8
    swing: float = 0.6


FAILURES = {
    "nan": Failure(
        "a loss or a weight is no longer a number",
        "a learning rate that is too large, or an overflow in half precision",
        ("a tenth of both learning rates", "--precision=float32", "--penalties='[\"r1\"]'"),
    ),
    "divergence": Failure(
        "a loss diverges",
        "a learning rate that is too large, or a critic without any Lipschitz constraint",
        (
            "a tenth of D's learning rate", "--d_normalization=spectral",
            "--penalties='[\"gradient_penalty\"]'",
        ),
    ),
    "d_wins": Failure(
        "D's loss is near zero",
        "D is far stronger than G, or detects something that gives all fakes away, so that G gets "
        "no useful gradient",
        (
            "a lower learning rate for D", "--penalties='[\"r1\"]'",
            "--augment='{class_name=\"InstanceNoise\", config={stddev=0.3, steps=1000}}'",
            "--model=wgan_gp",
        ),
    ),
    "d_fooled": Failure(
        "G's loss is near zero: it fools D with any image",
        "D is far weaker than G, or its learning rate is so large that it learns nothing",
        ("D's default learning rate", "a wider D", "--n_critic=2", "a lower learning rate for G"),
    ),
    "no_gradient": Failure(
        "G's gradient has vanished",
        "D is certain about all images and the loss saturates, or G's units are dead",
        ("--loss=non_saturating", "--g_normalization=batch", "--penalties='[\"r1\"]'"),
    ),
    "large_gradient": Failure(
        "a gradient is very large",
        "a learning rate that is too large, or a D whose gradients are not bounded",
        (
            "a tenth of that side's learning rate", "--d_normalization=spectral",
            "--penalties='[\"gradient_penalty\"]'",
        ),
    ),
    "unstable": Failure(
        "D's loss has become unstable",
        "updates that are too large, because of the learning rate or of Adam's momentum",
        ("beta_1=0.5, or 0, for Adam", "half of both learning rates", "--d_normalization=spectral"),
    ),
    "collapse": Failure(
        "all samples are nearly the same (mode collapse)",
        "G has found one image that D accepts, and D cannot see that all fakes are this image",
        ("--minibatch=stddev", "--pack=2", "--penalties='[\"r1\"]'", "--model=wgan_gp"),
    ),
    "missing_modes": Failure(
        "samples cover only a few modes of the data (partial mode collapse)",
        "D judges each image by itself, and G generates only those that get the best scores",
        ("--minibatch=discrimination", "--pack=2", "--model=unrolled", "--penalties='[\"r1\"]'"),
    ),
    "stalled": Failure(
        "samples do not improve",
        "one side learns nothing: its learning rate is far too small or too large, or D is so "
        "certain that its gradients vanish",
        ("the default learning rates", "--loss=non_saturating", "--penalties='[\"r1\"]'"),
    ),
    "relapse": Failure(
        "samples get worse repeatedly",
        "updates that are too large, because of the learning rate or of Adam's momentum",
        ("a tenth of both learning rates", "beta_1=0.5, or 0, for Adam", "--penalties='[\"r1\"]'"),
    ),
    "rotation": Failure(
        "samples jump from mode to mode (rotating modes)",
        "G moves to modes that D neglects, and D follows",
        ("--model=unrolled", "--replay=1024", "--penalties='[\"historical_averaging\"]'"),
    ),
    "oscillation": Failure(
        "the losses oscillate",
        "both sides only react to each other's last update, amplified by momentum and large steps",
        (
            "beta_1=0.5, or 0, for Adam", "half of both learning rates", "--penalties='[\"r1\"]'",
            "--replay=1024",
        ),
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Chance:
    """The losses when D gives all images the same score; None for losses without a lower bound."""

    d: float | None
    g: float | None


def found(windows, looks, chance: Chance, steps: int, limits: Thresholds = Thresholds()) -> dict:
    """Returns the current failures as a dict from names to evidence in words.

    Args:
        windows: Dicts with `step` and the mean logs since the previous window.
        looks: Dicts with `step` and the results of `look`.
        chance: The losses at chance.
        steps: Number of steps of the whole run.
        limits: The thresholds.
    """
    if not windows:
        return {}
    evidence = _numbers(windows, chance, limits)
    if windows[-1]["step"] >= limits.warm_up * steps:
        evidence |= _losses(windows, chance, limits) | _gradients(windows, limits)
        first = max(limits.unformed * steps, limits.least)
        evidence |= _named(_samples(looks, first, limits), windows, looks, chance, limits)
    return evidence


def _numbers(windows, chance, limits) -> dict:
    last = windows[-1]
    if bad := [name for name, value in last.items() if not np.isfinite(value)]:
        return {"nan": f"{bad[0]} = {last[bad[0]]}"}
    for name, level in (("d_adv", chance.d), ("g_adv", chance.g)):
        bound = limits.ceiling * max(level or 0.0, 1.0)
        recent = _last(windows, name, min(limits.patience, 2))
        if recent and min(map(abs, recent)) > bound:
            return {"divergence": f"{name} = {recent[-1]:.3g}, bound {bound:.3g}"}
    return {}


def _losses(windows, chance, limits) -> dict:
    evidence = {}
    for key, name, level, floor in (
        ("d_wins", "d_adv", chance.d, limits.d_floor),
        ("d_fooled", "g_adv", chance.g, limits.g_floor),
    ):
        recent = _last(windows, name, limits.patience)
        if recent and level and max(recent) < floor * level:
            at = _at_chance(level)
            evidence[key] = f"{name} = {recent[-1]:.2g} for {len(recent)} windows, {at}"
    series = [window["d_adv"] for window in windows if "d_adv" in window]
    late, early = series[-8:], series[:-8]
    if chance.d and len(early) >= 8:
        bound = limits.spread * max(np.std(early[-24:]), 0.05 * chance.d)
        if np.std(late) > max(bound, 0.5 * chance.d):
            evidence["unstable"] = (
                f"standard deviation of d_adv {np.std(late):.2g}, before {np.std(early[-24:]):.2g}"
            )
    late = np.array(series[-24:])
    if chance.d and len(late) == 24:
        side = np.sign(late - late.mean()) * (np.abs(late - late.mean()) > limits.swing * chance.d)
        side = side[side != 0]
        crossings = int(np.sum(side[1:] != side[:-1]))
        if crossings >= limits.swings:
            at = _at_chance(chance.d)
            evidence["oscillation"] = f"d_adv crossed its mean {crossings} times, {at}"
    return evidence


def _gradients(windows, limits) -> dict:
    evidence = {}
    for side in "dg":
        name = f"{side}_grad_norm"
        recent = _last(windows, name, limits.patience)
        if recent and min(recent) > limits.gradient_ceiling:
            evidence["large_gradient"] = f"{name} = {recent[-1]:.3g} for {len(recent)} windows"
        if side == "g" and recent:
            median = float(np.median([window[name] for window in windows if name in window]))
            if max(recent) < max(limits.gradient_floor * median, 1e-7):
                evidence["no_gradient"] = f"{name} = {abs(recent[-1]):.2g}, its median {median:.2g}"
    return evidence


def _samples(looks, first_step, limits) -> dict:
    """Returns the failures that the looks since `first_step` show."""
    recent = [look for look in looks if look["step"] >= first_step][-limits.looks :]
    if len(recent) < limits.looks:
        return {}
    last, history = recent[-1], [look["distance"] for look in looks]
    before = min(history[: -2 * limits.looks], default=np.inf)
    if min(history[-limits.looks :]) < limits.progress * before:
        return _relapse(history, limits)
    if max(look["diversity"] for look in recent) < limits.diversity:
        return {"collapse": f"samples differ {last['diversity']:.2g} times as much as real images"}
    if max(look["bins"] for look in recent) < limits.bins:
        share = f"{last['bins']:.0%}"
        return {"missing_modes": f"samples cover {share} of the expected number of real examples"}
    few = max(look["bins"] for look in recent) < 2.0 * limits.bins
    if few and min(look["turnover"] for look in recent) > limits.turnover:
        return {"rotation": f"{last['turnover']:.0%} of the samples changed mode since last look"}
    if min(history[-limits.looks :]) > 2.0 * limits.poor:
        now = f"{history[-1]:.2g}"
        return {"stalled": f"the distance of samples to the data is {now}, it was {before:.2g}"}
    return _relapse(history, limits)


def _named(evidence, windows, looks, chance, limits) -> dict:
    """Returns the evidence, with a relapse by the name of its cause, where one is seen.

    Samples get worse for many reasons: D separates them too well, or modes are lost or rotate.
    """
    if "relapse" not in evidence:
        return evidence
    worse = evidence["relapse"]
    losses = _last(windows, "d_adv", limits.patience)
    if losses and chance.d and np.mean(losses) < limits.d_low * chance.d:
        return {"d_wins": f"{worse}; d_adv = {losses[-1]:.2g}, {_at_chance(chance.d)}"}
    recent = looks[-limits.looks :]
    bins, turnover = (np.mean([look[key] for look in recent]) for key in ("bins", "turnover"))
    if bins >= 2.0 * limits.bins:
        return evidence
    name = "rotation" if turnover > limits.turnover else "missing_modes"
    return {name: f"{worse}; samples cover {bins:.0%} of the expected number of real examples"}


def _relapse(history, limits) -> dict:
    """Returns the failure `relapse` if the samples' distance increased repeatedly."""
    recent = np.array(history[-2 * limits.looks :])
    increase = np.maximum(np.diff(recent), 0.0).sum() / recent.mean()
    if recent.mean() < limits.poor or increase < limits.relapse:
        return {}
    now, best = f"{history[-1]:.2g}", f"{min(history):.2g}"
    return {"relapse": f"the distance of samples to the data is {now}, and was {best}"}


def look(samples, real, before=None) -> dict:
    """Returns statistics of samples compared with real examples.

    Args:
        samples: Samples, (N, ...).
        real: Real examples, 96 or more, (M, ...).
        before: The result `nearest` of the previous look, if there was one.

    Returns:
        distance: Energy distance to the real examples, divided by the mean distance between two of
            them (Szekely & Rizzo, 2013): 0 for the same distribution, about 1 for samples that have
            nothing in common with them.
        diversity: Mean distance between two samples, divided by that between two real examples.
        bins: Number of 32 real examples that are nearest to some sample, divided by the number
            nearest to some other real example.
        nearest: Index of each sample's nearest real example, (N,).
        turnover: Fraction of samples for which it differs from `before`.
    """
    samples, real = (np.asarray(x, "float32").reshape(len(x), -1) for x in (samples, real))
    anchors, others = real[:32], real[32 : 32 + len(samples)]
    nearest = _distances(samples, anchors).argmin(1)
    expected = len(np.unique(_distances(others, anchors).argmin(1)))
    within, spread = pairwise_distance(samples), max(pairwise_distance(others), 1e-12)
    between = float(_distances(samples, others).mean())
    return {
        "distance": (2.0 * between - within - spread) / spread,
        "diversity": within / spread,
        "bins": min(len(np.unique(nearest)) / max(expected, 1), 1.0),
        "turnover": 0.0 if before is None else float(np.mean(nearest != before)),
        "nearest": nearest,
    }


def _distances(a, b) -> np.ndarray:
    return np.sqrt(np.concatenate([part for _, part in distances.blocks(*distances.pair(a, b))]))


def _last(windows, name, count) -> list[float]:
    """Returns the last `count` values of a log, or an empty list if there are fewer."""
    values = [window[name] for window in windows[-count:] if name in window]
    return values if len(values) == count else []


def _at_chance(level) -> str:
    return f"{level:.3g} at chance"
