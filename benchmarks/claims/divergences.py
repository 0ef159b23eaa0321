"""KL covers, reverse KL seeks: one Gaussian is fitted to two modes; writes divergences.json.

    python benchmarks/claims/divergences.py

The data are an even mixture of N(-1, 0.2^2) and N(1, 0.2^2) along the first axis. G is one linear
layer, so its samples are a Gaussian and cannot have two modes: KL(data || samples) is least for one
that covers both (standard deviation 1.02), KL(samples || data) for one that sits on a mode (0.2).
G descends the divergence itself (`saturating=True`). Nowozin et al., 2016, arXiv:1606.00709,
section 4 does so with one Gaussian and a mixture, in one dimension.
"""

import argparse
import json
import statistics
from pathlib import Path

import keras
import numpy as np

from ganzoo import gans, losses, networks
from ganzoo.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results"
CENTRE, STD = 1.0, 0.2


def mixture(count: int, seed: int) -> np.ndarray:
    """Returns points, float32 (count, 2)."""
    rng = np.random.default_rng(seed)
    points = rng.normal(scale=STD, size=(count, 2))
    points[:, 0] += CENTRE * rng.choice([-1, 1], count)
    return points.astype("float32")


def fit(divergence: str, seed: int, steps: int) -> dict:
    """Returns mean and standard deviation, along the first axis, of what G draws at the end."""
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
    near = np.abs(np.abs(drawn) - CENTRE) < 3 * STD
    return {
        "mean": float(drawn.mean()),
        "std": float(drawn.std()),
        "within_3_std_of_a_mode": float(near.mean()),
        "right_share": float((drawn > 0).mean()),
    }


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
            **{f"{key}_mean": statistics.mean(run[key] for run in runs) for key in runs[0]},
        }
        print(divergence, results[divergence], flush=True)
        (RESULTS / "divergences.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
