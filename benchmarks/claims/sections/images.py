"""Sections about images: labels, autoencoders, IMLE, gradients, seeds."""

import statistics


def labels(labels: dict) -> str:
    lines = [
        "## Samples of the requested class",
        "",
        "`python benchmarks/claims/labels.py`: MNIST, 1,000 samples of each class, classified by",
        "`classifier_mnist`.",
        "",
        "| variant | accuracy | accuracy of the worst class | steps | minutes |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in labels.items():
        worst, minutes = min(row["accuracy_of_class"]), row["seconds"] / 60
        lines.append(
            f"| `{name}` | {row['accuracy']:.2%} | {worst:.2%} | {row['steps']:,} | {minutes:.0f} |"
        )
    return "\n".join(lines)


def errors(semi_supervised: dict, infogan: dict) -> str:
    lines = [
        "## Classification from few labels or none",
        "",
        "`python benchmarks/claims/semi_supervised.py` and `benchmarks/claims/infogan.py`: MNIST,",
        "error rates on the test set. Published: 0.93 % with 100 labels (arXiv:1606.03498), and 5",
        "% by the categorical code of InfoGAN (arXiv:1606.03657). The latter depends on the seed:",
        "two digits may share a code while another digit has two, and more steps do not change",
        "that, so that the median is what to expect of a training.",
        "",
        "| method | labels | error rate, per seed | median | steps | minutes |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for rows, what in ((semi_supervised, "`sgan`"), (infogan, "`infogan`, categorical code")):
        groups: dict[int, list] = {}
        for row in rows.values():
            groups.setdefault(row["steps"], []).append(row)
        for steps, runs in sorted(groups.items()):
            runs.sort(key=lambda run: run["seed"])
            seeds = ", ".join(f"{run['error']:.2%}" for run in runs)
            minutes, count = runs[0]["seconds"] / 60, runs[0].get("labels", 0)
            median = f"{statistics.median(run['error'] for run in runs):.2%}"
            median = median if len(runs) > 1 else "one seed"
            cells = [what, count, seeds, median, f"{steps:,}", f"{minutes:.0f}"]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def critic_estimate(critic_estimate: dict) -> str:
    estimate, fid = (critic_estimate[name] for name in ("estimate", "fid_mnist"))
    return "\n".join(
        [
            "## The critic's estimate and sample quality",
            "",
            "`python benchmarks/claims/critic_estimate.py`: WGAN on MNIST. After every epoch, the",
            "critic's estimate of the Wasserstein distance is compared with the Frechet distance",
            "in the features of `classifier_mnist`, by Spearman's rank correlation.",
            "",
            "| steps | epochs | estimate, first, last | distance, first, last | correlation |",
            "|---:|---:|---|---|---:|",
            f"| {critic_estimate['steps']:,} | {len(estimate)} "
            f"| {estimate[0]:.3g}, {estimate[-1]:.3g} "
            f"| {fid[0]:.3g}, {fid[-1]:.3g} | {critic_estimate['spearman']:.2f} |",
        ]
    )


def imle(imle: dict) -> str:
    lines = [
        "## Mode coverage of IMLE and of GANs",
        "",
        "`python benchmarks/claims/imle.py`: Fashion-MNIST, the same generator and the same",
        "number of updates with 64 images. 10,000 samples are compared with the test images in",
        "the features of `classifier_fashion_mnist`, in those of `classifier_mnist`, and in",
        "pixels. Earlier layers of the same classifiers define the perceptual distances: that of",
        "digits for `imlegan, digits`, and that of clothes for the others.",
        "",
        "| variant | space | recall | coverage | precision | density | FID | updates | minutes |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in imle.items():
        for space, values in row["shares"].items():
            keys = ("recall", "coverage", "precision", "density")
            cells = " | ".join(f"{values[key]:.3f}" for key in keys)
            fid = f"{row['fid'][space]:.1f}" if space in row["fid"] else ""
            cost = f"{row['updates']:,} | {row['seconds'] / 60:.0f}"
            lines.append(f"| {name} | {space} | {cells} | {fid} | {cost} |")
    lines += ["", "Where each is above the GAN (`dcgan`):", ""]
    for name, row in imle.items():
        if name != "dcgan":
            parts = [f"{key} {above(row, imle['dcgan'], key)}" for key in ("recall", "coverage")]
            lines.append(f"- {name}: {'; '.join(parts)}.")
    return "\n".join(lines)


def above(row: dict, other: dict, key: str) -> str:
    """Returns in which spaces a share is above that of another row."""
    spaces = row["shares"]
    found = [name for name in spaces if spaces[name][key] > other["shares"][name][key]]
    return f"in {', '.join(found)}" if found else f"in none of the {len(spaces)} spaces"


def autoencoders(autoencoders: dict) -> str:
    lines = [
        "## Autoencoders with and without a GAN",
        "",
        "`python benchmarks/claims/autoencoders.py`: Fashion-MNIST, the same networks and number",
        "of steps. Root mean square errors of reconstructed test images, in pixels in [-1, 1] and",
        "in the features of `classifier_fashion_mnist`. Class kept: how often the classifier",
        "assigns the reconstruction to the class of the image. Moved: how often it assigns the",
        "image to the class towards which its code was moved.",
        "",
        "| variant | pixels | features | class kept | FID of samples, classifier | moved | steps "
        "| minutes |",
        "|---|---:|---:|---:|---:|---|---:|---:|",
    ]
    for name, row in autoencoders.items():
        moved = ", ".join(f"{share:.0%}" for share in row["moved"])
        lines.append(
            f"| `{name}` | {row['pixels']:.3f} | {row['features']:.3f} | {row['class_kept']:.1%} "
            f"| {row['fid_fashion_mnist']:.1f} | {moved} | {row['steps']:,} "
            f"| {row['seconds'] / 60:.0f} |"
        )
    return "\n".join(lines)


def first_gradients(first_gradients: dict) -> str:
    steps = first_gradients["minimax"]["steps"]
    lines = [
        "## Minimax and -log D, at the start",
        "",
        "`python benchmarks/claims/first_gradients.py`: `gan` on MNIST. At the step of the first "
        f"{steps}\nat which D believes least in the fakes: the probability "
        "that it gives them, and the norm of the\ngradient that each loss gives G at those same "
        "weights.",
        "",
        "| trained by | seed | step | D's belief in fakes | minimax | -log D | ratio |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for loss, row in first_gradients.items():
        for seed, run in enumerate(row["runs"]):
            place = run["believed"].index(min(run["believed"]))
            small, large = (run[name][place] for name in ("minimax", "non_saturating"))
            lines.append(
                f"| {loss} | {seed} | {(place + 1) * row['every']} | {run['believed'][place]:.1%} "
                f"| {small:.2f} | {large:.2f} | {large / small:.0f} |"
            )
    return "\n".join(lines)


def seeds(seeds: dict) -> str:
    lines = [
        "## Seeds, and the average of G's weights",
        "",
        "`python benchmarks/claims/seeds.py`: the recipe of an entry with other seeds. FID of",
        "10,000 samples to the test images, in Inception features, with the moving average of G's",
        "weights and without it. Published: the lowest of a hundred settings, without an average",
        "(Lucic et al., 2018, arXiv:1711.10337).",
        "",
        "| entry | seed | FID | without averaging | published | steps | minutes |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in sorted(seeds.values(), key=lambda row: (row["entry"], row["seed"])):
        figures = f"{row['fid']:.1f} | {row['fid_without_averaging']:.1f} | {row['published']:g}"
        lines.append(
            f"| `{row['entry']}` | {row['seed']} | {figures} | {row['steps']:,} "
            f"| {row['seconds'] / 60:.0f} |"
        )
    return "\n".join(lines)
