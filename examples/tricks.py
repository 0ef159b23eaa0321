"""Which trick helps? A DCGAN with each trick added alone, three seeds.

    python examples/tricks.py

One training takes about a minute, all of them more than an hour; what has been played is kept.
"""

import argparse
import statistics

import keras
import trials

SEEDS = 3
BASELINE = "DCGAN"


def adam(rate, beta_1=0.5):
    """Returns an optimizer."""
    return keras.optimizers.Adam(rate, beta_1=beta_1)


def config(name: str, **arguments) -> dict:
    """Returns a part as a recipe has it."""
    return {"class_name": name, "config": arguments}


FREE = {"d_normalization": "none"}  # for what is not allowed with batch normalisation in D
TRICKS = {
    BASELINE: dict,
    "one-sided label smoothing, 0.9": lambda: {"loss": config("NonSaturating", real_label=0.9)},
    "random labels, 0.7-1.2 and 0-0.3": lambda: {
        "loss": config("NonSaturating", real_label=[0.7, 1.2], fake_label=[0.0, 0.3])
    },
    "5 % flipped labels": lambda: {"loss": config("NonSaturating", flip=0.05)},
    "spherical latents": lambda: {"latents": "sphere"},
    "no norm in D": lambda: FREE,
    "instance norm in D": lambda: {"d_normalization": "instance"},
    "layer norm in D": lambda: {"d_normalization": "layer"},
    "spectral norm in D": lambda: {"d_normalization": "spectral"},
    "virtual batch norm in D": lambda: {"d_normalization": "virtual"},
    "no norm in G": lambda: {"g_normalization": "none"},
    "pixel norm in G": lambda: {"g_normalization": "pixel"},
    "PixelShuffle up": lambda: {"up": "pixel_shuffle"},
    "average pooling down": lambda: {"down": "average_pool"},
    "minibatch discrimination": lambda: {"minibatch": "discrimination"},
    "minibatch stddev": lambda: {"minibatch": "stddev"},
    "packing, 2": lambda: {"pack": 2},
    "dropout in G, 0.5": lambda: {"dropout": 0.5},
    "noise in G, 0.1": lambda: {"noise": 0.1},
    "replay of 1,024 fakes": lambda: {"replay": 1024},
    "past checkpoints": lambda: {"replay": config("PastCheckpoints", interval=100, share=0.2)},
    "historical averaging": lambda: {
        "penalties": [config("HistoricalAveraging", side=side) for side in "dg"]
    },
    "feature matching": lambda: {"penalties": ["feature_matching"]},
    "decaying instance noise": lambda: {
        "augment": config("InstanceNoise", stddev=0.2, steps=trials.STEPS)
    },
    "DiffAugment": lambda: {"augment": "diff_augment"},
    "ADA": lambda: {"augment": "ada"},
    "no norm in D, R1": lambda: FREE | {"penalties": [config("R1", weight=1.0)]},
    "no norm in D, lazy R1": lambda: FREE | {"penalties": [config("R1", weight=1.0, interval=16)]},
    "no norm in D, DRAGAN penalty": lambda: FREE | {"penalties": ["dragan"]},
    "SGD for D, 0.01": lambda: {"d_optimizer": keras.optimizers.SGD(0.01)},
    "TTUR, 1e-4 and 4e-4": lambda: {"g_optimizer": adam(1e-4), "d_optimizer": adam(4e-4)},
    "both rates 1e-3": lambda: {"g_optimizer": adam(1e-3), "d_optimizer": adam(1e-3)},
    "Adam's beta_1 0.9": lambda: {"g_optimizer": adam(2e-4, 0.9), "d_optimizer": adam(2e-4, 0.9)},
    "two turns of D": lambda: {"n_critic": 2},
    "D waits above an accuracy of 0.8": lambda: {"balance": 0.8},
    "no average of G": lambda: {"ema": 0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    args = parser.parse_args()
    settings = {what: ("dcgan", arguments) for what, arguments in TRICKS.items()}
    results = trials.play_all("tricks", settings, args.seeds)
    found = trials.distances(results)
    verdicts = {
        what: trials.verdict(values, found[BASELINE])
        for what, values in found.items()
        if what != BASELINE
    }

    def named(kind: str, best_first: bool) -> str:
        """Returns the tricks of a verdict with their means, in a sentence's form."""
        names = [what for what, verdict in verdicts.items() if verdict == kind]
        names = names if best_first else names[::-1]
        return "; ".join(f"{x} ({statistics.mean(found[x]):.1f})" for x in names) or "none"

    usual = statistics.mean(found[BASELINE])
    finding = (
        f"A DCGAN of width {trials.WIDTH} has a distance of {usual:.1f} after {trials.STEPS:,} "
        f"steps of {trials.BATCH} images, the mean of {args.seeds} seeds. Of {len(verdicts)} "
        f"tricks, each put on alone, these help, the best first: {named('helps', True)}. These "
        f"hurt, the worst first: {named('hurts', False)}. The others cannot be told from the "
        "baseline by these seeds. It is a short training: what pays late, such as a small rate or "
        "the guard against a collapse that does not come here, pays nothing in this table."
    )
    trials.write("tricks", "Which trick helps?", finding, results, BASELINE)


if __name__ == "__main__":
    main()
