"""`ganzoo edit`: images moved along a direction of the latent space."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli import sample
from ganzoo.engine.quiet import import_tensorflow


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    change = command(
        "edit", _edit, "move images along a direction of the latent space",
        "ganzoo edit stylegan2_fashion_mnist --seeds=0-3 --direction=pca:0 --strength=-3..3",
        "\nA row for each image. Directions are principal components (pca:N), closed-form factors "
        "(sefa:N), or\nlead to a class of a classifier (class:N).", wait="Drawing images",
    )  # fmt: skip
    sample.add_generator(change)
    sample.add_codes(change, "seeds of the images to move (default: 0-3)")
    change.add_argument("--direction", default="pca:0", metavar="WHICH", help="(default: pca:0)")
    change.add_argument(
        "--strength", default="-3..3", metavar="RANGE",
        help="in standard deviations: -3..3, -3..3/5 or -1,0,2 (default: -3..3)",
    )  # fmt: skip
    change.add_argument(
        "--layers", metavar="WHICH", help="only these: coarse, middle, fine, or numbers as 2-5"
    )
    change.add_argument("--classifier", metavar="NAME", help="the classifier of class:N")
    change.add_argument(
        "--out", type=Path, metavar="FILE",
        help=".png for a strip, .npz for the codes (default: NAME_edit.png)",
    )  # fmt: skip


def _edit(args: argparse.Namespace) -> int:
    load, name = zoo.find(args.name)
    out = sample.checked(args.out or Path(f"{name}_edit.png"), (".png", ".npz"))
    import_tensorflow()
    from ganzoo import editing
    from ganzoo.inference import drawing, pictures
    from ganzoo.inference.codes import layers_of

    strengths = editing.directions.strengths_of(args.strength)
    given = args.seeds if args.seeds or args.codes else list(range(4))
    generator = sample.generator(load())
    codes = drawing.chosen(generator, args.codes, given, args.labels, args.truncation)
    layers = layers_of(args.layers, codes.values.shape[1]) if args.layers else None
    direction = editing.direction(generator, args.direction, args.classifier)
    moved = direction.moved(codes, strengths, layers)
    if out.suffix == ".npz":
        moved.save(out)
    else:
        picture = editing.directions.strip(generator, moved, len(strengths), args.noise)
        pictures.save_png(out, picture)
    print(f"{len(codes)} x {len(strengths)} images along {direction.name}: {out}")
    return 0
