"""`ganzoo project`: the codes with which a generator draws a photo."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli import sample
from ganzoo.cli.parser import labels, whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    find = command(
        "project", _project, "find the codes with which a generator draws a photo",
        "ganzoo project photo.png --into=stylegan2_fashion_mnist --out=projected",
        "\nThe photo is cropped to the middle and resized. It needs the weights of LPIPS: see "
        "`ganzoo data`.\nCtrl-C keeps what was found by then.",
    )  # fmt: skip
    find.add_argument("photos", metavar="PHOTO", nargs="+", type=Path, help="one or several images")
    find.add_argument(
        "--into", metavar="NAME_OR_PATH", required=True,
        help="a generator: a name from `ganzoo list`, a SavedModel or a run",
    )  # fmt: skip
    find.add_argument("--out", type=Path, metavar="DIR", required=True, help="where to write")
    find.add_argument("--steps", type=whole(1, 100_000), default=300, help="(default: 300)")
    find.add_argument(
        "--space", choices=("w+", "w", "z"),
        help="w+: a style for each layer; w: one for all; z: latents (default: w+ or z)",
    )  # fmt: skip
    find.add_argument(
        "--noise", action="store_true", help="find the noise maps of the generator, too"
    )
    find.add_argument("--labels", type=labels, metavar="CLASSES", help="the photos' classes")
    find.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="(default: 0)")


def _project(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.into)
    import_tensorflow()
    import keras
    import numpy as np

    from ganzoo import editing
    from ganzoo.editing import files
    from ganzoo.inference import drawing

    generator = sample.generator(load())
    shape = tuple(generator.network.output_shape[1:])
    if len(shape) != 3:
        raise InputError(f"--into: expected a generator of images, got one of points: {name}.")
    targets = np.stack([files.photo(path, shape) for path in args.photos])
    chosen = drawing.repeated(args.labels, len(targets))
    bar = keras.utils.Progbar(args.steps, stateful_metrics=["loss"])
    found = editing.project(
        generator, targets, steps=args.steps, space=args.space, labels=chosen, seed=args.seed,
        noise=args.noise,
        progress=lambda step, loss: bar.update(step, [("loss", loss)]),
    )  # fmt: skip
    files.write(args.out, found, targets, [path.stem for path in args.photos])
    for path, distance, psnr in zip(args.photos, found.lpips, found.psnr, strict=True):
        print(f"{path}: LPIPS {distance:.3f}, PSNR {psnr:.1f} dB")
    stopped = (
        f", stopped after {found.steps} of {args.steps} steps" if found.steps < args.steps else ""
    )
    print(f"{args.out}: projection.png, film.png, codes.npz, projection.json{stopped}")
    return 0
