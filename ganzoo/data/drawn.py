"""`drawn:NAME`: images that a generator drew, with the latents that it drew them from.

A generator becomes a data set: to teach a smaller one (see `gans.Distilled`), or to measure against
it. The images are drawn once, in parts, and kept in the folder of imported data; a drawing that was
interrupted goes on where it stopped.
"""

import dataclasses
import re

import keras
import numpy as np

from ganzoo.data import store
from ganzoo.data.source import Memory, chosen, kept
from ganzoo.errors import InputError, unknown

COUNT = 10_000  # images of the split "train", unless told otherwise; the split "test" has a tenth
PART = 250  # images in a file
SPLITS = ("train", "test")
SEED = 1 << 20  # where the seeds of the parts begin, apart from those that people take


class Drawn(Memory):
    """Images, and the `latents` (N, D) that each was drawn from, in memory.

    Args:
        latents: float32 (N, D).
        *args: As of `Memory`.
    """

    def __init__(self, latents: np.ndarray, *args):
        super().__init__(*args)
        self._latents = latents
        self.info = dataclasses.replace(self.info, teacher_dim=latents.shape[1])

    def examples(self, limit):
        """Returns images, latents and labels, all or a fixed random subset of size `limit`."""
        latents = self._latents
        if limit is not None:
            latents = latents[chosen(len(latents), limit)]
        return super().examples(limit) | {"latents": latents}

    def part(self, keep):
        """See `Source.part`."""
        part = super().part(keep)
        part._latents = self._latents[kept(range(len(self._latents)), keep)]
        return part


def source(argument: str, split: str, image_size=None, channels=None, data_dir=None) -> Drawn:
    """Returns the images that a generator draws, drawn now if they were not before.

    Args:
        argument: `NAME`, or `COUNT:NAME` for another number of images. NAME is an entry, a run, a
            SavedModel or FAMILY:FILE.
        split: "train", or "test", which has a tenth as many.
        image_size: (height, width) to resize to, or None.
        channels: 1 or 3 to convert to, or None.
        data_dir: Where they are kept; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If there is no such generator or split, or the images cannot be kept.
    """
    from ganzoo import zoo  # here, since the zoo is a room above this one

    if split not in SPLITS:
        raise unknown("split of drawn images", split, SPLITS)
    match = re.fullmatch(r"(?:(\d+):)?(.+)", argument)
    count = int(match[1] or COUNT) // (1 if split == "train" else 10)
    if not count:
        raise InputError(f"drawn:{argument}: expected at least 10 images.")
    generator = zoo.find(match[2])[0]()
    if not hasattr(generator, "latents"):
        raise InputError(f"drawn:{match[2]}: expected a generator, got a {generator.kind}.")
    parts = _parts(generator, split, count, data_dir)
    images, latents, labels = (
        np.concatenate([part[key] for part in parts])[:count] if key in parts[0] else None
        for key in ("images", "latents", "labels")
    )
    names = None
    if labels is not None:
        classes = range(generator.num_classes)
        names = tuple(generator.class_names or map(str, classes))
    name = f"drawn:{argument}"
    return Drawn(latents, name, split, images, labels, names, image_size, channels)


def _parts(generator, split: str, count: int, data_dir) -> list[dict]:
    """Returns the arrays of each part; draws and keeps those that are not there yet."""
    folder = store.folder(data_dir) / "drawn"
    stem = f"{generator.fingerprint}_{split}"
    numbers, found, bar = range(-(-count // PART)), [], None
    for number in numbers:
        path = folder / f"{stem}_{number:04}.npz"
        if not path.is_file():
            bar = bar or keras.utils.Progbar(len(numbers), unit_name="part")
            store.save(f"drawn/{path.stem}", _drawn(generator, split, number), data_dir)
            bar.update(number + 1)
        found.append(store.load(path))
    return found


def _drawn(generator, split: str, number: int) -> dict:
    """Returns one part: a pure function of the generator, the split and the number."""
    seed = SEED + 2 * number + SPLITS.index(split)
    latents = np.asarray(generator.latents(PART, seed))
    found = {"latents": latents}
    if generator.conditional:
        found["labels"] = np.asarray(generator.labels(PART, seed))
    images = generator.sample(latents=latents, labels=found.get("labels"), seed=seed)
    return found | {"images": images}
