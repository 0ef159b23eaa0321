"""`ganzoo sample`: images, or sequences, from a generator."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli.parser import labels, positive, seeds, whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError

SUFFIXES = (".png", ".npz", ".txt", "")


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    draw = command(
        "sample", _sample, "draw images from a generator",
        "ganzoo sample wgan_gp_fashion_mnist --num=64 --seed=0 --out=grid.png",
        "\nThe same seed draws the same images.", wait="Drawing images",
    )  # fmt: skip
    add_generator(draw)
    draw.add_argument(
        "--num", type=whole(1, 10_000), default=64, help="number of images (default: 64)"
    )
    draw.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="(default: 0)")
    draw.add_argument(
        "--seeds", type=seeds, metavar="A-B", help="one image of each seed, as 0-15 or 1,5,9"
    )
    draw.add_argument("--codes", type=Path, metavar="FILE", help="draw the codes in a .npz")
    draw.add_argument(
        "--sheet", action="store_true", help="a grid with the seed and class below each image"
    )
    draw.add_argument(
        "--interpolate", type=whole(2, 100), metavar="N",
        help="rows of N images, along the great circle from one latent to another",
    )  # fmt: skip
    draw.add_argument(
        "--rejection", type=float, nargs="?", const=80.0, metavar="PERCENTILE",
        help="let the generator's critic refuse samples that it does not believe; the larger, the "
        "more (80 if no number is given)",
    )  # fmt: skip
    draw.add_argument(
        "--refine", type=whole(1, 10_000), nargs="?", const=100, metavar="STEPS",
        help="move each sample along the critic's gradient (100 steps if no number is given)",
    )  # fmt: skip
    draw.add_argument(
        "--out", type=Path, metavar="FILE",
        help="a .png for a grid, a .npz for the array `images` and their codes, a folder for "
        "single images "
        "(default: <name>.png); a .txt for sequences, which are printed by default",
    )  # fmt: skip


def add_generator(parser: argparse.ArgumentParser) -> None:
    """Adds what every command takes that draws: the generator, and how it draws."""
    parser.add_argument(
        "name", metavar="NAME_OR_PATH", help="a name from `ganzoo list`, a SavedModel or a run"
    )
    parser.add_argument(
        "--labels", type=labels, metavar="CLASSES",
        help="classes of a conditional generator by number or name, repeated as needed",
    )  # fmt: skip
    parser.add_argument(
        "--truncation", type=positive, metavar="T",
        help="draw latents from the normal truncated at T: below 2, better and less varied images; "
        "for a generator with styles, the factor of their distance from the mean: below 1",
    )  # fmt: skip
    parser.add_argument(
        "--noise", choices=("const", "random", "none"),
        help="noise of the layers that add some (default: as it was made, mostly const)",
    )  # fmt: skip


def add_codes(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds the seeds or the codes that a command begins with; see `drawing.chosen`."""
    parser.add_argument("--seeds", type=seeds, metavar="A-B", help=what)
    parser.add_argument("--codes", type=Path, metavar="FILE", help="a .npz of codes instead")


def checked(out: Path, suffixes: Sequence[str]) -> Path:
    """Returns the file to write.

    Raises:
        InputError: If its suffix is another one, or its folder does not exist.
    """
    if out.suffix not in suffixes:
        *others, last = [suffix for suffix in suffixes if suffix]
        names = f"{', '.join(others)} or {last}" if others else last
        folder = ", or a folder" if "" in suffixes else ""
        raise InputError(f"--out: expected a name that ends in {names}{folder}, got {str(out)!r}.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected an existing folder, got {str(out.parent)!r}.")
    return out


def generator(model):
    """Returns a loaded model.

    Raises:
        InputError: If it is no generator of images, which has a latent space.
    """
    if not hasattr(model, "synthesize"):
        raise InputError(f"expected a generator of images, got a {model.kind}.")
    return model


def _sample(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.name)
    if args.out is not None:
        checked(args.out, SUFFIXES)
    import_tensorflow()
    print(
        load().write_samples(
            args.out, args.num, args.seed, name=name, labels=args.labels,
            truncation=args.truncation, interpolate=args.interpolate, seeds=args.seeds,
            codes=args.codes, noise=args.noise, sheet=args.sheet, rejection=args.rejection,
            refine=args.refine,
        )
    )  # fmt: skip
    return 0
