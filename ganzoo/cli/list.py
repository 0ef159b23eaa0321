"""`ganzoo list`: the pretrained models and the variants."""

import argparse
from collections.abc import Callable

from ganzoo import gans, zoo
from ganzoo.evaluation import tables


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    command("list", _list, "list the pretrained models and the variants", "ganzoo list")


def _list(args: argparse.Namespace) -> int:
    rows = [("name", "version", "size", "figure", "description")]
    for name in [*zoo.list_pretrained(), *zoo.list_imported()]:
        facts = zoo.info(name)
        size = f"{facts['bytes'] / 1e6:.1f} MB"
        figure = next(iter(tables.in_words(facts["metrics"])), "-")
        rows.append((name, str(facts["version"]), size, figure, facts["description"]))
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
        print("\nPictures from one: ganzoo sample NAME")
    else:
        print("No pretrained generator is registered yet. Train one: python train.py --help")
    print(f"Variants to train: {', '.join(gans.list_variants())}")
    return 0
