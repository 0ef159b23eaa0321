"""`ganzoo list`: the pretrained models and the variants."""

import argparse
import json
import tomllib
from collections.abc import Callable

from ganzoo import gans, zoo
from ganzoo.cli.parser import whole
from ganzoo.errors import InputError, unknown
from ganzoo.evaluation import tables

NO_ENTRIES = "No pretrained generator is registered yet. Train one: python train.py --help"


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    parser = command(
        "list", _list, "list the pretrained models and the variants", "ganzoo list --data=mnist"
    )
    parser.add_argument("--data", metavar="NAME", help="only those trained on this data set")
    parser.add_argument("--variant", metavar="NAME", help="only those of this variant")
    parser.add_argument(
        "--size", type=whole(1, 10_000), metavar="PIXELS", help="only images of this height"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON, for programs")


def _list(args: argparse.Namespace) -> int:
    rows = [_facts(name) for name in [*zoo.list_pretrained(), *zoo.list_imported()]]
    known = bool(rows)
    for key, wanted in [("data", args.data), ("variant", args.variant), ("size", args.size)]:
        values = {row[key] for row in rows} - {None}
        if wanted is not None and wanted not in values:
            found = sorted(values, key=lambda value: (isinstance(value, str), value))
            if not found:
                raise InputError(f"--{key}: expected an entry that has one, got {wanted!r}.")
            raise unknown(f"{key} of an entry", wanted, map(str, found))
        rows = [row for row in rows if wanted in (None, row[key])]
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    if known:
        _print(rows)
        print("\nPictures from one: ganzoo sample NAME      Its card: ganzoo info NAME")
    else:
        print(NO_ENTRIES)
    print(f"Variants to train: {', '.join(gans.list_variants())}")
    return 0


def _facts(name: str) -> dict:
    """Returns what is listed of an entry: plain data."""
    facts = zoo.info(name)
    recipe = tomllib.loads(path.read_text("utf-8")) if (path := facts["recipe"]).is_file() else {}
    metrics = facts["metrics"]
    imported, shape = metrics.get("imported", {}), tables.shape(metrics)
    return {
        "name": name,
        "variant": recipe.get("model", imported.get("family")),
        "data": recipe.get("dataset"),
        "size": shape[0] if shape else None,
        "shape": shape,
        "bytes": facts["bytes"],
        "version": facts["version"],
        "description": facts["description"],
        "figures": tables.in_words(metrics),
    }


def _print(rows: list[dict]) -> None:
    from rich import box, console, table  # late: it takes a tenth of a second

    columns = table.Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    columns.add_column("name", no_wrap=True)
    for heading in ("variant", "data", "images", "file", "figure"):
        columns.add_column(heading, justify="right" if heading == "file" else "left")
    for row in rows:
        columns.add_row(
            row["name"], row["variant"] or "", row["data"] or "",
            " x ".join(map(str, row["shape"] or ())), f"{row['bytes'] / 1e6:.1f} MB",
            next(iter(row["figures"]), ""),
        )  # fmt: skip
    screen = console.Console(highlight=False)
    if not screen.is_terminal:
        screen.width = 200  # a file or a pipe has no edge
    with screen.capture() as printed:  # it would end the program on a closed pipe
        screen.print(columns)
    print(printed.get(), end="")
