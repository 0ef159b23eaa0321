"""min over x, max over y of x y: the smallest game, and five ways to play it.

    python examples/min_max.py

The only equilibrium is (0, 0). Each player descends (or ascends) its own gradient, y and x.
"""

import experiment_page as page
import numpy as np

RATE, STEPS, START = 0.1, 400, (1.0, 1.0)


def simultaneous(x, y, _):
    """Both step at once."""
    return x - RATE * y, y + RATE * x


def alternating(x, y, _):
    """The second steps when it has seen the first's step, as D and G of a GAN do."""
    x = x - RATE * y
    return x, y + RATE * x


def extragradient(x, y, _):
    """Both step by the gradient of where a step would lead (Korpelevich, 1976)."""
    ahead = x - RATE * y, y + RATE * x
    return x - RATE * ahead[1], y + RATE * ahead[0]


def optimistic(x, y, before):
    """Twice this gradient less the last (Daskalakis et al., 2018, arXiv:1711.00141)."""
    last = before or (x, y)
    return x - RATE * (2 * y - last[1]), y + RATE * (2 * x - last[0])


def consensus(x, y, _, weight=0.5):
    """Both descend the squared length of the gradients, too (arXiv:1705.10461): (x^2 + y^2) / 2."""
    return x - RATE * (y + weight * x), y + RATE * (x - weight * y)


RULES = (simultaneous, alternating, extragradient, optimistic, consensus)


def play(rule) -> np.ndarray:
    """Returns the points (STEPS + 1, 2) that a rule goes through."""
    points, before = [START], None
    for _ in range(STEPS):
        now = points[-1]
        points.append(rule(*now, before))
        before = now
    return np.array(points)


def main() -> None:
    figure, (paths, radii) = page.figure(2)
    results = {}
    for rule, style in zip(RULES, ("-", "-", "-", "--", "-"), strict=True):  # two coincide
        points = play(rule)
        radius = np.hypot(*points.T)
        name = rule.__name__
        results[name] = {"radius_at_start": radius[0], "radius_at_end": radius[-1]}
        paths.plot(*points[:120].T, label=name, linewidth=1, linestyle=style)
        radii.semilogy(radius, label=name, linestyle=style)
    paths.set(xlabel="x", ylabel="y", title=f"the first 120 steps of {RATE}", aspect="equal")
    radii.set(xlabel="step", ylabel="distance to the equilibrium")
    radii.legend(fontsize=7)
    end = {name: row["radius_at_end"] for name, row in results.items()}
    finding = (
        f"After {STEPS} steps from a distance of {np.hypot(*START):.2f}, simultaneous gradient "
        f"steps are at {end['simultaneous']:.3g}: they spiral out, whatever the rate. Alternating "
        f"steps go round for ever ({end['alternating']:.3g}). "
        f"Extragradient ({end['extragradient']:.2g}), "
        f"optimistic ({end['optimistic']:.2g}) and consensus updates ({end['consensus']:.2g}) come "
        "in: each of them looks, in its way, at what the other player's answer will be."
    )
    page.write("min_max", "The smallest game", finding, figure, results)


if __name__ == "__main__":
    main()
