"""Two Gaussians that move apart: the values and the gradients of four divergences.

    python examples/moving_gaussians.py

For N(0, s^2) and N(d, s^2), each divergence is computed by numerical integration, together with its
derivative with respect to d, which is the gradient that a generator of the second Gaussian would
get. (Arjovsky & Bottou, 2017, arXiv:1701.04862, section 2.)
"""

import experiment_page as page
import numpy as np

STD, FARTHEST = 0.5, 6.0
X = np.linspace(-8.0, 14.0, 44_001)


def log_density(mean):
    """Returns the log density of the normal distribution on the grid."""
    return -0.5 * ((X - mean) / STD) ** 2 - np.log(STD * np.sqrt(2 * np.pi))


def integral(values):
    """Returns the integral over the grid."""
    return float(np.sum(values) * (X[1] - X[0]))


def kl(p, q):
    """Returns KL(p || q) for two log densities."""
    return integral(np.exp(p) * (p - q))


def divergences(distance: float) -> dict:
    """Returns the four divergences at a distance."""
    p, q = log_density(0.0), log_density(distance)
    middle = np.logaddexp(p, q) - np.log(2.0)
    earth = integral(np.abs(np.cumsum(np.exp(p) - np.exp(q)) * (X[1] - X[0])))
    return {
        "KL": kl(p, q),
        "reverse KL": kl(q, p),
        "Jensen-Shannon": (kl(p, middle) + kl(q, middle)) / 2,
        "Wasserstein": earth,
    }


def main() -> None:
    distances = np.linspace(0.0, FARTHEST, 121)
    rows = [divergences(d) for d in distances]
    figure, (left, right) = page.figure(2)
    results = {"std": STD, "at": FARTHEST}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        slopes = np.gradient(values, distances)
        style = "--" if name == "reverse KL" else "-"  # equals KL for equal variances
        left.plot(distances, values, style, label=name)
        right.semilogy(distances[1:], np.maximum(slopes[1:], 1e-12), style, label=name)
        results[name] = {"value": values[-1], "slope": slopes[-2]}
    left.set(xlabel="distance of the means", ylabel="divergence", ylim=(0, 8))
    right.set(xlabel="distance of the means", ylabel="derivative with respect to the distance")
    right.legend(fontsize=7)
    js, earth, forward = (results[k] for k in ("Jensen-Shannon", "Wasserstein", "KL"))
    finding = (
        f"Two normal distributions with standard deviation {STD}, at a distance of {FARTHEST:g}: "
        f"the Jensen-Shannon divergence is {js['value']:.4f}, which is its maximum log 2 to four "
        f"digits, and its derivative is {js['slope']:.1e}. So a generator at this distance learns "
        f"nothing from a perfect discriminator. The Wasserstein distance is {earth['value']:.2f}, "
        f"and its derivative is {earth['slope']:.2f} at any distance. KL, in both directions, has "
        f"an increasing derivative ({forward['slope']:.0f}), but it requires densities that "
        "overlap, and cannot be computed from samples alone."
    )
    page.write("moving_gaussians", "Two Gaussians that move apart", finding, figure, results)


if __name__ == "__main__":
    main()
