"""`ganzoo translate`: translates an image, or a folder of images, by a trained translator."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli.parser import whole
from ganzoo.engine import progress
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError, unknown

DIRECTIONS = ("x_to_y", "y_to_x")
_BATCH = 64  # number of images in memory at a time


def add(command: Callable) -> None:
    """Adds the command to the parser."""
    parser = command(
        "translate", translate, "translate an image, or a folder of images",
        "ganzoo translate runs/pix2pix_edges_fashion_mnist drawing.png --out=cloth.png",
        "\nImages are resized to cover the network's input size, and cropped at the center. The "
        "translations\nof a folder have the names of the images, with the suffix .png.",
        wait="Translating",
    )  # fmt: skip
    parser.add_argument(
        "name", metavar="NAME_OR_PATH", help="a name from `ganzoo list`, a SavedModel or a run"
    )
    parser.add_argument("images", metavar="IN", type=Path, help="an image, or a folder of images")
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="OUT",
        help="a .png file; or a folder if IN is one",
    )
    parser.add_argument(
        "--direction", metavar="WAY", help="x_to_y or y_to_x, if a run has learned both"
    )
    parser.add_argument(
        "--seed", type=whole(0, 2**31 - 1), default=0, help="seed of the noise (default: 0)"
    )


def translate(args: argparse.Namespace) -> int:
    """Translates the images."""
    if args.direction not in (None, *DIRECTIONS):
        raise unknown("direction", args.direction, DIRECTIONS)
    if not args.images.exists():
        raise InputError(f"expected an image or a folder of images, got no {args.images}.")
    folder = args.images.is_dir()
    if not folder and args.out.suffix != ".png":
        raise InputError(f"--out: expected a name that ends in .png, got {str(args.out)!r}.")
    if not args.out.absolute().parent.is_dir():
        raise InputError(f"--out: expected an existing folder, got {str(args.out.parent)!r}.")
    if folder and args.out.exists() and not args.out.is_dir():
        raise InputError(f"--out: expected a folder, since IN is one, got {str(args.out)!r}.")
    load, stem = zoo.find(_location(args.name, args.direction))
    import_tensorflow()
    translator = load()
    if not hasattr(translator, "translate"):
        raise InputError(f"{args.name} is not a translator. Try: ganzoo sample {args.name}")
    if args.direction not in (None, translator.direction):
        raise InputError(f"--direction: {stem} only translates {translator.direction}.")
    from ganzoo.data.tree import Tree

    pairs = [(args.images, args.out)]
    if folder:
        tree = Tree(str(args.images))
        names = [Path(tree.name(i)) for i in range(len(tree))]
        if len({name.with_suffix("") for name in names}) < len(names):
            raise InputError(f"{args.images} has images whose names differ only in the suffix.")
        pairs = [(args.images / name, args.out / name.with_suffix(".png")) for name in names]
        if not pairs:
            raise InputError(f"no images in {args.images}: expected {tree.expected}.")
    for start in progress.counted(range(0, len(pairs), _BATCH)):
        _translate(translator, pairs[start : start + _BATCH], args.seed)
    print(f"{len(pairs)} images, {translator.direction}, seed {args.seed}: {args.out}")
    return 0


def _location(name: str, direction: str | None) -> str:
    """Returns the path of the translator of that direction if `name` is a run, else `name`."""
    path = Path(name, f"saved_model_{direction}")
    return str(path) if path.is_dir() else name


def _translate(translator, pairs: list[tuple[Path, Path]], seed: int) -> None:
    import numpy as np

    from ganzoo.data import folder
    from ganzoo.inference import pictures

    height, width, channels = translator.image_shape
    images = np.stack([folder.read(path, (height, width), channels) for path, _ in pairs])
    for (_, out), image in zip(pairs, translator.translate(images, seed), strict=True):
        out.parent.mkdir(parents=True, exist_ok=True)
        pictures.save_png(out, image)
