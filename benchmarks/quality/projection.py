"""How well images are projected into generators. Writes results/projection.json.

    python benchmarks/quality/projection.py   # goes on where it stopped

Images that a generator drew itself, with other seeds, and images that it never saw, test images or
a photo that matplotlib carries, are projected into it with 300 steps. Requires Fashion-MNIST and
the weights of LPIPS. Also writes docs/projection.md and its pictures.
"""

import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib.cbook  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from ganzoo import data, editing, zoo  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.inference import pictures  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "projection.json"
PAGE = ROOT / "docs" / "projection.md"
SEED, STEPS = 1000, 300
CASES = {  # entry, kind of images -> their number
    ("stylegan2_fashion_mnist", "its own"): 32,
    ("stylegan2_fashion_mnist", "test"): 8,
    ("dcgan_fashion_mnist", "its own"): 32,
    ("dcgan_fashion_mnist", "test"): 8,
    ("distilled_drawn_progan_faces", "its own"): 8,
    ("distilled_drawn_progan_faces", "photo"): 1,
}
FACE = (120, 90, 390, 360)  # where the face is in matplotlib's photo of Grace Hopper
HEAD = """# Projection

`ganzoo project photo.png --into=NAME --out=DIR` finds the codes with which a generator draws an
image, by optimization (Karras et al., 2020, arXiv:1912.04958, appendix D). The table is written by
`python benchmarks/quality/projection.py`: {steps} steps, LPIPS by VGG16 and pixels; "its own" are
images that the generator drew itself, "test" are test images of its data set, and "photo" is the
face of Grace Hopper in a photo of the U.S. Navy, which matplotlib carries. Means; in brackets the
worst image.

| generator | space | images | number | LPIPS | PSNR, dB | seconds an image |
|---|---|---|---|---|---|---|
"""
TAIL = """
Images that it drew are found again by the styles of StyleGAN. Latents are harder to find: the
surface that they draw is curved, and the search may end in another face. Other images are not what
a generator would draw by itself, and how near it comes says how much of the data it covers. In each
picture, the images and, below them, what was found:
"""


def carry_out(name: str, kind: str, num: int) -> dict:
    """Projects images into an entry, draws them, and returns what was measured."""
    generator = zoo.load_pretrained(name)
    if kind == "test":
        targets, _ = data.arrays("fashion_mnist", "test", limit=num)
    elif kind == "photo":
        targets = photo(generator.network.output_shape[1:])
    else:
        targets = generator.sample(num, seed=SEED)
    start = time.monotonic()
    found = editing.project(generator, targets, steps=STEPS)
    seconds = time.monotonic() - start
    shown = min(num, 16)
    picture = pictures.grid(np.concatenate([targets[:shown], found.images[:shown]]), shown)
    path = PAGE.with_suffix("") / f"{name}_{kind.replace(' ', '_')}.png"
    path.parent.mkdir(exist_ok=True)
    pictures.save_png(path, pictures.enlarged(picture, max(2 * picture.shape[1], 256)))
    return {
        "space": "w+" if found.codes.space == "w" else "z",
        "num": num,
        "steps": found.steps,
        "lpips": found.lpips.tolist(),
        "psnr": found.psnr.tolist(),
        "seconds": round(seconds / num, 1),
        "picture": path.relative_to(PAGE.parent).as_posix(),
    }


def photo(shape) -> np.ndarray:
    """Returns the face of the photo, uint8 (1, *shape)."""
    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    face = Image.open(path).convert("RGB").crop(FACE)
    return np.asarray(face.resize(shape[1::-1], Image.Resampling.LANCZOS))[None]


def page(rows: dict) -> str:
    """Returns the page as Markdown."""
    lines, shown = [], []
    for key, row in rows.items():
        name, kind = key.split(", ")
        figures = f"{np.mean(row['lpips']):.3f} ({max(row['lpips']):.3f}) | "
        figures += f"{np.mean(row['psnr']):.1f} ({min(row['psnr']):.1f}) | {row['seconds']}"
        lines.append(f"| {name} | {row['space']} | {kind} | {row['num']} | {figures} |")
        shown.append(f"\n{name}, {kind}:\n\n![Images and their projections]({row['picture']})")
    return HEAD.format(steps=STEPS) + "\n".join(lines) + "\n" + TAIL + "\n".join(shown) + "\n"


def main() -> None:
    rows = json.loads(PATH.read_text()) if PATH.exists() else {}
    for (name, kind), num in CASES.items():
        key = f"{name}, {kind}"
        if key not in rows:
            rows[key] = carry_out(name, kind, num)
            print(key, np.mean(rows[key]["lpips"]), np.mean(rows[key]["psnr"]), flush=True)
            files.write_text(PATH, json.dumps(rows, indent=1) + "\n")
        files.write_text(PAGE, page(rows))


if __name__ == "__main__":
    main()
