"""What the commands draw with a generator: grids, contact sheets, mixing matrices, videos.

Each function takes a `Sampler`, and returns a line that says what was done.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ganzoo import latents as paths
from ganzoo.errors import InputError
from ganzoo.inference import pictures, video
from ganzoo.inference.codes import Codes, layers_of

BLANK = 255  # the corner of a matrix


def chosen(sampler, codes: Path | None, seeds: list[int] | None, labels, truncation) -> Codes:
    """Returns the codes in a file, or of seeds.

    Raises:
        InputError: If there is neither or both, or the file is of another generator.
    """
    if (codes is None) == (seeds is None):
        raise InputError("expected --seeds or --codes, one of them.")
    if seeds is not None:
        return sampler.codes(
            seeds=seeds, labels=repeated(labels, len(seeds)), truncation=truncation
        )
    found = Codes.load(codes)
    found.check(sampler.fingerprint, sampler.space, f"{codes}: ")
    if labels is not None:
        found.labels = sampler._class_numbers(repeated(labels, len(found)))
    return found


def repeated(items: list | None, count: int) -> list | None:
    """Returns a list repeated up to a number of items; None for None."""
    return None if items is None else [items[i % len(items)] for i in range(count)]


# --- samples


def write(
    sampler, out: Path | None, num: int, seed: int, *, name: str, labels=None, truncation=None,
    interpolate=None, seeds=None, codes=None, noise=None, sheet=False, rejection=None, refine=None,
) -> str:  # fmt: skip
    """Writes a grid of images (.png), an archive (.npz) or a folder of single images.

    An archive holds `images`, and their codes, which other commands take. In a grid of a
    conditional generator each class is a column.

    Args:
        sampler: The generator.
        out: The file or folder; by default `<name>.png`.
        num: Number of images.
        seed: Their seed.
        name: Name of the generator, for the file.
        labels: Classes, by number or name, repeated up to the number of images.
        truncation: As in `Sampler.sample`.
        interpolate: Images of each row, from one latent to another; None for random images.
        seeds: A list of seeds, of one image each.
        codes: A file of codes to draw.
        noise: As in `Sampler.synthesize`.
        sheet: Whether the grid says below each image what it is.
        rejection: As in `Sampler.sample`.
        refine: As in `Sampler.sample`.

    Raises:
        InputError: If an option does not fit the generator or another option.
    """
    out = out or Path(f"{name}.png")
    if out.suffix not in (".png", ".npz", ""):
        raise InputError(
            f"--out: expected a .png or .npz file for images, or a folder, got {str(out)!r}."
        )
    if sheet and (out.suffix != ".png" or interpolate):
        raise InputError("--sheet: expected a .png without --interpolate.")
    if codes is not None and (seeds or interpolate):
        raise InputError("--codes: expected neither --seeds nor --interpolate beside it.")
    if seeds and interpolate:
        raise InputError("--seeds: a path between two latents has a single --seed.")
    if (codes or interpolate) and (rejection, refine) != (None, None):
        raise InputError("--rejection and --refine: expected neither --codes nor --interpolate.")
    columns = interpolate
    if codes is not None:
        drawn = chosen(sampler, codes, None, labels, truncation)
    elif interpolate:
        drawn = _paths(sampler, num, seed, labels, truncation, interpolate)
    else:
        count = len(seeds) if seeds else num
        if labels is None and sampler.conditional and out.suffix == ".png":
            labels = list(range(sampler.num_classes)) if count >= sampler.num_classes else None
        columns = len(labels) if labels else None
        labels = repeated(labels, count)
        drawn = sampler.codes(None if seeds else count, seed, seeds=seeds, labels=labels,
                              truncation=truncation, rejection=rejection,
                              refine=refine)  # fmt: skip
    images = sampler.synthesize(drawn, noise=noise, seed=seed)
    if out.suffix == ".npz":
        drawn.save(out, images=images)
    elif out.suffix == ".png":
        if sheet:
            picture = pictures.sheet(images, _captions(sampler, drawn, seeds), columns)
        else:
            picture = pictures.grid(images, columns)
        pictures.save_png(out, picture)
    else:
        named = zip(seeds or range(len(images)), images, strict=True)
        pictures.save_pngs(out, {f"{n:05d}.png": pictures.grid(image[None]) for n, image in named})
    which = f"seeds {seeds[0]} to {seeds[-1]}" if seeds else f"seed {seed}"
    return f"{len(images)} images, {codes or which}: {out}"


def _paths(sampler, num: int, seed: int, labels, truncation, columns: int) -> Codes:
    """Returns the codes of rows, each along the great circle from one latent to another."""
    rows = -(-num // columns)
    of_ends = None if sampler.keeps_latents else truncation
    latents = paths.paths(sampler.latents(2 * rows, seed, of_ends), columns)
    if labels is not None:
        labels = np.repeat(repeated(labels, rows), columns)
    elif sampler.conditional:
        labels = np.repeat(np.asarray(sampler.labels(rows, seed)), columns)
    return sampler.codes_of(latents, labels, truncation)


def _captions(sampler, codes: Codes, seeds: list[int] | None) -> list[str]:
    """Returns what stands below each image of a sheet: its seed or number, and its class."""
    numbers = [f"seed {seed}" for seed in seeds] if seeds else map(str, range(len(codes)))
    if codes.labels is None:
        return list(numbers)
    names = sampler.class_names or range(sampler.num_classes)
    labels = codes.labels.argmax(1) if codes.labels.ndim == 2 else codes.labels
    return [f"{n}, {names[label]}" for n, label in zip(numbers, labels, strict=True)]


# --- mixing


def mix(sampler, rows: Codes, columns: Codes, layers: str, out: Path, noise=None) -> str:
    """Writes a matrix: each image has the row's styles, but for those layers, which the column has.

    The first column and the first row show the images that are mixed.

    Raises:
        InputError: If the generator has no styles, or no such layers.
    """
    which = layers_of(layers, rows.values.shape[1]) if rows.space == "w" else []
    mixed = sampler.synthesize(rows.mixed(columns, which), noise=noise)
    left, top = (sampler.synthesize(codes, noise=noise) for codes in (rows, columns))
    corner = np.full_like(top[:1], BLANK)
    body = mixed.reshape(len(rows), len(columns), *mixed.shape[1:])
    lines = [corner, top]
    for first, line in zip(left, body, strict=True):
        lines += [first[None], line]
    picture = pictures.grid(np.concatenate(lines), 1 + len(columns))
    pictures.save_png(out, pictures.enlarged(picture, 64 * (1 + len(columns))))
    return f"{len(rows)} x {len(columns)} images, layers {layers} of the columns: {out}"


# --- videos


def loop(
    sampler, codes: Codes, out: Path, frames: int, rate: float, columns: int = 1, noise=None,
    open_ended: bool = False,
) -> str:  # fmt: skip
    """Writes a video that leads from each of the codes to the next and back to the first.

    Args:
        sampler: The generator.
        codes: The points of the path.
        out: A file; see `video.SUFFIXES`.
        frames: Frames from one point to the next.
        rate: Frames per second.
        columns: Loops side by side; the points are dealt to them in turn.
        noise: As in `Sampler.synthesize`.
        open_ended: Whether it ends at the last point.

    Raises:
        InputError: If there are fewer than two points for each loop, or the file cannot be written.
    """
    parts = [codes[place::columns] for place in range(columns)]
    length = min(len(part) for part in parts)
    tracks = [part[:length].path(frames, not open_ended) for part in parts]
    count = len(tracks[0])

    def pieces() -> Iterator[np.ndarray]:
        size = max(1, sampler.batch_size // columns)
        for start in range(0, count, size):
            drawn = [sampler.synthesize(track[start : start + size], noise=noise)
                     for track in tracks]  # fmt: skip
            for frame in zip(*drawn, strict=True):
                yield pictures.enlarged(pictures.grid(np.stack(frame)), 256)

    video.write(out, pieces(), count, rate)
    return f"{count} frames, {count / rate:.1f} s: {out}"
