"""Modes of 2-D mixtures: plain GAN, unrolled GAN and PacGAN, several seeds; writes modes.json.

    python benchmarks/claims/modes.py

Experiments whose results are in modes.json are not repeated.

The experiments on the ring have the settings of unrolled GANs (arXiv:1611.02163, appendix A): its
radius is 2; G is a perceptron with two layers of 128 ReLU units, D, which divides its input by 4,
has one; weights are orthogonal times 0.8; 256 latents, batches of 512, the minimax loss, Adam with
beta_1 0.5. The learning rate is 1e-4 in the paper. Here it is 1e-3, and decays to zero over the
last two fifths, so that the result does not depend on the size of the last steps.

PacGAN (arXiv:1712.04086, section 4.1; there G has four layers of 400 units, and D three of maxout):
G and D with three layers of 128 leaky ReLU units, the non-saturating loss, batches of 256, an R1
penalty of 0.1, and the same rates. The grid's side is 8, as there.

A mode counts if a sample within three standard deviations is nearest to it.
"""

import argparse
import time
from pathlib import Path

import kept
import keras
from keras import layers

import ganzoo
from ganzoo import gans, metrics, schedules
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.networks import tricks

RESULTS = Path(__file__).parent.parent / "results"
SAMPLES = 2500
SCALE = {"ring8": 2.0, "grid25": 4.0}  # of the papers' mixtures to ours


def perceptron(inputs, outputs, name, depth, activation="relu", gain=0.8, divisor=1.0):
    """Returns a perceptron of `depth` layers of 128 units that divides its input by `divisor`."""
    x = first = keras.Input((inputs,))
    x = layers.Rescaling(1.0 / divisor)(x)
    for _ in range(depth):
        x = layers.Dense(128, activation, kernel_initializer=keras.initializers.Orthogonal(gain))(x)
    x = layers.Dense(outputs, kernel_initializer=keras.initializers.Orthogonal(gain))(x)
    return keras.Model(first, x, name=name)


def play(
    mixture, seed, steps, unroll=0, pack=1, batch_size=512,
    networks=({"depth": 2}, {"depth": 1}), **learning,
) -> dict:  # fmt: skip
    """Trains a GAN on a mixture and returns the modes of its samples after training."""
    keras.utils.set_random_seed(seed)
    generator = perceptron(256, 2, "generator", **networks[0])
    critic = perceptron(2, 1, "discriminator", divisor=4.0, **networks[1])
    critic = tricks.pack(critic, pack) if pack > 1 else critic
    gan = gans.GAN(generator, critic, latent_dim=256)
    rate = schedules.LinearDecay(1e-3, steps * 3 // 5, steps)
    gan.compile(
        *(keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)),
        **{"loss": "minimax", "ema": 0.0} | learning,
        unroll=unroll,
        seed=seed,
        steps_per_execution=50,
    )
    scale, began = SCALE[mixture], time.time()
    data = ganzoo.data.load(mixture, batch_size=batch_size, seed=seed, repeat=True)
    data = data.map(lambda batch: {"real": batch["real"] * scale})
    gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    found = metrics.mixture_modes(gan.sample(SAMPLES, seed=seed) / scale, mixture)
    return {
        "modes": found.modes,
        "high_quality": round(found.high_quality, 4),
        "seconds": round(time.time() - began, 1),
    }


LEAKY = {"depth": 3, "activation": "leaky_relu", "gain": 1.4}
PACGAN = {
    "networks": (LEAKY, LEAKY), "loss": "non_saturating", "batch_size": 256,
    "penalties": [{"class_name": "R1", "config": {"weight": 0.1}}],
}  # fmt: skip
GAMES = {  # name -> mixture, options
    "gan on ring8": ("ring8", {}),
    "unrolled 5 on ring8": ("ring8", {"unroll": 5}),
    "pacgan 2 on ring8": ("ring8", {"pack": 2} | PACGAN),
    "pacgan 2 on grid25": ("grid25", {"pack": 2} | PACGAN),
    "the same without packing on ring8": ("ring8", PACGAN),
    "the same without packing on grid25": ("grid25", PACGAN),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--games", default=";".join(GAMES), help="which of them, by semicolons")
    args = parser.parse_args()
    import_tensorflow()
    path = RESULTS / "modes.json"
    for name in args.games.split(";"):
        if name not in GAMES:
            parser.error(f"--games: expected some of {'; '.join(GAMES)}, got {name!r}")
        mixture, options = GAMES[name]
        fresh = {"steps": args.steps, "samples": SAMPLES, "runs": []}
        row = kept.read(path).get(name, fresh)
        for seed in range(len(row["runs"]), args.seeds):
            row["runs"].append({"seed": seed} | play(mixture, seed, args.steps, **options))
            print(name, row["runs"][-1], flush=True)
            kept.keep(path, name, row)


if __name__ == "__main__":
    main()
