"""Sections about networks that learn from other images or networks."""


def translation(translation: dict) -> str:
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
    for name, row in translation.items():
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


def distillation(distillation: dict) -> str:
    sections = [
        "## A student and its teacher",
        "`python benchmarks/claims/distillation.py`: `distilled` (Aguinaldo et al., 2019,\n"
        "arXiv:1902.00159) learns from pairs of a latent and what its teacher drew from it.\n"
        "Seconds are those for 1,000 images, drawn in turns.",
    ]
    for name, words in STUDENTS.items():
        if name in distillation:
            words = words.format(num=distillation[name]["student"].get("num"))
            sections += [words, *_student(**distillation[name])]
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
