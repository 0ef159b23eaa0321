"""`ganzoo video`: a walk through the images of a generator."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli import sample
from ganzoo.cli.parser import positive, whole
from ganzoo.engine.quiet import import_tensorflow

SUFFIXES = (".gif", ".webp", ".mp4")


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    film = command(
        "video", _video, "film a loop through the images of seeds",
        "ganzoo video stylegan2_fashion_mnist --seeds=0-7 --out=loop.webp",
        "\nIt leads from the image of each seed to that of the next, and back to the first: along "
        "straight lines\nbetween styles where the generator has some, else along great circles "
        "between latents.", wait="Drawing frames",
    )  # fmt: skip
    sample.add_generator(film)
    sample.add_codes(film, "seeds to pass (default: 0-7)")
    film.add_argument(
        "--frames", type=whole(1, 1000), default=30, help="frames between two (default: 30)"
    )
    film.add_argument("--rate", type=positive, default=30, help="frames a second (default: 30)")
    film.add_argument(
        "--columns", type=whole(1, 100), default=1, help="loops side by side (default: 1)"
    )
    film.add_argument("--open", action="store_true", help="end at the last image, do not return")
    film.add_argument(
        "--out", type=Path, metavar="FILE",
        help=".gif, .webp or .mp4, which needs keras-ganzoo[video] (default: NAME.webp)",
    )  # fmt: skip


def _video(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.name)
    out = sample.checked(args.out or Path(f"{name}.webp"), SUFFIXES)
    import_tensorflow()
    from ganzoo.inference import drawing

    given = args.seeds if args.seeds or args.codes else list(range(8))
    sampler = sample.generator(load())
    codes = drawing.chosen(sampler, args.codes, given, args.labels, args.truncation)
    print(
        drawing.loop(
            sampler, codes, out, args.frames, args.rate, args.columns, args.noise, args.open
        )
    )
    return 0
