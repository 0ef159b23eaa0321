"""What `ganzoo evaluate` and `ganzoo publish` measure and write down."""

import argparse
import functools
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.data import sources
from ganzoo.editing import directions
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.evaluation import evaluator
from ganzoo.evaluation.evaluator import Plan
from ganzoo.inference import pictures
from ganzoo.inference.sampler import Sampler
from ganzoo.publishing import entry, gallery
from ganzoo.training import run


def check(args: argparse.Namespace) -> None:
    """Raises `InputError` for unknown metrics and features, before anything is computed."""
    if args.metrics or args.features:
        evaluator.check(args.metrics or (), args.features or ())


def evaluate_entry(name: str, args: argparse.Namespace, force: bool = False) -> int:
    """Measures an entry of the zoo and records its figures; returns 2 if it cannot."""
    print(f"{name}:")
    try:
        model = zoo.load_pretrained(name)
        if model.measurable:  # the others were measured by their runs
            known = {} if force else gallery.known(name)
            keep, folder = functools.partial(gallery.record, name), zoo.layout().models / name
            if not (known and (folder / "directions.png").is_file()):
                gallery.add(name, _strips(model, folder))
            plan = _plan(args, _trained_on(name), args.num)
            _measure(model.measured(plan, known), keep, folder)
    except InputError as error:  # the other entries can still be measured
        print(f"ganzoo: {name}: {error}", file=sys.stderr)
        return 2
    return 0


def _strips(model, folder: Path) -> dict:
    """Writes the picture of a generator's first directions; returns the fact that a card needs."""
    found = directions.strips(model) if isinstance(model, Sampler) else None
    if found is None:
        return {}
    pictures.save_png(folder / "directions.png", found[1])
    return {"directions": found[0]}


def evaluate_path(args: argparse.Namespace) -> int:
    """Measures an entry, run, SavedModel, folder or archive, and writes evaluation.json."""
    path, listed = Path(args.name), args.name in zoo.list_pretrained()
    is_run = not listed and (path / "recipe.toml").is_file()
    is_model = any((folder / "saved_model.pb").is_file() for folder in (path, path / "saved_model"))
    against = args.against or _trained_on(args.name)
    if not against and (path.exists() or path.suffix == ".npz"):
        raise InputError(
            f"--against: expected a data set or a folder of real images to compare {path} with, "
            "such as --against=photos, got none."
        )
    if is_run and not is_model:
        raise InputError(f"{path}: expected saved_model/, got none yet. Try: ganzoo export {path}")
    if args.without_averaging and not is_run:
        raise InputError(
            f"--without_averaging: expected a run, whose checkpoints have the weights that are not "
            f"averaged, got {args.name}."
        )
    if args.without_averaging:
        measured = _renamed(_unaveraged(path).measured(_plan(args, against, args.num), {}))
    elif not listed and not is_model and (path.is_dir() or path.suffix == ".npz"):
        images, stem = evaluator.stored(args.name, args.num), path.resolve().stem
        plan = _plan(args, against, len(images))
        measured = plan.of_samples(lambda num, seed: images[:num], {})
    else:
        load, stem = zoo.find(args.name)
        measured = load().measured(_plan(args, against, args.num), {})
    out = args.out or (path if is_run else Path(f"{stem}_evaluation"))
    target, steps = out / "evaluation.json", entry.steps_of(path) if is_run else None
    results: dict[str, dict] = entry.measured(path) if is_run and out == path else {}

    def keep(facts: dict[str, dict]) -> None:
        results.update(facts)
        content = {"name": args.name, "steps": steps, "metrics": results}
        files.write_text(target, json.dumps(content, indent=2) + "\n")

    _measure(measured, keep, out)
    print(f"\n{target}")
    return 0


def _unaveraged(run_dir: Path):
    """Returns the generator of a run's best checkpoint, without the average of its weights.

    Raises:
        InputError: If its models are of another kind, or it is not averaged.
    """
    gan = run.best(run_dir)
    if gan.ema is None or not gan.exported.measurable:
        raise InputError(f"--without_averaging: {run_dir} has no average of a generator: drop it.")
    return gan.sampler_of(gan.generator)


def _renamed(measured):
    """Yields what is measured, under the names of figures without averaging."""
    for facts, picture in measured:
        yield {f"{name}_without_averaging": fact for name, fact in facts.items()}, picture


def _plan(args: argparse.Namespace, against: str | None, num: int | None):
    """Returns what the flags ask to measure."""
    names = ("split", "seed", "resize", "precision", "data_dir")
    settings = {name: getattr(args, name) for name in names}
    settings["progress"] = sys.stdout.isatty()
    against = args.against and sources.of_path(args.against) or against
    return Plan(against, num, args.metrics, args.features, settings)


def _trained_on(name: str) -> str | None:
    """Returns the data set in the recipe of an entry or a run, or None if there is no recipe."""
    path = Path(name) / "recipe.toml"
    path = zoo.recipe_path(name) if name in zoo.list_pretrained() else path
    try:
        return tomllib.loads(path.read_text("utf-8"))["dataset"] if path.is_file() else None
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: expected a recipe with dataset, got {error}.") from error


def _measure(measured, keep: Callable, folder: Path) -> None:
    """Prints figures as they are measured, and keeps them after every metric."""
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
