"""Are GANs created equal? Every loss with the same network, for as many steps, three seeds.

    python examples/losses.py

All with DCGAN's networks without normalisation in D, which some penalties forbid, one turn of D to
one of G, and the same optimizers: Adam at 2e-4, beta_1 0.5. So it compares losses, not the recipes
of the papers. (After Lucic et al., 2018, arXiv:1711.10337.)
"""

import argparse
import statistics

import trials

SEEDS = 3
BASELINE = "non-saturating"


def config(name: str, **arguments) -> dict:
    """Returns a part as a recipe has it."""
    return {"class_name": name, "config": arguments}


R1 = config("R1", weight=1.0)
LOSSES = {
    "minimax": {"loss": "minimax"},
    BASELINE: {},
    "least squares": {"loss": "least_squares"},
    "hinge": {"loss": "hinge"},
    "relativistic": {"loss": "relativistic"},
    "relativistic average": {"loss": config("Relativistic", average=True)},
    "f-divergence, KL": {"loss": config("FDivergence", divergence="kl")},
    "f-divergence, reverse KL": {"loss": config("FDivergence", divergence="reverse_kl")},
    "f-divergence, Pearson": {"loss": config("FDivergence", divergence="pearson")},
    "Wasserstein, clipped": {"variant": "wgan"},
    "Wasserstein, gradient penalty": {"loss": "wasserstein", "penalties": ["gradient_penalty"]},
    "non-saturating, DRAGAN penalty": {"penalties": ["dragan"]},
    "non-saturating, R1": {"penalties": [R1]},
    "relativistic, R1 and R2": {
        "loss": "relativistic", "penalties": [R1, config("R2", weight=1.0)],
    },
}  # fmt: skip


def arguments(loss: dict) -> dict:
    """Returns the arguments of `create`, made anew."""
    same = {"d_normalization": "none", "n_critic": 1}
    for side in "gd":
        same[f"{side}_optimizer"] = config("Adam", learning_rate=2e-4, beta_1=0.5)
    return same | {key: value for key, value in loss.items() if key != "variant"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    args = parser.parse_args()
    settings = {
        what: (loss.get("variant", "dcgan"), lambda loss=loss: arguments(loss))
        for what, loss in LOSSES.items()
    }
    results = trials.play_all("losses", settings, args.seeds)
    found = trials.distances(results)
    means = {what: statistics.mean(values) for what, values in found.items()}
    names = list(means)
    spread = statistics.mean(max(values) - min(values) for values in found.values())
    close = [x for x in names if means[x] < 1.25 * means[names[0]]]
    finding = (
        f"After {trials.STEPS:,} steps of {trials.BATCH} images the best loss is {names[0]} with a "
        f"distance of {means[names[0]]:.1f}, the worst {names[-1]} with {means[names[-1]]:.1f}; "
        f"the median is {statistics.median(means.values()):.1f}. Within a quarter of the best "
        f"are {len(close)} of {len(names)}: {', '.join(close)}. From seed to seed a loss moves by "
        f"{spread:.1f}. That the published tables have other orders is no contradiction: there "
        "each loss has the rates, the penalties' weights and the turns of D that suit it best."
    )
    trials.write("losses", "Are GANs created equal?", finding, results, BASELINE)


if __name__ == "__main__":
    main()
