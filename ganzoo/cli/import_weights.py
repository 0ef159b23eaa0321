"""`ganzoo import` and `ganzoo inspect`: other people's weights, as an entry or only looked at."""

import argparse
from collections.abc import Callable

from ganzoo.cli import export
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError

PLACE = "a path, https://...#sha256=HEX, or hf://OWNER/REPO/FILE"


def add(command: Callable) -> None:
    """Adds the commands, given the function that makes a command's parser."""
    bring = command(
        "import", _import, "import other people's trained weights as an entry of the local zoo",
        "ganzoo import stylegan2:network.pkl --as=my_faces",
        "\nThe file is read, and nothing in it executed. The entry is listed, samples, translates, "
        "is exported\nand verified as any other.", wait="Importing",
    )  # fmt: skip
    _source(bring)
    bring.add_argument("--as", dest="name", required=True, metavar="NAME", help="name of the entry")
    bring.add_argument("--license", metavar="TEXT", help="license of the weights, for the card")
    bring.add_argument("--origin", metavar="TEXT", help="where the file is from, for the card")
    bring.add_argument("--replace", action="store_true", help="replace an imported entry")
    export.add_precision(bring)
    look = command(
        "inspect", _inspect, "say what a file of weights holds, without importing it",
        "ganzoo inspect network.pkl",
    )  # fmt: skip
    _source(look)


def _source(parser) -> None:
    parser.add_argument(
        "source", metavar="[FAMILY:]FILE", help=f"{PLACE}; the family is guessed if not given"
    )
    parser.add_argument(
        "--part", metavar="NAME",
        help="part of the file, as G_ema or netG_state_dict (default: the averaged generator)",
    )  # fmt: skip
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=NUMBER",
        help="what the file does not determine, as size=512 of a translator; may be repeated",
    )  # fmt: skip


def _options(args: argparse.Namespace) -> dict:
    options = {}
    for text in args.option:
        key, _, value = text.partition("=")
        if not value.isdigit():
            raise InputError(f"--option: expected KEY=NUMBER, got {text!r}.")
        options[key] = int(value)
    return options


def _import(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo.zoo import imported

    folder = imported.import_entry(
        args.source,
        args.name,
        args.part,
        args.license,
        args.origin,
        args.replace,
        args.precision,
        **_options(args),
    )
    print(f"{args.name}: imported to {folder}")
    return 0


def _inspect(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo.zoo import sources
    from ganzoo.zoo.importing import network

    source = sources.parse(args.source)
    found = network.recognize(
        sources.path(source.place), source.family, args.part, **_options(args)
    )
    rows = {
        "family": f"{found.family.name}: {found.family.title}",
        "file": f"{found.format}, part {found.part}" if found.part else found.format,
        "network": ", ".join(f"{key}={value}" for key, value in found.plan.items()),
        "parameters": f"{found.parameters:,} in {len(found.arrays)} arrays",
        "not used": f"{found.unused} arrays of other parts" if found.unused else "-",
    }
    for key, value in rows.items():
        print(f"{key:<10}  {value}")
    network.build(found)  # raises InputError, which names what is missing
    print(f"{'complete':<10}  yes: ganzoo import {args.source} --as=NAME")
    return 0
