"""Photos that are read, and what a projection leaves: pictures, codes, figures."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ganzoo.editing.projection import Projection
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.inference import pictures

WIDTH = 128  # pixels of each image in a picture, at least


def photo(path: Path, shape: Sequence[int]) -> np.ndarray:
    """Returns a photo, cropped to the middle and resized, uint8 of this shape (H, W, C).

    Raises:
        InputError: If it cannot be read.
    """
    height, width, channels = shape
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB" if channels == 3 else "L")
        fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read the photo {path}: {reason}.") from error
    return np.asarray(fitted).reshape(shape)


def write(out: Path, found: Projection, targets: np.ndarray, names: list[str]) -> None:
    """Writes a projection into a folder, which is made if it does not exist.

    `projection.png` shows each target and, below it, what was found; `film.png` a row for each
    target of what was drawn on the way, and the target last; `codes.npz` holds the codes, which
    other commands take; `projection.json` the figures.

    Raises:
        InputError: If it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out: cannot make the folder {out}: {error.strerror}.") from error
    count = len(targets)
    both = pictures.grid(np.concatenate([targets, found.images]), count)
    film = np.concatenate([found.film, targets[None]]).swapaxes(0, 1)
    rows = pictures.grid(film.reshape(-1, *targets.shape[1:]), film.shape[1])
    pictures.save_png(out / "projection.png", pictures.enlarged(both, WIDTH * count))
    pictures.save_png(out / "film.png", pictures.enlarged(rows, WIDTH * film.shape[1]))
    found.codes.save(out / "codes.npz")
    figures = {
        name: {"lpips": float(distance), "psnr": float(psnr)}
        for name, distance, psnr in zip(names, found.lpips, found.psnr, strict=True)
    }
    report = {"steps": found.steps, "generator": found.codes.generator, "images": figures}
    files.write_text(out / "projection.json", json.dumps(report, indent=1) + "\n")
