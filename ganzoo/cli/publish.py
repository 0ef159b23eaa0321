"""`ganzoo publish`: a finished run becomes an entry of the zoo."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo.cli import evaluate
from ganzoo.cli.parser import WHICH, whole
from ganzoo.engine.quiet import import_tensorflow


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    put = command(
        "publish", _publish, "make a finished run an entry of the zoo, in a checkout",
        "ganzoo publish runs/x --entry=wgan_gp_fashion_mnist",
        "\nThen it is measured, as `ganzoo evaluate` does.",
    )  # fmt: skip
    put.add_argument("run", metavar="RUN", type=Path, help="the --run_dir of the training")
    put.add_argument(
        "--entry", required=True, metavar="NAME", help="<model>_<dataset>, or that with _<suffix>"
    )
    put.add_argument(
        "--version", type=whole(1, 10**6), metavar="N",
        help="publish as this version (default: replace the last one)",
    )  # fmt: skip
    put.add_argument("--which", metavar="NAME", help=WHICH)
    put.add_argument("--unmeasured", action="store_true", help="do not measure it yet")
    evaluate.add_settings(put)


def _publish(args: argparse.Namespace) -> int:
    import_tensorflow()  # the card quotes the variant's docstring
    from ganzoo.publishing import gallery, measuring
    from ganzoo.publishing.entry import publish

    measuring.check(args)
    folder = publish(args.run, args.entry, version=args.version, which=args.which)
    print(f"{args.entry}: published as {folder}.")
    try:
        if not args.unmeasured:  # a failure is reported, and it stays published
            measuring.evaluate_entry(args.entry, args)
    finally:
        gallery.write()
        print("Look at it, and commit. What is not measured yet: ganzoo evaluate --all")
    return 0
