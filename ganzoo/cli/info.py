"""`ganzoo info`: what is known of a pretrained model."""

import argparse
from collections.abc import Callable

from ganzoo import zoo
from ganzoo.evaluation import tables


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    one = command(
        "info", _info, "show what is known of a pretrained model",
        "ganzoo info wgan_gp_fashion_mnist",
    )  # fmt: skip
    one.add_argument("name", metavar="NAME", help="a name from `ganzoo list`")


def _info(args: argparse.Namespace) -> int:
    facts = zoo.info(args.name)
    print(f"{facts['name']}, version {facts['version']}: {facts['description']}")
    print(f"size     {facts['bytes']:,} bytes in {len(facts['files'])} files")
    print(f"figures  {', '.join(tables.in_words(facts['metrics'])) or '-'}")
    if facts["class_names"]:
        print(f"classes  {', '.join(facts['class_names'])}")
    if facts["recipe"].is_file():
        print(f"recipe   {facts['recipe']}")
    print(f"card     {facts['card_path']}")
    print(f"source   {facts['source']}")
    return 0
