"""`ganzoo evaluate`: computes metrics of samples, or of all entries of the zoo."""

import argparse
import functools
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.cli.parser import whole
from ganzoo.engine import files
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
    add_settings(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that determine what is measured, and how."""
    parser.add_argument(
        "--against", metavar="DATASET", help="data set of real images (default: the training data)"
    )
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
    if args.only and not args.all:
        raise InputError("--only needs --all; to measure one entry, use NAME_OR_PATH.")
    names = args.only.split(",") if args.only else zoo.list_pretrained()
    for name in names:
        if name not in zoo.list_pretrained():
            raise unknown("entry", name, zoo.list_pretrained())
    if args.all:
        from ganzoo.publishing import gallery

        gallery.checkout()  # raises InputError if there is no checkout
    import_tensorflow()
    check(args)
    if not args.all:
        return _evaluate_one(args)
    try:
        return max([evaluate_entry(name, args, args.force) for name in names], default=0)
    finally:
        gallery.write()


def check(args: argparse.Namespace) -> None:
    """Raises `InputError` for unknown metrics and features, before anything is computed."""
    if args.metrics or args.features:
        from ganzoo.evaluation import evaluator

        evaluator.check(args.metrics or (), args.features or ())


def evaluate_entry(name: str, args: argparse.Namespace, force: bool = False) -> int:
    """Measures an entry of the zoo and records its metrics; returns 2 if that fails."""
    from ganzoo.publishing import gallery

    print(f"{name}:")
    try:
        model = zoo.load_pretrained(name)
        if model.measurable:  # other entries are only measured by their runs
            known = {} if force else gallery.known(name)
            keep, folder = functools.partial(gallery.record, name), zoo.layout().models / name
            plan = _plan(args, _trained_on(name), args.num)
            _measure(model.measured(plan, known), keep, folder)
    except InputError as error:  # the other entries can still be measured
        print(f"ganzoo: {name}: {error}", file=sys.stderr)
        return 2
    return 0


def _evaluate_one(args: argparse.Namespace) -> int:
    from ganzoo.evaluation import evaluator

    path, listed = Path(args.name), args.name in zoo.list_pretrained()
    is_run = not listed and (path / "recipe.toml").is_file()
    is_model = any((folder / "saved_model.pb").is_file() for folder in (path, path / "saved_model"))
    against = args.against or _trained_on(args.name)
    if not against and (path.exists() or path.suffix == ".npz"):
        raise InputError(f"--against: expected a data set to compare {path} with, got none.")
    if is_run and not is_model:
        raise InputError(f"{path}: expected saved_model/, got none yet. Try: ganzoo export {path}")
    if not listed and not is_model and (path.is_dir() or path.suffix == ".npz"):
        images, stem = evaluator.stored(args.name, args.num), path.resolve().stem
        plan = _plan(args, against, len(images))
        measured = plan.of_samples(lambda num, seed: images[:num], {})
    else:
        load, stem = zoo.find(args.name)
        measured = load().measured(_plan(args, against, args.num), {})
    out = args.out or (path if is_run else Path(f"{stem}_evaluation"))
    results: dict[str, dict] = {}

    def keep(facts: dict[str, dict]) -> None:
        results.update(facts)
        content = {"name": args.name, "metrics": results}
        files.write_text(out / "evaluation.json", json.dumps(content, indent=2) + "\n")

    _measure(measured, keep, out)
    print(f"\n{out / 'evaluation.json'}")
    return 0


def _plan(args: argparse.Namespace, against: str | None, num: int | None):
    """Returns what to measure, according to the flags."""
    from ganzoo.evaluation.evaluator import Plan

    names = ("split", "seed", "resize", "precision", "data_dir")
    settings = {name: getattr(args, name) for name in names}
    settings["progress"] = sys.stdout.isatty()
    return Plan(args.against or against, num, args.metrics, args.features, settings)


def _trained_on(name: str) -> str | None:
    """Returns the data set in the recipe of an entry or a run, or None if there is no recipe."""
    path = Path(name) / "recipe.toml"
    path = zoo.recipe_path(name) if name in zoo.list_pretrained() else path
    try:
        return tomllib.loads(path.read_text("utf-8"))["dataset"] if path.is_file() else None
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: expected a recipe with dataset, got {error}.") from error


def _measure(measured, keep: Callable, folder: Path) -> None:
    """Prints metrics as they are measured, and saves them after each one."""
    from ganzoo.inference import pictures

    done = 0
    try:
        for facts, picture in measured:
            if picture is not None:
                pictures.save_png(folder / "neighbours.png", pictures.enlarged(picture))
            keep(facts)
            done += len(facts)
            _show(facts)
        if not done:
            print("nothing to do: already measured with these settings (--force repeats it)")
    except KeyboardInterrupt:
        print(f"ganzoo: interrupted; {done} metrics are saved in {folder}", file=sys.stderr)
        raise


def _show(facts: dict[str, dict]) -> None:
    for name, fact in facts.items():
        rest = ", ".join(f"{key} {fact[key]}" for key in fact if key != "value")
        print(f"{name:<20} {fact['value']:<10.4g} {rest}", flush=True)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
