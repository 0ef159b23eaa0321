"""`ganzoo export`: a trained model for use elsewhere, as a SavedModel, ONNX, LiteRT or others."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo.cli.parser import WHICH, whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    save = command(
        "export", _export, "write a trained model for use elsewhere: SavedModel, ONNX, LiteRT, ...",
        "ganzoo export dcgan_mnist --format=onnx --out=digits.onnx",
        "\nOf a run it is the best checkpoint, finished or not.", wait="Exporting",
    )  # fmt: skip
    save.add_argument(
        "name", metavar="NAME_OR_PATH", help="a name from `ganzoo list`, a SavedModel or a run"
    )
    save.add_argument(
        "--format", default="saved_model",
        help="saved_model for TensorFlow and its server, onnx for ONNX Runtime, litert for phones, "
        "tfjs for TensorFlow.js in the browser (default: saved_model)",
    )  # fmt: skip
    save.add_argument(
        "--out", type=Path, metavar="PATH",
        help="where to write it: a folder, or a .onnx or .tflite (default: a name in this folder; "
        "of a run's SavedModel, RUN/saved_model)",
    )  # fmt: skip
    save.add_argument("--which", metavar="NAME", help=WHICH)
    save.add_argument(
        "--batch_size", type=whole(1, 10_000), metavar="N",
        help="examples in a batch (default: any number; for litert 1)",
    )  # fmt: skip
    add_precision(save, ("float32", "float16", "int8"), "; int8 for litert alone")


def add_precision(parser, choices=("float32", "float16"), more: str = "") -> None:
    """Adds the flag of what weights are stored in."""
    parser.add_argument(
        "--precision", choices=choices, default="float32",
        help=f"what the weights are stored in: float16 takes half the bytes{more} (default: "
        "float32)",
    )  # fmt: skip


def _export(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo import zoo
    from ganzoo.engine import files
    from ganzoo.inference import formats, writing
    from ganzoo.training import run

    options = {"precision": args.precision, "format": args.format, "batch_size": args.batch_size}
    folder = Path(args.name)
    if (folder / "recipe.toml").is_file():
        model, name = run.best(folder).exportable(args.which), folder.resolve().name
    elif args.which:
        raise InputError(f"--which: expected a run, got {args.name!r}, which is a single model.")
    else:
        load, name = zoo.find(args.name)
        model, folder = load(), None
    out = args.out or formats.path_of(name, args.format)
    if folder and not args.out and args.format == writing.NATIVE:
        out = folder / "saved_model"
    model.export(out, **options)
    print(f"{args.name}: exported to {out} ({files.size(out) / 1e6:.1f} MB)")
    return 0
