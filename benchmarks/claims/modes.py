"""Modes of 2-D mixtures: plain GAN, unrolled GAN and PacGAN, several seeds; writes modes.json.

    python benchmarks/claims/modes.py

Networks and learning are those of the papers' toy experiments: perceptrons of 128 units, of two
hidden layers in G and one in D (unrolled: arXiv:1611.02163, appendix A; PacGAN: arXiv:1712.04086,
section 4.1, whose networks have four layers of 400 and D maxout: here they are narrower).
A mode counts if a sample within three standard deviations is nearest to it.
"""

import argparse
import json
import statistics
from pathlib import Path

import keras

import ganzoo
from ganzoo import gans, metrics, networks
from ganzoo.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results"
SAMPLES = 2500


def play(name: str, mixture: str, seed: int, steps: int, unroll: int = 0, pack: int = 1) -> dict:
    """Trains one GAN on a mixture and returns what modes its samples have at the end."""
    keras.utils.set_random_seed(seed)
    cls = gans.Unrolled if unroll else gans.GAN
    gan = cls(
        networks.mlp.generator((2,), width=128, latent_dim=64),
        networks.mlp.discriminator((2,), width=128, depth=2, pack=pack),
        latent_dim=64,
    )
    extra = {"unroll": unroll} if unroll else {}
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-4 if name != "pacgan" else 1e-3, beta_1=0.5),
        ema=0.0,
        seed=seed,
        steps_per_execution=50,
        **extra,
    )
    data = ganzoo.data.load(mixture, batch_size=512, seed=seed, repeat=True)
    gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    found = metrics.mixture_modes(gan.sample(SAMPLES, seed=seed), mixture)
    return {"modes": found.modes, "high_quality": round(found.high_quality, 4)}


GAMES = {  # name -> mixture, options
    "gan on ring8": ("gan", "ring8", {}),
    "unrolled 5 on ring8": ("unrolled", "ring8", {"unroll": 5}),
    "unrolled 10 on ring8": ("unrolled", "ring8", {"unroll": 10}),
    "pacgan 2 on ring8": ("pacgan", "ring8", {"pack": 2}),
    "gan on grid25": ("gan", "grid25", {}),
    "pacgan 2 on grid25": ("pacgan", "grid25", {"pack": 2}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--games", default=",".join(GAMES), help="which of them")
    args = parser.parse_args()
    import_tensorflow()
    path = RESULTS / "modes.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name in args.games.split(","):
        kind, mixture, options = GAMES[name]
        runs = [play(kind, mixture, seed, args.steps, **options) for seed in range(args.seeds)]
        modes, quality = ([run[key] for run in runs] for key in ("modes", "high_quality"))
        results[name] = {
            "steps": args.steps,
            "samples": SAMPLES,
            "modes": modes,
            "modes_mean": statistics.mean(modes),
            "high_quality": quality,
            "high_quality_mean": statistics.mean(quality),
        }
        print(name, results[name], flush=True)
        path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
