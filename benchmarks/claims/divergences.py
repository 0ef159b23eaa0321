"""KL is mode-covering, reverse KL is mode-seeking; writes divergences.json.

    python benchmarks/claims/divergences.py

A Gaussian is fitted to a mixture, 0.7 of N(1, 0.3^2) and 0.3 of N(-1, 0.3^2) along the first axis.
G is a linear layer, so that its samples are Gaussian and cannot have two modes: KL(data || samples)
is minimal if they cover both modes, KL(samples || data) if they cover the larger mode only. For
comparison, the divergences between the densities are minimized by gradient descent from N(0, 1).
(For equal weights, the reverse KL has a local minimum in the middle, where G starts and would
stay.)

G minimizes the divergence itself (`saturating=True`). Nowozin et al., 2016, arXiv:1606.00709,
section 4, fit a Gaussian to a mixture in this way, in one dimension.
"""

import argparse
import json
import statistics
from pathlib import Path

import keras
import numpy as np

from ganzoo import gans, losses, networks
from ganzoo.engine.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results"
CENTRE, STD, SHARE = 1.0, 0.3, 0.7


def mixture(count: int, seed: int) -> np.ndarray:
    """Returns points, float32 (count, 2)."""
    rng = np.random.default_rng(seed)
    points = rng.normal(scale=STD, size=(count, 2))
    points[:, 0] += CENTRE * rng.choice([1, -1], count, p=[SHARE, 1 - SHARE])
    return points.astype("float32")


def exact(divergence: str, turns: int = 4000, rate: float = 5e-3) -> dict:
    """Returns mean and standard deviation of the Gaussian that gradient descent ends at."""
    x = np.linspace(-8.0, 8.0, 4001)

    def density(mean, std):
        return np.exp(-0.5 * ((x - mean) / std) ** 2) / std / np.sqrt(2.0 * np.pi) + 1e-300

    data = SHARE * density(CENTRE, STD) + (1 - SHARE) * density(-CENTRE, STD)

    def value(mean, std):
        drawn = density(mean, std)
        middle = (data + drawn) / 2
        integrand = {
            "kl": data * np.log(data / drawn),
            "reverse_kl": drawn * np.log(drawn / data),
            "js": (data * np.log(data / middle) + drawn * np.log(drawn / middle)) / 2,
        }
        return np.sum(integrand[divergence]) * (x[1] - x[0])

    at, step = np.array([0.0, 1.0]), 1e-4
    for _ in range(turns):
        slopes = [(value(*(at + d)) - value(*(at - d))) / (2 * step) for d in step * np.eye(2)]
        at = at - rate * np.clip(slopes, -2.0, 2.0)
    return {"mean": float(at[0]), "std": float(at[1])}


def fit(divergence: str, seed: int, steps: int) -> dict:
    """Returns mean and standard deviation of G's samples along the first axis, after training."""
    keras.utils.set_random_seed(seed)
    gan = gans.FGAN(
        networks.mlp.generator((2,), latent_dim=2, depth=0),
        networks.mlp.discriminator((2,), width=64),
        latent_dim=2,
    )
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        loss=losses.FDivergence(divergence, saturating=True),
        n_critic=3,
        ema=0.99,
        seed=seed,
        steps_per_execution=50,
    )
    points = mixture(60_000, seed)
    gan.fit(points, batch_size=256, epochs=-(-steps // (len(points) // 256 // 3)), verbose=0)
    drawn = gan.sample(10_000, seed=seed)[:, 0]
    return {"mean": float(drawn.mean()), "std": float(drawn.std())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4000)
    args = parser.parse_args()
    import_tensorflow()
    results = {"steps": args.steps}
    for divergence in ("kl", "js", "reverse_kl"):
        runs = [fit(divergence, seed, args.steps) for seed in range(args.seeds)]
        results[divergence] = {
            "runs": runs,
            "exact": exact(divergence),
            **{f"{key}_mean": statistics.mean(run[key] for run in runs) for key in runs[0]},
        }
        print(divergence, results[divergence], flush=True)
        (RESULTS / "divergences.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
