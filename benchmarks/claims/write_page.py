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
# Claims of papers, tested

Experiments that test claims which papers make about their GANs. `benchmarks/claims/write_page.py`
writes the tables from the results of the scripts that are named in each section. Toy experiments
are repeated with several seeds; all values are those at the end of training.
"""


def modes() -> str:
    results = json.loads((RESULTS / "modes.json").read_text())
    lines = [
        "## Modes of 2-D mixtures",
        "",
        "`python benchmarks/claims/modes.py`, which lists the networks and the learning rates.",
        "High quality: the share of samples within three standard deviations of a mode.",
        "",
        "| experiment | modes, per seed | mean | high quality, per seed | mean | steps |",
        "|---|---|---:|---|---:|---:|",
    ]
    for name, row in results.items():
        cells = []
        for key, form in (("modes", "{:d}"), ("high_quality", "{:.2f}")):
            values = [run[key] for run in row["runs"]]
            mean = statistics.mean(values)
            cells += [", ".join(form.format(value) for value in values), f"{mean:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} | {row['steps']:,} |")
    lines.append("")
    for mixture in ("ring8", "grid25"):
        packed = results.get(f"pacgan 2 on {mixture}")
        plain = results.get(f"the same without packing on {mixture}")
        if packed and plain:
            with_, without = (
                statistics.mean(run["modes"] for run in row["runs"]) for row in (packed, plain)
            )
            lines += [
                f"On {mixture} the networks, loss and penalty of the PacGAN experiment reach",
                f"{without:.2f} modes without packing and {with_:.2f} with it.",
            ]
    return "\n".join(lines)


def divergences() -> str:
    results = json.loads((RESULTS / "divergences.json").read_text())
    lines = [
        "## KL is mode-covering, reverse KL is mode-seeking",
        "",
        "`python benchmarks/claims/divergences.py`: G learns a single Gaussian in the plane; the",
        "data are a mixture of two, with weight 0.7 at (1, 0) and 0.3 at (-1, 0) and standard",
        "deviation 0.3. Mean and standard deviation are those along the first axis. Exact: the",
        "result of minimizing the divergence between the densities by gradient descent.",
        "",
        "| divergence | exact mean | mean, per seed | exact std | std, per seed |",
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
        "## Samples of the requested class",
        "",
        "`python benchmarks/claims/labels.py`: MNIST, 1,000 samples of each class, classified by",
        "`classifier_mnist`.",
        "",
        "| variant | accuracy | accuracy of the worst class | steps | minutes |",
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
    for name, what in (("semi_supervised", "`sgan`"), ("infogan", "`infogan`, categorical code")):
        if (path := RESULTS / f"{name}.json").exists():
            groups: dict[int, list] = {}
            for row in json.loads(path.read_text()).values():
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


def critic_estimate() -> str:
    row = json.loads((RESULTS / "critic_estimate.json").read_text())
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
            f"| {row['steps']:,} | {len(row['estimate'])} "
            f"| {row['estimate'][0]:.3g}, {row['estimate'][-1]:.3g} "
            f"| {row['fid_mnist'][0]:.3g}, {row['fid_mnist'][-1]:.3g} | {row['spearman']:.2f} |",
        ]
    )


def translation() -> str:
    results = json.loads((RESULTS / "translation.json").read_text())
    lines = [
        "## Image translation, compared with trivial baselines",
        "",
        "`python benchmarks/claims/translation.py`: pairs of the test split. L1 and SSIM compare",
        "with the ground truth, and FID with the distribution of all ground-truth images, in",
        "Inception features and in those of the data set's classifier. The baselines of pix2pix",
        "are the input itself (copy), the mean training image, and the target of the nearest",
        "training input.",
        "",
        "| model, data | images | L1 | SSIM | FID | FID, classifier | pairs | steps | minutes |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    cycles = []
    for name, row in results.items():
        cost = f"{row['num']:,} | {row['steps']:,} | {row['seconds'] / 60:.0f}"
        for images, values in row["figures"].items():
            if images == "cycle_l1":
                cycles.append(f"{name}: {values[0]:.3f} for x, {values[1]:.3f} for y.")
                continue
            figures = f"{values['l1']:.3f} | {values['ssim']:.3f} | " + " | ".join(
                f"{values[f'fid_{features}']:.1f}" for features in row["features"]
            )
            lines.append(f"| {name} | {images} | {figures} | {cost} |")
    if cycles:
        lines += ["", "Cycle L1, between images and their reconstructions: " + " ".join(cycles)]
    return "\n".join(lines)


def imle() -> str:
    results = json.loads((RESULTS / "imle.json").read_text())
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
    for name, row in results.items():
        for space, values in row["shares"].items():
            keys = ("recall", "coverage", "precision", "density")
            cells = " | ".join(f"{values[key]:.3f}" for key in keys)
            fid = f"{row['fid'][space]:.1f}" if space in row["fid"] else ""
            cost = f"{row['updates']:,} | {row['seconds'] / 60:.0f}"
            lines.append(f"| {name} | {space} | {cells} | {fid} | {cost} |")
    lines += ["", "Where each is above the GAN (`dcgan`):", ""]
    for name, row in results.items():
        if name != "dcgan":
            parts = [f"{key} {above(row, results['dcgan'], key)}" for key in ("recall", "coverage")]
            lines.append(f"- {name}: {'; '.join(parts)}.")
    return "\n".join(lines)


def above(row: dict, other: dict, key: str) -> str:
    """Returns in which spaces a share is above that of another row."""
    spaces = row["shares"]
    found = [name for name in spaces if spaces[name][key] > other["shares"][name][key]]
    return f"in {', '.join(found)}" if found else f"in none of the {len(spaces)} spaces"


def autoencoders() -> str:
    results = json.loads((RESULTS / "autoencoders.json").read_text())
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
    for name, row in results.items():
        moved = ", ".join(f"{share:.0%}" for share in row["moved"])
        lines.append(
            f"| `{name}` | {row['pixels']:.3f} | {row['features']:.3f} | {row['class_kept']:.1%} "
            f"| {row['fid_fashion_mnist']:.1f} | {moved} | {row['steps']:,} "
            f"| {row['seconds'] / 60:.0f} |"
        )
    return "\n".join(lines)


def first_gradients() -> str:
    results = json.loads((RESULTS / "first_gradients.json").read_text())
    lines = [
        "## Minimax and -log D, at the start",
        "",
        "`python benchmarks/claims/first_gradients.py`: `gan` on MNIST. At the step of the first "
        f"{results['minimax']['steps']}\nat which D believes least in the fakes: the probability "
        "that it gives them, and the norm of the\ngradient that each loss gives G at those same "
        "weights.",
        "",
        "| trained by | seed | step | D's belief in fakes | minimax | -log D | ratio |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for loss, row in results.items():
        for seed, run in enumerate(row["runs"]):
            place = run["believed"].index(min(run["believed"]))
            small, large = (run[name][place] for name in ("minimax", "non_saturating"))
            lines.append(
                f"| {loss} | {seed} | {(place + 1) * row['every']} | {run['believed'][place]:.1%} "
                f"| {small:.2f} | {large:.2f} | {large / small:.0f} |"
            )
    return "\n".join(lines)


def distillation() -> str:
    results = json.loads((RESULTS / "distillation.json").read_text())
    sections = [
        "## A student and its teacher",
        "`python benchmarks/claims/distillation.py`: `distilled` (Aguinaldo et al., 2019,\n"
        "arXiv:1902.00159) learns from pairs of a latent and what its teacher drew from it.\n"
        "Seconds are those for 1,000 images, drawn in turns.",
    ]
    for name, words in STUDENTS.items():
        if name in results:
            words = words.format(num=results[name]["student"].get("num"))
            sections += [words, *_student(**results[name])]
    return "\n\n".join(sections)


STUDENTS = {
    "clothes": "**Clothes.** The student has half the width of its teacher, "
    "`dcgan_fashion_mnist`, and learns\nfrom 30,000 pairs. Frechet distances of 10,000 samples to "
    "the test images. Its loss\nhas a distance in the features of the same classifier, which "
    "flatters it there.",
    "faces": "**Faces.** The teacher is a ProGAN of 128 pixels that others trained on CelebA-HQ "
    "and that was\nimported; the student, `distilled_drawn_progan_faces`, draws 64 pixels, and had "
    "8,000 pairs, of\nwhich a tenth was held out. Frechet distance of {num:,} samples to as many "
    "images of the teacher.",
}


def _student(teacher: dict, student: dict) -> list[str]:
    """Returns the table of a student and its teacher, and what follows from it."""
    names, theirs = list(student["fid"]), teacher.get("fid", {})
    table = [
        "| | " + " | ".join(f"FID, {name}" for name in names) + " | parameters of G | seconds |",
        "|---|" + "---:|" * (2 + len(names)),
    ]
    for which, row in (("teacher", teacher), ("student", student)):
        fids = " | ".join(f"{row['fid'][n]:.2f}" if "fid" in row else "" for n in names)
        table.append(f"| {which} | {fids} | {row['parameters']:,} | {row['seconds']:.2f} |")
    differs = ", ".join(
        f"{student['fid'][name] / value - 1:+.0%} ({name})" for name, value in theirs.items()
    )
    said = f"Its distance differs from its teacher's by {differs}. " if theirs else ""
    size = student["parameters"] / teacher["parameters"]
    said += (
        f"The student has {size:.0%} of the parameters and draws "
        f"{teacher['seconds'] / student['seconds']:.1f} times as fast. From the same latents, "
        f"which it was not trained on, its images are {student['lpips']:.3f} from its teacher's in "
        f"LPIPS (VGG16), and {student['error']:.2f} in root mean square of pixels in [-1, 1]. It "
        f"was trained for {student['steps']:,} steps, {student['minutes']:.0f} minutes."
    )
    return ["\n".join(table), said]


def seqgan() -> str:
    results = json.loads((RESULTS / "seqgan.json").read_text())
    lines = [
        "## SeqGAN on synthetic data",
        "",
        "`python benchmarks/claims/seqgan.py`: negative log-likelihood in nats per token. The",
        "oracle, a random LSTM, generates sequences of 20 tokens from a vocabulary of 5,000.",
        "Published (arXiv:1609.05473): 9.038 for maximum likelihood and 8.736 for SeqGAN, on an",
        "oracle of the same kind with other random weights.",
        "",
        "The likelihood of samples under the oracle only measures quality. Diversity is measured",
        "by the likelihood of held-out sequences under G: policy gradient makes G more peaked,",
        "which makes sequences that it no longer generates less likely. The baseline is the",
        "generator trained by maximum likelihood at a lower temperature, chosen for the same",
        "likelihood under the oracle.",
        "",
        "| seed | training | samples, by the oracle | held-out data, by G | steps | minutes |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for seed, row in sorted(results.items()):
        if seed == "speed":
            continue
        names = {"mle": "maximum likelihood", "seqgan": "SeqGAN"}
        names["tempered"] = f"temperature {row['tempered']['temperature']:.2f}"
        steps = {"mle": row["mle_step"], "seqgan": row["steps"]}
        for key, name in names.items():
            cost = f"{steps[key]:,} | {row['seconds'][key] / 60:.0f}" if key in steps else "|"
            lines.append(
                f"| {seed} | {name} | {row[key]['oracle']:.3f} | {row[key]['data']:.3f} | {cost} |"
            )
    if speed := results.get("speed"):
        lines += [
            "",
            f"Roll-outs generate {speed['tokens_per_second']:,.0f} tokens per second on",
            f"{speed['hardware']}, and take {speed['share']:.0%} of the time of a policy gradient",
            "step.",
        ]
    return "\n".join(lines)


def poems() -> str:
    results = json.loads((RESULTS / "poems.json").read_text("utf-8"))
    lines = [
        "## SeqGAN on poems",
        "",
        "`python benchmarks/claims/poems.py`: Chinese quatrains of 20 characters. BLEU of",
        f"{results['samples']:,} samples, with the poems of the test split as references, and of",
        "real poems for comparison.",
        "",
        "| poems | BLEU-2 | BLEU-3 | BLEU-4 | steps | minutes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    figures = " | ".join(f"{x:.3f}" for x in results["real"])
    lines.append(f"| real, of the training split | {figures} | | |")
    for name, what in (("mle", "maximum likelihood"), ("seqgan", "SeqGAN")):
        row = results[name]
        figures = " | ".join(f"{x:.3f}" for x in row["bleu"])
        lines.append(f"| {what} | {figures} | {row['steps']:,} | {row['seconds'] / 60:.0f} |")
    shown = (results[name]["lines"] for name in ("mle", "seqgan"))
    lines += [
        "",
        "Samples of both, not cherry-picked:",
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
        "## Every variant with its defaults",
        "",
        "`python benchmarks/claims/every_variant.py`: `python train.py --model=X --dataset=mnist",
        f"--steps={steps}`, with canonical networks and learning rates, on a busy machine. After",
        "so few steps, the values only show that training works, not how good a variant is.",
        "",
        "| variant | minutes | metric | or error message |",
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
    "first_gradients": first_gradients,
    "distillation": distillation,
    "seqgan": seqgan,
    "poems": poems,
    "every_variant": every_variant,
}


def render() -> str:
    """Returns the page, with the sections whose results are available."""
    sections = [HEAD.rstrip()]
    sections += [make() for name, make in SECTIONS.items() if (RESULTS / f"{name}.json").exists()]
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
