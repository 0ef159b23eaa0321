"""`ganzoo export`: the best model of a run, as a SavedModel."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo.cli.parser import WHICH
from ganzoo.engine.quiet import import_tensorflow


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    save = command(
        "export", _export, "export a run's best model as a SavedModel",
        "ganzoo export runs/x --out=saved_models/mine/1",
    )  # fmt: skip
    save.add_argument("run", metavar="RUN", type=Path, help="the --run_dir of the training")
    save.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write it (default: RUN/saved_model)"
    )
    save.add_argument("--which", metavar="NAME", help=WHICH)
    add_precision(save)


def add_precision(parser) -> None:
    """Adds the flag of what weights are stored in."""
    parser.add_argument(
        "--precision", choices=("float32", "float16"), default="float32",
        help="what the weights are stored in: float16 takes half the bytes (default: float32)",
    )  # fmt: skip


def _export(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo.training import run

    out = args.out or args.run / "saved_model"
    run.export(args.run, out, args.which, args.precision)
    print(f"{args.run}: exported to {out}")
    return 0
