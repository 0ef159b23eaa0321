"""`ganzoo mix`: a matrix of images, each with the styles of two others."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli import sample
from ganzoo.cli.parser import seeds
from ganzoo.engine.quiet import import_tensorflow


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    join = command(
        "mix", _mix, "mix the styles of images, of a generator with styles",
        "ganzoo mix stylegan2_fashion_mnist --rows=0-3 --columns=4-9 --layers=middle",
        "\nEach image has the styles of its row, but for the named layers: those of its column.",
        wait="Drawing images",
    )  # fmt: skip
    sample.add_generator(join)
    join.add_argument("--rows", type=seeds, required=True, metavar="A-B", help="seeds of the rows")
    join.add_argument(
        "--columns", type=seeds, required=True, metavar="A-B", help="seeds of the columns"
    )
    join.add_argument(
        "--layers", default="coarse", metavar="WHICH",
        help="coarse, middle, fine, or numbers as 2-5; 0 is the coarsest (default: coarse)",
    )  # fmt: skip
    join.add_argument("--out", type=Path, metavar="FILE", help=".png (default: NAME_mix.png)")


def _mix(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.name)
    out = sample.checked(args.out or Path(f"{name}_mix.png"), (".png",))
    import_tensorflow()
    from ganzoo.inference import drawing

    sampler = sample.generator(load())
    sides = [
        drawing.chosen(sampler, None, side, args.labels, args.truncation)
        for side in (args.rows, args.columns)
    ]
    print(drawing.mix(sampler, *sides, args.layers, out, args.noise))
    return 0
