"""`ganzoo sample`: images, or sequences, from a generator."""

import argparse
from collections.abc import Callable
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
        "\nThe same seed draws the same images.",
    )  # fmt: skip
    draw.add_argument(
        "name", metavar="NAME_OR_PATH", help="a name from `ganzoo list`, a SavedModel or a run"
    )
    draw.add_argument(
        "--num", type=whole(1, 10_000), default=64, help="number of images (default: 64)"
    )
    draw.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="(default: 0)")
    draw.add_argument(
        "--seeds", type=seeds, metavar="A-B", help="one image of each seed, in place of --num"
    )
    draw.add_argument(
        "--labels", type=labels, metavar="CLASSES",
        help="classes of a conditional generator by number or name, repeated up to --num",
    )  # fmt: skip
    draw.add_argument(
        "--truncation", type=positive, metavar="T",
        help="draw latents from the normal truncated at T: below 2, better and less varied images; "
        "for a generator with styles, the factor of their distance from the mean: below 1",
    )  # fmt: skip
    draw.add_argument(
        "--interpolate", type=whole(2, 100), metavar="N",
        help="rows of N images, along the great circle from one latent to another",
    )  # fmt: skip
    draw.add_argument(
        "--out", type=Path, metavar="FILE",
        help="a .png for a grid, a .npz for the array `images`, a folder for single images "
        "(default: <name>.png); a .txt for sequences, which are printed by default",
    )  # fmt: skip


def _sample(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.name)
    if args.out is not None:
        if args.out.suffix not in SUFFIXES:
            raise InputError(
                "--out: expected a name that ends in .png, .npz or .txt, or a folder, got "
                f"{str(args.out)!r}."
            )
        if not args.out.absolute().parent.is_dir():
            raise InputError(f"--out: expected an existing folder, got {str(args.out.parent)!r}.")
    import_tensorflow()
    print(
        load().write_samples(
            args.out, args.num, args.seed, name=name, labels=args.labels,
            truncation=args.truncation, interpolate=args.interpolate, seeds=args.seeds,
        )
    )  # fmt: skip
    return 0
