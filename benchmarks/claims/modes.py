"""Modes of 2-D mixtures: plain GAN, unrolled GAN and PacGAN, several seeds; writes modes.json.

    python benchmarks/claims/modes.py

The networks are those of the unrolled paper's authors for their ring (arXiv:1611.02163): its radius
is 2, G and D are perceptrons of two layers of 128 tanh units from orthogonal matrices, 256 latents,
batches of 512, the minimax loss, Adam with beta_1 0.5. Both sides learn at 1e-3, but where a name
says that D learns at a tenth of it, as in their code; unlike there all rates fall to zero over the
last two fifths, so that what counts is where the game settles, not how far a step carries.

The grid and PacGAN (arXiv:1712.04086, section 4.1, whose networks have four layers of 400 units
and D maxout) are played in the same set-up, the grid of side 8 as there.

A mode counts if a sample within three standard deviations is nearest to it.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import keras
from keras import layers

import ganzoo
from ganzoo import gans, metrics
from ganzoo.networks import tricks
from ganzoo.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results"
SAMPLES = 2500
SCALE = {"ring8": 2.0, "grid25": 4.0}  # of the papers' mixtures to ours


def perceptron(inputs: int, outputs: int, name: str):
    """Returns the paper's network."""
    x = first = keras.Input((inputs,))
    for _ in range(2):
        x = layers.Dense(128, "tanh", kernel_initializer=keras.initializers.Orthogonal(1.4))(x)
    x = layers.Dense(outputs, kernel_initializer=keras.initializers.Orthogonal(1.4))(x)
    return keras.Model(first, x, name=name)


def rate(start: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Returns the rate that falls over the last two fifths."""
    hold = steps * 3 // 5
    falls = [start * (1 - k / 10) for k in range(1, 10)]
    places = [hold + (steps - hold) * k // 10 for k in range(1, 10)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(places, [start, *falls])


def play(mixture: str, seed: int, steps: int, unroll=0, pack=1, d_rate=1e-3, **learning) -> dict:
    """Trains one GAN on a mixture and returns what modes its samples have at the end."""
    keras.utils.set_random_seed(seed)
    critic = perceptron(2, 1, "discriminator")
    gan = (gans.Unrolled if unroll else gans.GAN)(
        perceptron(256, 2, "generator"),
        tricks.pack(critic, pack) if pack > 1 else critic,
        latent_dim=256,
    )
    gan.compile(
        keras.optimizers.Adam(rate(1e-3, steps), beta_1=0.5),
        keras.optimizers.Adam(rate(d_rate, steps), beta_1=0.5),
        **{"loss": "minimax", "ema": 0.0} | learning,
        **({"unroll": unroll} if unroll else {}),
        seed=seed,
        steps_per_execution=50,
    )
    scale, began = SCALE[mixture], time.time()
    data = ganzoo.data.load(mixture, batch_size=512, seed=seed, repeat=True)
    data = data.map(lambda batch: {"real": batch["real"] * scale})
    gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    found = metrics.mixture_modes(gan.sample(SAMPLES, seed=seed) / scale, mixture)
    return {
        "modes": found.modes,
        "high_quality": round(found.high_quality, 4),
        "seconds": round(time.time() - began, 1),
    }


GAMES = {  # name -> mixture, options
    "gan on ring8": ("ring8", {}),
    "gan on ring8, D at a tenth": ("ring8", {"d_rate": 1e-4}),
    "unrolled 5 on ring8": ("ring8", {"unroll": 5}),
    "pacgan 2 on ring8": ("ring8", {"pack": 2}),
    "gan on grid25": ("grid25", {}),
    "pacgan 2 on grid25": ("grid25", {"pack": 2}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=25_000)
    parser.add_argument("--games", default=";".join(GAMES), help="which of them, by semicolons")
    args = parser.parse_args()
    import_tensorflow()
    path = RESULTS / "modes.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name in args.games.split(";"):
        mixture, options = GAMES[name]
        runs = [play(mixture, seed, args.steps, **options) for seed in range(args.seeds)]
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
