"""`ganzoo verify`: whether the pretrained models are what was published."""

import argparse
from collections.abc import Callable

from ganzoo import zoo


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    check = command(
        "verify", _verify, "check the pretrained models that are here: files and outputs",
        "ganzoo verify wgan_gp_fashion_mnist",
        "\nIt checks size and SHA-256 of every file; then it loads each model without GanZoo and "
        "compares its\noutputs for fixed inputs with its card. The exit status is 1 if one is "
        "damaged.", wait="Verifying",
    )  # fmt: skip
    check.add_argument("names", metavar="NAME", nargs="*", help="which ones (default: all)")
    check.add_argument("--quick", action="store_true", help="check only the files")


def _verify(args: argparse.Namespace) -> int:
    results = zoo.verify(args.names or None, load=not args.quick)
    for name, fault in results:
        print(f"{name}: {fault or 'ok'}")
    if not results:
        print("Nothing to verify: no pretrained model is here. See: ganzoo list")
    return int(any(fault for _, fault in results))
