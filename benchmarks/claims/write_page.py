"""Writes docs/claims.md from the results of the scripts in this folder.

python benchmarks/claims/write_page.py
"""

import json
import statistics
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "claims.md"

HEAD = """\
# Claims, and what came out

What papers say of their GANs, tried here: each table is written by `benchmarks/claims/write_page.py` from
what the script beside it measured. Toys are trained with several seeds; the figures are of the end
of training, whatever it was like.
"""


def modes() -> str:
    results = json.loads((RESULTS / "modes.json").read_text())
    lines = [
        "## Modes of 2-D mixtures",
        "",
        "`python benchmarks/claims/modes.py`, where the networks and rates are said. High quality:",
        "the share of samples within three standard deviations of a mode.",
        "",
        "| game | modes, each seed | mean | high quality, each seed | mean | steps |",
        "|---|---|---:|---|---:|---:|",
    ]
    for name, row in results.items():
        cells = []
        for key, form in (("modes", "{:d}"), ("high_quality", "{:.2f}")):
            values = [run[key] for run in row["runs"]]
            mean = statistics.mean(values)
            cells += [", ".join(form.format(value) for value in values), f"{mean:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} | {row['steps']:,} |")
    return "\n".join(lines)


def divergences() -> str:
    results = json.loads((RESULTS / "divergences.json").read_text())
    lines = [
        "## KL covers, reverse KL seeks",
        "",
        "`python benchmarks/claims/divergences.py`: G draws one Gaussian; 0.7 of the data are",
        "about 1 and 0.3 about -1, both with standard deviation 0.3. Exact: where the descent of",
        "the divergence between the densities ends.",
        "",
        "| divergence | exact mean | mean, each seed | exact std | std, each seed |",
        "|---|---:|---|---:|---|",
    ]
    for name in ("kl", "js", "reverse_kl"):
        if row := results.get(name):
            cells = [
                f"{row['exact'][key]:.2f} | " + ", ".join(f"{run[key]:.2f}" for run in row["runs"])
                for key in ("mean", "std")
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def labels() -> str:
    results = json.loads((RESULTS / "labels.json").read_text())
    lines = [
        "## Samples of the class asked for",
        "",
        "`python benchmarks/claims/labels.py`: MNIST, 1,000 samples of each class, read by",
        "`classifier_mnist`.",
        "",
        "| variant | right class | worst class | steps | minutes |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in results.items():
        worst, minutes = min(row["accuracy_of_class"]), row["seconds"] / 60
        lines.append(
            f"| `{name}` | {row['accuracy']:.2%} | {worst:.2%} | {row['steps']:,} | {minutes:.0f} |"
        )
    return "\n".join(lines)


def errors() -> str:
    lines = [
        "## Classes from few labels, and from none",
        "",
        "`python benchmarks/claims/semi_supervised.py` and `benchmarks/claims/infogan.py`: MNIST,",
        "errors on all test images. Published: 0.93 % from 100 labels (arXiv:1606.03498), 5 % by",
        "the categorical code (arXiv:1606.03657), which depends on the seed: where two digits come",
        "to share a code, another one is split between two, and more steps do not undo it.",
        "",
        "| what | labels | error, each seed | steps | minutes |",
        "|---|---:|---|---:|---:|",
    ]
    for name, what in (("semi_supervised", "`sgan`"), ("infogan", "`infogan`, its code")):
        if (path := RESULTS / f"{name}.json").exists():
            groups: dict[int, list] = {}
            for row in json.loads(path.read_text()).values():
                groups.setdefault(row["steps"], []).append(row)
            for steps, runs in sorted(groups.items()):
                runs.sort(key=lambda run: run["seed"])
                seeds = ", ".join(f"{run['error']:.2%}" for run in runs)
                minutes, count = runs[0]["seconds"] / 60, runs[0].get("labels", 0)
                lines.append(f"| {what} | {count} | {seeds} | {steps:,} | {minutes:.0f} |")
    return "\n".join(lines)


def critic_estimate() -> str:
    row = json.loads((RESULTS / "critic_estimate.json").read_text())
    return "\n".join(
        [
            "## The critic's estimate and the quality of samples",
            "",
            "`python benchmarks/claims/critic_estimate.py`: WGAN on MNIST, the critic's estimate",
            "of the distance against the Frechet distance on `classifier_mnist`, epoch by epoch.",
            "",
            "| steps | epochs | first and last estimate | first and last distance | Spearman |",
            "|---:|---:|---|---|---:|",
            f"| {row['steps']:,} | {len(row['estimate'])} "
            f"| {row['estimate'][0]:.3g}, {row['estimate'][-1]:.3g} "
            f"| {row['fid_mnist'][0]:.3g}, {row['fid_mnist'][-1]:.3g} | {row['spearman']:.2f} |",
        ]
    )


def translation() -> str:
    results = json.loads((RESULTS / "translation.json").read_text())
    lines = [
        "## Translations, and what costs nothing",
        "",
        "`python benchmarks/claims/translation.py`: on pairs of the test split. L1 and SSIM are to",
        "the true partner, FID to all of these, in Inception's features and in those of the",
        "domain's classifier. The baselines of pix2pix: the input itself, the mean training image,",
        "and the partner of the nearest training input.",
        "",
        "| system | images | L1 | SSIM | FID | own FID | pairs | steps | minutes |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    cycles = []
    for name, row in results.items():
        cost = f"{row['num']:,} | {row['steps']:,} | {row['seconds'] / 60:.0f}"
        for images, found in row["figures"].items():
            if images == "cycle_l1":
                cycles.append(f"{name}: {found[0]:.3f} of x, {found[1]:.3f} of y.")
                continue
            figures = f"{found['l1']:.3f} | {found['ssim']:.3f} | " + " | ".join(
                f"{found[f'fid_{features}']:.1f}" for features in row["features"]
            )
            lines.append(f"| {name} | {images} | {figures} | {cost} |")
    if cycles:
        lines += ["", "L1 of images to their translations there and back. " + " ".join(cycles)]
    return "\n".join(lines)


def imle() -> str:
    results = json.loads((RESULTS / "imle.json").read_text())
    lines = [
        "## What IMLE leaves out, and what a GAN does",
        "",
        "`python benchmarks/claims/imle.py`: Fashion-MNIST, the same generator and as many updates",
        "of 64 images, 10,000 samples against the test images: in the features of the zoo's",
        "classifier of clothes, whose earlier layers make the perceptual distance, but for that of",
        "`imlegan, digits`; in those of its classifier of digits, whose make that; and in pixels.",
        "",
        "| variant | in | recall | coverage | precision | density | FID | updates | minutes |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in results.items():
        for space, found in row["shares"].items():
            keys = ("recall", "coverage", "precision", "density")
            cells = " | ".join(f"{found[key]:.3f}" for key in keys)
            fid = f"{row['fid'][space]:.1f}" if space in row["fid"] else ""
            cost = f"{row['updates']:,} | {row['seconds'] / 60:.0f}"
            lines.append(f"| {name} | {space} | {cells} | {fid} | {cost} |")
    return "\n".join(lines)


def autoencoders() -> str:
    results = json.loads((RESULTS / "autoencoders.json").read_text())
    lines = [
        "## Encoders: what a GAN adds to a VAE",
        "",
        "`python benchmarks/claims/autoencoders.py`: Fashion-MNIST, the same networks and as many",
        "steps. Errors of reconstructions of the test images are root mean squares, of pixels in",
        "[-1, 1] and of the features of `classifier_fashion_mnist`, which also reads their class.",
        "Moved: how often it takes an image for the class towards which its code was moved.",
        "",
        "| variant | pixels | features | class kept | FID of samples, own features | moved | steps "
        "| minutes |",
        "|---|---:|---:|---:|---:|---|---:|---:|",
    ]
    for name, row in results.items():
        moved = ", ".join(f"{share:.0%}" for share in row["moved"])
        lines.append(
            f"| `{name}` | {row['pixels']:.3f} | {row['features']:.3f} | {row['class_kept']:.1%} "
            f"| {row['fid_fashion_mnist']:.1f} | {moved} | {row['steps']:,} "
            f"| {row['seconds'] / 60:.0f} |"
        )
    return "\n".join(lines)


def seqgan() -> str:
    results = json.loads((RESULTS / "seqgan.json").read_text())
    lines = [
        "## SeqGAN on an oracle",
        "",
        "`python benchmarks/claims/seqgan.py`: nats a token, under a random LSTM, of sequences of",
        "20 tokens out of 5,000. Published (arXiv:1609.05473): 9.038 by maximum likelihood, 8.736",
        "by SeqGAN, on an oracle of the same kind with other random numbers.",
        "",
        "The oracle looks at quality alone, so beside it stand the nats a token of held-out",
        "sequences under G: policy gradient makes it sharper, and what is no longer drawn costs.",
        "Likelihood alone at a lower temperature, chosen so that the oracle likes both as well, is",
        "the baseline.",
        "",
        "| seed | | of samples, by the oracle | of held-out sequences, by G | steps | minutes |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for seed, row in sorted(results.items()):
        if seed == "speed":
            continue
        names = {"mle": "maximum likelihood", "seqgan": "SeqGAN"}
        names["tempered"] = f"likelihood at temperature {row['tempered']['temperature']:.2f}"
        steps = {"mle": row["mle_step"], "seqgan": row["steps"]}
        for key, name in names.items():
            took = f"{steps[key]:,} | {row['seconds'][key] / 60:.0f}" if key in steps else "|"
            lines.append(
                f"| {seed} | {name} | {row[key]['oracle']:.3f} | {row[key]['data']:.3f} | {took} |"
            )
    if speed := results.get("speed"):
        lines += [
            "",
            f"{speed['tokens_per_second']:,.0f} tokens a second are rolled out on",
            f"{speed['hardware']}: {speed['share']:.0%} of a step of policy gradient.",
        ]
    return "\n".join(lines)


def poems() -> str:
    results = json.loads((RESULTS / "poems.json").read_text("utf-8"))
    lines = [
        "## SeqGAN on poems",
        "",
        "`python benchmarks/claims/poems.py`: Chinese quatrains of 20 characters. BLEU of",
        f"{results['samples']:,} samples against the poems of the test split; beside them that of",
        "real poems.",
        "",
        "| poems | BLEU-2 | BLEU-3 | BLEU-4 | steps | minutes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    figures = " | ".join(f"{x:.3f}" for x in results["real"])
    lines.append(f"| of the training split | {figures} | | |")
    for name, what in (("mle", "maximum likelihood"), ("seqgan", "SeqGAN")):
        row = results[name]
        figures = " | ".join(f"{x:.3f}" for x in row["bleu"])
        lines.append(f"| {what} | {figures} | {row['steps']:,} | {row['seconds'] / 60:.0f} |")
    shown = (results[name]["lines"] for name in ("mle", "seqgan"))
    lines += [
        "",
        "Samples, not chosen, of both:",
        "",
        "| maximum likelihood | SeqGAN |",
        "|---|---|",
    ]
    lines += [f"| {_lined(a)} | {_lined(b)} |" for a, b in zip(*shown, strict=True)]
    return "\n".join(lines)


def _lined(poem: str) -> str:
    return "，".join(poem[i : i + 5] for i in range(0, 20, 5))


def every_variant() -> str:
    results = json.loads((RESULTS / "every_variant.json").read_text())
    steps = max(row.get("steps", 0) for row in results.values())
    lines = [
        "## Every variant, out of the box",
        "",
        "`python benchmarks/claims/every_variant.py`: `python train.py --model=X --dataset=mnist",
        f"--steps={steps}`, with canonical networks and rates, beside other work. After so few",
        "steps the figures say that it learns, and nothing of how well.",
        "",
        "| variant | minutes | measured | or what it says |",
        "|---|---:|---:|---|",
    ]
    for name, row in results.items():
        if "said" in row:
            lines.append(f"| `{name}` | | | {row['said']} |")
        else:
            value = f"`{row['monitor']}` {row['value']:.3g}"
            lines.append(f"| `{name}` | {row['seconds'] / 60:.1f} | {value} | |")
    return "\n".join(lines)


SECTIONS = {
    "modes": modes,
    "divergences": divergences,
    "labels": labels,
    "semi_supervised": errors,
    "critic_estimate": critic_estimate,
    "translation": translation,
    "imle": imle,
    "autoencoders": autoencoders,
    "seqgan": seqgan,
    "poems": poems,
    "every_variant": every_variant,
}


def render() -> str:
    """Returns the page: the sections whose results there are."""
    found = [HEAD.rstrip()]
    found += [make() for name, make in SECTIONS.items() if (RESULTS / f"{name}.json").exists()]
    return "\n\n".join(found) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
