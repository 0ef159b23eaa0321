"""Pictures: grids of samples, scatter plots of points, training curves."""

import math
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from ganzoo.engine import files, pixels

_SIGNALS = 16  # that are drawn in a plot
CELL, GAP, LINE = 112, 8, 16  # pixels of a contact sheet: an image, a gap, a line of text


def grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Joins images (N, H, W, C) to a grid (rows H, columns W, 1 or 3), by default about square.

    Images of 2 channels show the first, those of more than 3 the first three. Of volumes (N, D, H,
    W, C) the middle slice is shown. Signals (N, T, C) are drawn as curves, points (N, D) as a
    scatter plot of their first two coordinates, single numbers (N, 1) as a histogram.

    Args:
        images: uint8, or floats in [-1, 1] that are no images.
        columns: Number of columns.
    """
    images = np.asarray(images)
    if images.ndim < 4:
        return plot(images)
    while images.ndim > 4:
        images = images[:, images.shape[1] // 2]
    if images.dtype != np.uint8:
        images = np.asarray(pixels.to_uint8(images))
    images = images[..., : 3 if images.shape[3] >= 3 else 1]
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    empty = np.full((rows * columns - count, height, width, channels), 255, "uint8")
    cells = np.concatenate([images, empty]).reshape(rows, columns, height, width, channels)
    return cells.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def sheet(images: np.ndarray, captions: Sequence[str], columns: int | None = None) -> np.ndarray:
    """Returns a contact sheet, uint8 (H, W, 3): a grid with a line of text below each image.

    Args:
        images: As in `grid`.
        captions: The text of each image; what does not fit is cut off.
        columns: Number of columns.
    """
    side = max(CELL, np.asarray(images).shape[2] if np.ndim(images) > 3 else CELL)
    cells = []
    for image, caption in zip(images, captions, strict=True):
        picture = enlarged(grid(image[None]), side)
        cell = Image.new("RGB", (picture.shape[1] + GAP, picture.shape[0] + LINE), "white")
        picture = np.broadcast_to(picture, (*picture.shape[:2], 3))
        cell.paste(Image.fromarray(np.ascontiguousarray(picture)), (0, 0))
        ImageDraw.Draw(cell).text((1, picture.shape[0] + 1), caption, fill="black")
        cells.append(np.asarray(cell))
    return grid(np.stack(cells), columns)


def plot(samples: np.ndarray) -> np.ndarray:
    """Returns a plot of points (N, D) or of the first signals (N, T, C), uint8 (400, 400, 3)."""
    figure = Figure((4, 4), dpi=100)
    axes = figure.add_subplot()
    if samples.ndim == 3:
        for signal in samples[:_SIGNALS]:
            axes.plot(signal, alpha=0.5, linewidth=1)
    elif samples.shape[1] == 1:
        axes.hist(samples[:, 0], bins=50)
    else:
        axes.scatter(samples[:, 0], samples[:, 1], s=4, alpha=0.5)
        axes.set_aspect("equal", adjustable="datalim")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def enlarged(image: np.ndarray, side: int = 448) -> np.ndarray:
    """Enlarges a picture (H, W, C) to a width of about `side` by repeating pixels."""
    factor = max(1, side // image.shape[1])
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def save_png(path, image: np.ndarray) -> None:
    """Writes a uint8 picture (H, W, C) of 1, 3 or 4 channels to a PNG file, atomically."""
    with files.replacing(path, ".png") as temporary:
        _encode(image, temporary)


def save_pngs(folder, images: dict[str, np.ndarray]) -> None:
    """Writes uint8 pictures (H, W, C) to PNG files of these names in a folder, each whole.

    Unlike `save_png`, it does not wait until each file is on the disk, which takes several times as
    long as drawing a small image.
    """
    folder = Path(folder)
    parts = files.temporary_path(folder / "images")
    parts.mkdir()
    try:
        for name, image in images.items():
            _encode(image, parts / name)
            os.replace(parts / name, folder / name)
    finally:
        files.remove(parts)


def _encode(image: np.ndarray, path: Path) -> None:
    image = np.asarray(image)
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(path, "png")


def curves(path, rows: list[dict], measured: Collection[str] = ()) -> None:
    """Plots the loss terms, the gradient norms and what is measured of a run against its steps.

    Args:
        path: PNG file to write.
        rows: One dict per epoch, with `step` and the logs of `GAN.train_step`.
        measured: Names of the logs that measure samples; those that no row has are left out.
    """
    names = [n for n in rows[-1] if n.startswith(("d_", "g_"))]
    panels = {
        "loss terms": [n for n in names if not n.endswith("_grad_norm")],
        "gradient norm": [n for n in names if n.endswith("_grad_norm")],
        "measured": [n for n in measured if any(row.get(n) is not None for row in rows)],
    }
    panels = {label: names for label, names in panels.items() if names or label != "measured"}
    with matplotlib.rc_context({"axes.grid": True, "grid.alpha": 0.3}):
        figure = Figure((7, 3 * len(panels)), dpi=100)  # a layout engine would take twice as long
        figure.subplots_adjust(0.12, 0.16 / len(panels), 0.98, 0.98, hspace=0.08)
        for axis, (label, names) in zip(
            figure.subplots(len(panels), 1, sharex=True), panels.items(), strict=True
        ):
            for name in names:
                points = [(row["step"], row[name]) for row in rows if row.get(name) is not None]
                axis.plot(*zip(*points, strict=True) if points else ([], []), label=name)
            axis.set_ylabel(label)
            axis.set_yscale("log" if label == "gradient norm" else "linear")
            axis.legend(loc="best", fontsize="small")
    axis.set_xlabel("step")
    with files.replacing(path, ".png") as temporary:
        figure.savefig(temporary)
