"""`ganzoo evaluate`: samples measured against data, or all entries of the zoo."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli.parser import whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError, unknown


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    judge = command(
        "evaluate", _evaluate, "measure samples against data",
        "ganzoo evaluate wgan_gp_fashion_mnist --metrics=fid,kid,prdc",
        "\nThe figures, each with its settings, are printed and written to evaluation.json.",
    )  # fmt: skip
    judge.add_argument(
        "name", metavar="NAME_OR_PATH", nargs="?",
        help="a name from `ganzoo list`, a run, a SavedModel, a folder of images or a .npz",
    )  # fmt: skip
    judge.add_argument(
        "--all", action="store_true",
        help="all entries of the zoo, in a checkout: writes their metrics.json and cards, "
        "docs/zoo.md and the README's table; what was measured before is left out",
    )  # fmt: skip
    judge.add_argument(
        "--only", metavar="NAMES", help="with --all: of these entries, separated by commas"
    )
    judge.add_argument("--force", action="store_true", help="with --all: measure it again")
    judge.add_argument(
        "--out", type=Path, metavar="DIR",
        help="where evaluation.json goes (default: the run, or <name>_evaluation)",
    )  # fmt: skip
    add_settings(judge)


def add_settings(judge: argparse.ArgumentParser) -> None:
    """Adds the flags that say what is measured, and how."""
    judge.add_argument(
        "--against", metavar="DATASET", help="real images (default: those it was trained on)"
    )
    judge.add_argument("--split", help="of them (default: test, or train if there is no other)")
    judge.add_argument(
        "--metrics", type=_names, help="names of metrics, see below (default: those that suit)"
    )
    judge.add_argument(
        "--features", type=_names,
        help="names of feature spaces, see below; own is that of the data (default: inception,own)",
    )  # fmt: skip
    judge.add_argument(
        "--num", type=whole(1, 1_000_000),
        help="how many samples and, if there are as many, real images (default: 10000; 26000 for "
        "stacked)",
    )  # fmt: skip
    judge.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="(default: 0)")
    judge.add_argument(
        "--resize", choices=("legacy", "clean"), default="legacy",
        help="legacy, as of the original FID (default), or clean, as of clean-FID",
    )  # fmt: skip
    judge.add_argument(
        "--precision", choices=("float32", "bfloat16", "auto"), default="float32",
        help="what Inception computes in (default: float32)",
    )  # fmt: skip
    judge.add_argument(
        "--data_dir", metavar="DIR", help="where imported files are (default: $GANZOO_DATA)"
    )
    judge.more_help = names_in_words


def names_in_words() -> str:
    """Returns the names of metrics and of feature spaces, a line each."""
    import_tensorflow()
    from ganzoo.evaluation.figures import METRICS
    from ganzoo.metrics import spaces

    metrics = [f"  {name:<20} {', '.join(row.facts)}: of {row.of}" for name, row in METRICS.items()]
    features = [f"  {name:<20} {spaces.SPACES[name].meaning}" for name in spaces.networks()]
    return "\n".join(["", "metrics:", *metrics, "", "feature spaces:", *features, ""])


def _evaluate(args: argparse.Namespace) -> int:
    if args.all == (args.name is not None):
        raise InputError(f"expected NAME_OR_PATH or --all, got {'both' if args.all else 'none'}.")
    if args.out and args.all:
        raise InputError("--out: expected none with --all, which writes models/; drop it.")
    if args.only and not args.all:
        raise InputError("--only: expected --all with it, which it limits, or NAME_OR_PATH alone.")
    names = args.only.split(",") if args.only else zoo.list_pretrained()
    for name in names:
        if name not in zoo.list_pretrained():
            raise unknown("entry", name, zoo.list_pretrained())
    import_tensorflow()
    from ganzoo.publishing import gallery, measuring

    if args.all:
        gallery.checkout()  # raises if there is none
    measuring.check(args)
    if not args.all:
        return measuring.evaluate_path(args)
    try:
        return max([measuring.evaluate_entry(name, args, args.force) for name in names], default=0)
    finally:
        gallery.write()


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
