"""Are GANs created equal? Every loss with the same networks, number of steps and three seeds.

    python examples/losses.py

All runs have DCGAN's networks without normalization in D, which some penalties do not allow, one
update of D for each update of G, and the same optimizers: Adam at 2e-4 with beta_1 0.5. So this
compares losses, not the training settings of the papers. (After Lucic et al., 2018,
arXiv:1711.10337.)
"""

import argparse
import statistics

import trials

SEEDS = 3
BASELINE = "non-saturating"


def config(name: str, **arguments) -> dict:
    """Returns the config of a loss or a penalty, as in a recipe."""
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
    """Returns new arguments of `create` for a loss."""
    shared = {"d_normalization": "none", "n_critic": 1}
    for side in "gd":
        shared[f"{side}_optimizer"] = config("Adam", learning_rate=2e-4, beta_1=0.5)
    return shared | {key: value for key, value in loss.items() if key != "variant"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    args = parser.parse_args()
    settings = {
        what: (loss.get("variant", "dcgan"), lambda loss=loss: arguments(loss))
        for what, loss in LOSSES.items()
    }
    results = trials.play_all("losses", settings, args.seeds)
    distances = trials.distances(results)
    means = {what: statistics.mean(values) for what, values in distances.items()}
    names = list(means)
    spread = statistics.mean(max(values) - min(values) for values in distances.values())
    close = [x for x in names if means[x] < 1.25 * means[names[0]]]
    finding = (
        f"After {trials.STEPS:,} steps of {trials.BATCH} images, the best loss is {names[0]} with "
        f"a mean distance of {means[names[0]]:.1f}, the worst is {names[-1]} with "
        f"{means[names[-1]]:.1f}, and the median is {statistics.median(means.values()):.1f}. "
        f"{len(close)} of {len(names)} losses are within 25% of the best: {', '.join(close)}. The "
        f"mean range over seeds is {spread:.1f}. Published rankings differ, but do not contradict "
        "this one: in those, each loss has its best learning rates, penalty weights and number of "
        "updates of D."
    )
    trials.write("losses", "Are GANs created equal?", finding, results, BASELINE)


if __name__ == "__main__":
    main()
