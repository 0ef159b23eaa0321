"""What the demo draws: from the values of a form to a picture. It knows nothing of the page."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from ganzoo import editing, zoo
from ganzoo.editing import files
from ganzoo.errors import InputError
from ganzoo.inference import drawing, pictures
from ganzoo.inference.sampler import Sampler
from ganzoo.inference.translator import Translator
from ganzoo.inference.truncated import TruncatedSampler

ANY = "any class"
DIRECTIONS, LOADED, FRAMES, RATE = 3, 4, 24, 24
FOLDER = tempfile.TemporaryDirectory(prefix="ganzoo-demo-")  # the page makes copies of its own


@functools.lru_cache(maxsize=LOADED)
def model(name: str):
    """Returns the model of this name or folder; the last few stay loaded."""
    return zoo.find(name)[0]()


def generator(name: str) -> Sampler:
    """Returns a generator of images.

    Raises:
        InputError: If it is something else.
    """
    found = model(name)
    if not isinstance(found, Sampler) or len(found.network.output_shape) != 4:
        raise InputError(f"{name}: expected a generator of images, got a {found.kind}.")
    return found


def choices() -> tuple[list[str], list[str]]:
    """Returns the names of the entries that generate images, and of those that translate them."""
    names = [*zoo.list_pretrained(), *zoo.list_imported()]
    kinds = {name: zoo.info(name)["metrics"].get("kind", "generator") for name in names}
    generators, translators = (
        [name for name in names if kinds[name].endswith(kind)]
        for kind in ("generator", "translator")
    )
    return generators, translators


def classes(name: str) -> list[str]:
    """Returns the names of the classes of a generator; none if it takes no labels."""
    found = generator(name)
    if not found.conditional:
        return []
    return list(found.class_names or map(str, range(found.num_classes)))


def mixes(name: str) -> bool:
    """Returns whether a generator has styles, which can be mixed."""
    return generator(name).space == "w"


def _codes(name: str, seeds: list[int], label: str | None, variety: float):
    """Returns codes of seeds, of one class or any.

    Args:
        name: The generator.
        seeds: Their seeds.
        label: A class, or None or `ANY`.
        variety: From above 0 to 1, for the truncation: of a generator with styles, and of BigGAN's
            published ones, it is that, else latents are truncated at twice that.
    """
    found = generator(name)
    own = found.keeps_latents or isinstance(found, TruncatedSampler)
    truncation = None if variety >= 1 else variety * (1.0 if own else 2.0)
    labels = None if label in (None, ANY) else [label] * len(seeds)
    return found.codes(seeds=seeds, labels=labels, truncation=truncation)


def _seeds(first: float, count: float) -> list[int]:
    """Returns consecutive seeds; a form's numbers may be floats."""
    return list(range(int(first), int(first) + int(count)))


def samples(name: str, seed: int, count: int, label: str | None, variety: float) -> np.ndarray:
    """Returns a grid of samples of `count` seeds, the first one `seed`: uint8 (H, W, 3)."""
    images = generator(name).synthesize(_codes(name, _seeds(seed, count), label, variety))
    return shown(pictures.grid(images), 512)


@functools.lru_cache(maxsize=4 * DIRECTIONS)
def _direction(name: str, place: int):
    return editing.direction(generator(name), f"pca:{place}")


def edited(name: str, seed: int, label: str | None, variety: float, *strengths) -> np.ndarray:
    """Returns a sample, and beside it the same moved along the first directions."""
    codes = moved = _codes(name, [int(seed)], label, variety)
    for place, strength in enumerate(strengths):
        if strength:
            moved = _direction(name, place).moved(moved, [strength])
    images = [generator(name).synthesize(each) for each in (codes, moved)]
    return shown(pictures.grid(np.concatenate(images), 2), 768)


def film(name: str, seed: int, count: int, label: str | None, variety: float) -> str:
    """Returns the path of a loop through the samples of `count` seeds, the first one `seed`."""
    codes = _codes(name, _seeds(seed, count), label, variety)
    drawing.loop(generator(name), codes, path := Path(FOLDER.name, "loop.webp"), FRAMES, RATE)
    return str(path)


def mixed(name: str, first: int, second: int, layers: str, variety: float) -> str:
    """Returns the path of a matrix: the styles of 4 seeds, with some layers of 4 others.

    Args:
        name: A generator with styles.
        first: The first seed of the rows.
        second: The first seed of the columns, whose `layers` the images have.
        layers: "coarse", "middle" or "fine".
        variety: As in `samples`.
    """
    rows, columns = (_codes(name, _seeds(seed, 4), None, variety) for seed in (first, second))
    drawing.mix(generator(name), rows, columns, layers, path := Path(FOLDER.name, "mix.png"))
    return str(path)


def translated(name: str, path: str, inverted: bool, seed: int) -> np.ndarray:
    """Returns a picture, as the translator takes it, and beside it its translation."""
    found = model(name)
    if not isinstance(found, Translator):
        raise InputError(f"{name}: expected a translator, got a {found.kind}.")
    image = files.photo(Path(path), found.image_shape)
    image = 255 - image if inverted else image
    output = found.translate(image[None], int(seed))
    return shown(pictures.grid(np.stack([_color(image), _color(output[0])]), 2), 768)


def projected(name: str, path: str, steps: int, progress=None) -> tuple[np.ndarray, str]:
    """Returns a picture, what the generator draws of it, and how near that is."""
    found = generator(name)
    target = files.photo(Path(path), found.network.output_shape[1:])[None]
    projection = editing.project(found, target, steps=int(steps), progress=progress)
    both = pictures.grid(np.concatenate([target, projection.images]), 2)
    figures = f"LPIPS {projection.lpips[0]:.3f}, PSNR {projection.psnr[0]:.1f} dB"
    return shown(both, 768), figures


def shown(picture: np.ndarray, side: int) -> np.ndarray:
    """Returns a picture in color, enlarged to about `side` pixels."""
    return _color(pictures.enlarged(picture, side))


def _color(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
