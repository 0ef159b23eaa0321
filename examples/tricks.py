"""Which tricks help? A DCGAN with each trick added separately, with three seeds.

    python examples/tricks.py

A training takes about a minute, all of them more than an hour; results are saved and reused.
"""

import argparse
import statistics

import keras
import trials

SEEDS = 3
BASELINE = "DCGAN"


def adam(rate, beta_1=0.5):
    """Returns an Adam optimizer."""
    return keras.optimizers.Adam(rate, beta_1=beta_1)


def config(name: str, **arguments) -> dict:
    """Returns the config of a loss, penalty or other part, as in a recipe."""
    return {"class_name": name, "config": arguments}


FREE = {"d_normalization": "none"}  # for tricks that do not allow batch normalization in D
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
    distances = trials.distances(results)
    verdicts = {
        what: trials.verdict(values, distances[BASELINE])
        for what, values in distances.items()
        if what != BASELINE
    }

    def named(kind: str, best_first: bool) -> str:
        """Returns the tricks with a verdict and their mean distances, in words."""
        names = [what for what, verdict in verdicts.items() if verdict == kind]
        names = names if best_first else names[::-1]
        return "; ".join(f"{x} ({statistics.mean(distances[x]):.1f})" for x in names) or "none"

    reference = statistics.mean(distances[BASELINE])
    finding = (
        f"A DCGAN of width {trials.WIDTH} has a mean distance of {reference:.1f} after "
        f"{trials.STEPS:,} steps of {trials.BATCH} images, over {args.seeds} seeds. Of "
        f"{len(verdicts)} tricks, each added separately, these help, best first: "
        f"{named('helps', True)}. These hurt, worst first: {named('hurts', False)}. With these "
        "seeds, the others cannot be distinguished from the baseline. The training is short, so "
        "the table does not show tricks that pay off late, such as lower learning rates, or that "
        "prevent a mode collapse, which does not occur here."
    )
    trials.write("tricks", "Which tricks help?", finding, results, BASELINE)


if __name__ == "__main__":
    main()
