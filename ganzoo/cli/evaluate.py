"""`ganzoo evaluate`: computes metrics of samples, or of all entries of the zoo."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli.parser import whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError, unknown


def add(command: Callable) -> None:
    """Adds the command, given the function that creates its parser."""
    parser = command(
        "evaluate", _evaluate, "compute metrics of samples",
        "ganzoo evaluate wgan_gp_fashion_mnist --metrics=fid,kid,prdc",
        "\nThe metrics, with their settings, are printed and written to evaluation.json.",
    )  # fmt: skip
    parser.add_argument(
        "name", metavar="NAME_OR_PATH", nargs="?",
        help="a name from `ganzoo list`, a run, a SavedModel, a folder of images or a .npz file",
    )  # fmt: skip
    parser.add_argument(
        "--all", action="store_true",
        help="all entries of the zoo, in a checkout: updates their metrics.json and cards, "
        "docs/zoo.md and the README's table; metrics that were measured before are skipped",
    )  # fmt: skip
    parser.add_argument(
        "--only", metavar="NAMES", help="with --all: only these entries, separated by commas"
    )
    parser.add_argument("--force", action="store_true", help="with --all: measure everything again")
    parser.add_argument(
        "--out", type=Path, metavar="DIR",
        help="folder of evaluation.json (default: the run, or <name>_evaluation)",
    )  # fmt: skip
    parser.add_argument(
        "--without_averaging", action="store_true",
        help="of a run: measure its generator without the moving average of its weights, for "
        "comparisons with results that averaged none",
    )  # fmt: skip
    add_settings(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that determine what is measured, and how."""
    parser.add_argument(
        "--against", metavar="DATASET_OR_PATH",
        help="data set, folder or .npz file of real images (default: the training data)",
    )  # fmt: skip
    parser.add_argument(
        "--split", help="split of the data (default: test if there is one, else train)"
    )
    parser.add_argument(
        "--metrics", type=_names, help="names of metrics, see below (default: the suitable ones)"
    )
    parser.add_argument(
        "--features", type=_names,
        help="names of feature spaces, see below; own: that of the data (default: inception,own)",
    )  # fmt: skip
    parser.add_argument(
        "--num", type=whole(1, 1_000_000),
        help="number of samples and, if there are as many, of real images (default: 10000; 26000 "
        "for stacked)",
    )  # fmt: skip
    parser.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed (default: 0)")
    parser.add_argument(
        "--resize", choices=("legacy", "clean"), default="legacy",
        help="legacy, as in the original FID (default), or clean, as in clean-FID",
    )  # fmt: skip
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16", "auto"), default="float32",
        help="precision of Inception (default: float32)",
    )  # fmt: skip
    parser.add_argument(
        "--data_dir", metavar="DIR", help="folder of imported files (default: $GANZOO_DATA)"
    )
    parser.more_help = names_in_words


def names_in_words() -> str:
    """Returns the names of metrics and of feature spaces, one per line."""
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
        raise InputError("--out cannot be used with --all, which writes to models/: omit it.")
    if args.without_averaging and args.all:
        raise InputError("--without_averaging is of runs, whose checkpoints have those weights.")
    if args.only and not args.all:
        raise InputError("--only needs --all; to measure one entry, use NAME_OR_PATH.")
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
