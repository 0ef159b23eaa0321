"""Failures of GAN training: how each shows in what is logged, what causes it, what to try.

Everything here is a function of two lists: `windows`, the mean logs of every so many steps, and
`looks`, what a few samples of always the same latents were like at some steps. Losses are measured
by what they are at chance, where D scores all images alike: no threshold depends on the loss used.
"""

import dataclasses

import numpy as np

from ganzoo.metrics import distances, pairwise_distance


@dataclasses.dataclass(frozen=True)
class Failure:
    """A kind of failure.

    Attributes:
        title: What has happened.
        cause: The likely cause.
        tricks: What to try, the likeliest first, as flags of train.py.
    """

    title: str
    cause: str
    tricks: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """From where on something counts as a failure; none of it is a law.

    Attributes:
        patience: Windows in a row that must agree.
        warm_up: Share of the run in which only `nan` and `divergence` are looked for.
        looks: Looks at samples in a row that must agree.
        unformed: Share of the run in which samples are not looked at: they have no form yet.
        d_floor: D's loss, over that at chance, below which D has won.
        g_floor: G's loss, over that at chance, below which G fools D with no effort.
        ceiling: Size of a loss, over that at chance (or 1), above which it has run away.
        gradient_ceiling: Norm of a gradient that is too large.
        gradient_floor: G's gradient norm, over its median so far, below which it has vanished.
        spread: Standard deviation of the last windows of D's loss, over that of the windows before
            them and over the loss at chance, above which it has become unstable.
        poor: Distance of the samples to the real examples above which they are poor. Better ones
            are taken for neither `stalled` nor `relapse`.
        progress: Distance of the samples, over its best up to twice `looks` ago, below which they
            are improving: then few kinds of samples are no failure yet.
        relapse: Sum of the rises of the samples' distance over twice `looks`, over its mean, above
            which they become worse again and again.
        diversity: Mean distance between two samples, over that between two real examples, below
            which all samples are nearly one.
        bins: Real examples that are nearest to a sample, over those nearest to other real ones,
            below which modes are missing.
        turnover: Share of the samples that changed their nearest real example from one look to the
            next, above which, with `bins` below twice its bound, the modes rotate.
        swings: Crossings of its own mean by D's loss, of an amplitude of `swing` of chance, in the
            last 24 windows, above which both sides go round in circles.
        swing: That amplitude.
    """

    patience: int = 3
    warm_up: float = 0.06
    looks: int = 5
    unformed: float = 0.12
    poor: float = 0.25
    progress: float = 0.99
    relapse: float = 0.8
    d_floor: float = 0.03
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
        "a learning rate that is too large, or half precision that overflowed",
        ("a tenth of both learning rates", "--precision=float32", "--penalties='[\"r1\"]'"),
    ),
    "divergence": Failure(
        "a loss runs away",
        "a learning rate that is too large, or a critic that nothing keeps Lipschitz",
        (
            "a tenth of D's learning rate", "--d_normalization=spectral",
            "--penalties='[\"gradient_penalty\"]'",
        ),
    ),
    "d_wins": Failure(
        "D's loss has fallen to nothing",
        "D is far stronger than G, or sees what gives every fake away, and so teaches nothing",
        (
            "a lower learning rate for D", "--penalties='[\"r1\"]'",
            "--augment='{class_name=\"InstanceNoise\", config={stddev=0.3, steps=1000}}'",
            "--model=wgan_gp",
        ),
    ),
    "d_fooled": Failure(
        "G's loss has fallen to nothing: it fools D with anything",
        "D is far weaker than G, or its learning rate so large that it learns nothing",
        ("D's canonical learning rate", "a wider D", "--n_critic=2", "a lower learning rate for G"),
    ),
    "no_gradient": Failure(
        "G's gradient has vanished",
        "D is sure of everything under a loss that saturates, or G's units are dead",
        ("--loss=non_saturating", "--g_normalization=batch", "--penalties='[\"r1\"]'"),
    ),
    "large_gradient": Failure(
        "a gradient is very large",
        "a learning rate that is too large, or a D whose slope nothing bounds",
        (
            "a tenth of that side's learning rate", "--d_normalization=spectral",
            "--penalties='[\"gradient_penalty\"]'",
        ),
    ),
    "unstable": Failure(
        "D's loss has begun to swing wildly",
        "steps that are too large, by the rate or by Adam's momentum",
        ("beta_1=0.5, or 0, for Adam", "half of both learning rates", "--d_normalization=spectral"),
    ),
    "collapse": Failure(
        "all samples are nearly the same (mode collapse)",
        "G has found one image that D accepts, and D no way to tell that it is all there is",
        ("--minibatch=stddev", "--pack=2", "--penalties='[\"r1\"]'", "--model=wgan_gp"),
    ),
    "missing_modes": Failure(
        "samples cover few of the kinds of real examples (partial mode collapse)",
        "D judges each image by itself, and G serves what it judges best",
        ("--minibatch=discrimination", "--pack=2", "--model=unrolled", "--penalties='[\"r1\"]'"),
    ),
    "stalled": Failure(
        "samples do not improve",
        "a side learns nothing: its rate is far too small or too large, or D is so sure that its "
        "answers carry no gradient",
        ("the canonical learning rates", "--loss=non_saturating", "--penalties='[\"r1\"]'"),
    ),
    "relapse": Failure(
        "samples become worse again and again",
        "steps that are too large, by the rate or by Adam's momentum",
        ("a tenth of both learning rates", "beta_1=0.5, or 0, for Adam", "--penalties='[\"r1\"]'"),
    ),
    "rotation": Failure(
        "samples jump from one kind to another (rotating modes)",
        "G moves to wherever D looks the least, and D follows",
        ("--model=unrolled", "--replay=1024", "--penalties='[\"historical_averaging\"]'"),
    ),
    "oscillation": Failure(
        "the losses go up and down without end",
        "both sides answer each other's last move: momentum and large steps keep them circling",
        (
            "beta_1=0.5, or 0, for Adam", "half of both learning rates", "--penalties='[\"r1\"]'",
            "--replay=1024",
        ),
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Chance:
    """The losses where D scores all images alike; None where they have no such level."""

    d: float | None
    g: float | None


def found(windows, looks, chance: Chance, steps: int, limits: Thresholds = Thresholds()) -> dict:
    """Returns the failures that the lists show at their ends: name -> the evidence, in words.

    Args:
        windows: Dicts with `step` and the mean logs since the one before.
        looks: Dicts with `step` and what `look` returns.
        chance: The losses at chance.
        steps: Steps of the whole run.
        limits: The thresholds.
    """
    if not windows:
        return {}
    evidence = _numbers(windows, chance, limits)
    if windows[-1]["step"] >= limits.warm_up * steps:
        evidence |= _losses(windows, chance, limits) | _gradients(windows, limits)
        evidence |= _samples(looks, limits.unformed * steps, limits)
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
            evidence[key] = f"{name} = {recent[-1]:.2g} for {len(recent)} windows, {_of(level)}"
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
            evidence["oscillation"] = f"d_adv crossed its mean {crossings} times, {_of(chance.d)}"
    return evidence


def _gradients(windows, limits) -> dict:
    evidence = {}
    for side in "dg":
        name = f"{side}_grad_norm"
        recent = _last(windows, name, limits.patience)
        if recent and min(recent) > limits.gradient_ceiling:
            evidence["large_gradient"] = f"{name} = {recent[-1]:.3g} for {len(recent)} windows"
        if side == "g" and recent:
            usual = float(np.median([window[name] for window in windows if name in window]))
            if max(recent) < max(limits.gradient_floor * usual, 1e-7):
                evidence["no_gradient"] = f"{name} = {abs(recent[-1]):.2g}, its median {usual:.2g}"
    return evidence


def _samples(looks, formed, limits) -> dict:
    """Returns what the looks show; before step `formed` samples have no form yet."""
    recent = [look for look in looks if look["step"] >= formed][-limits.looks :]
    if len(recent) < limits.looks:
        return {}
    last, far = recent[-1], [look["distance"] for look in looks]
    before = min(far[: -2 * limits.looks], default=np.inf)
    if min(far[-limits.looks :]) < limits.progress * before:
        return _relapse(far, limits)
    if max(look["diversity"] for look in recent) < limits.diversity:
        return {"collapse": f"samples differ {last['diversity']:.2g} times as much as real ones"}
    if max(look["bins"] for look in recent) < limits.bins:
        share = f"{last['bins']:.0%}"
        return {"missing_modes": f"samples are near {share} of the real examples to be expected"}
    few = max(look["bins"] for look in recent) < 2.0 * limits.bins
    if few and min(look["turnover"] for look in recent) > limits.turnover:
        return {"rotation": f"{last['turnover']:.0%} of the samples changed kind since last time"}
    if min(far[-limits.looks :]) > 2.0 * limits.poor:
        return {"stalled": f"their distance to real ones is {far[-1]:.2g}, it was {before:.2g}"}
    return _relapse(far, limits)


def _relapse(far, limits) -> dict:
    """Returns whether the samples' distance went up again and again over the last looks."""
    recent = np.array(far[-2 * limits.looks :])
    rises = np.maximum(np.diff(recent), 0.0).sum() / recent.mean()
    if recent.mean() < limits.poor or rises < limits.relapse:
        return {}
    return {"relapse": f"their distance to real ones is {far[-1]:.2g}, and was {min(far):.2g}"}


def look(samples, real, before=None) -> dict:
    """Returns what samples are like beside real examples, both (N, ...).

    Returns:
        `distance`, their energy distance over the mean distance of two real ones (Szekely & Rizzo,
        2013): 0 if they are alike, about 1 if they are nowhere near; `diversity`, the mean distance
        of two samples over that of two real ones; `bins`, how many of 32 real examples are nearest
        to some sample, over how many are to some other real one; `nearest`, of each sample, (N,);
        `turnover`, the share of it that is not as it was `before`.
    """
    samples, real = (np.asarray(x, "float32").reshape(len(x), -1) for x in (samples, real))
    anchors, others = real[:32], real[32 : 32 + len(samples)]
    nearest = _distances(samples, anchors).argmin(1)
    expected = len(np.unique(_distances(others, anchors).argmin(1)))
    own, spread = pairwise_distance(samples), max(pairwise_distance(others), 1e-12)
    between = float(_distances(samples, others).mean())
    return {
        "distance": (2.0 * between - own - spread) / spread,
        "diversity": own / spread,
        "bins": min(len(np.unique(nearest)) / max(expected, 1), 1.0),
        "turnover": 0.0 if before is None else float(np.mean(nearest != before)),
        "nearest": nearest,
    }


def _distances(a, b) -> np.ndarray:
    return np.sqrt(np.concatenate([part for _, part in distances.blocks(*distances.pair(a, b))]))


def _last(windows, name, count) -> list[float]:
    """Returns the last `count` values of a log; none if there are fewer."""
    values = [window[name] for window in windows[-count:] if name in window]
    return values if len(values) == count else []


def _of(level) -> str:
    return f"{level:.3g} at chance"
