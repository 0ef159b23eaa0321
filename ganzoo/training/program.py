"""The training program behind `train.py` and `ganzoo train`: flags -> recipe -> run."""

import os
import sys
from pathlib import Path

from absl import flags as absl_flags
from absl import logging

from ganzoo import gans, zoo
from ganzoo.callbacks import Checkpoint
from ganzoo.engine import distribute
from ganzoo.engine.plugins import value_of
from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError, WorkerLost
from ganzoo.training import cured, flags, run
from ganzoo.training.recipe import Recipe
from ganzoo.training.summary import closing_words


def main(argv: list[str], program: str, about: str) -> int:
    """Runs the program and returns its exit status.

    What a person did wrong is one line on stderr and status 2.

    Args:
        argv: The words of the command line, without the program's name.
        program: The program's name.
        about: What --help prints first.
    """
    logging.set_verbosity(logging.WARNING)
    try:
        return train(argv, program, about)
    except InputError as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except WorkerLost as error:
        print(f"{program}: {error}", file=sys.stderr, flush=True)
        os._exit(3)  # at once: an orderly exit would wait for the other workers


def train(argv: list[str], program: str, about: str) -> int:
    """Does what the flags say; see `main`."""
    # Before anything is computed, so before the variants are asked for their hyperparameters.
    early = value_of(argv, "strategy") or flags.DEFAULTS["strategy"]
    strategy = distribute.strategy_of(early)
    values = parsed(argv, program, about)
    if values is None:
        return 0
    if values.strategy != early:
        raise InputError(f"write --strategy={values.strategy}, with an equals sign.")
    recipe = recipe_of(values)
    if values.dry_run:
        gan = run.build(recipe, run.opened(recipe, values.data_dir).info)
        print(recipe.to_toml())
        for network in [*networks_of(gan.generator), *networks_of(gan.discriminator)]:
            network.summary()
        return 0
    run_dir = Path(values.run_dir or default_directory(recipe))
    verbose = 1 if sys.stdout.isatty() else 2  # a moving bar, or a line for each epoch
    try:
        summary = run.train(recipe, run_dir, values.data_dir, strategy, verbose, values.on_failure)
    except KeyboardInterrupt:
        steps = [record["step"] for record in Checkpoint(run_dir / "checkpoints").records()]
        print(f"\nStopped; step {max(steps)} is saved." if steps else "\nStopped before a step.")
        print(f"To continue, run:\n  python train.py --run_dir={run_dir}")
        return 130
    if summary:
        ended = cured.last(run_dir) if values.on_failure == "cure" else run_dir
        print(closing_words(ended, summary))
    return 0


def parsed(argv: list[str], program: str, about: str) -> absl_flags.FlagValues | None:
    """Returns the parsed flags; or prints the help, or the list, that they ask for.

    Raises:
        InputError: If a flag is wrong.
    """
    if {"--help", "-h", "-help", "--helpfull", "--helpshort"} & set(argv):
        models = [word.partition("=")[2] for word in argv if word.startswith("--model=")]
        print(flags.help_text(about, *models[:1]))
        return None
    try:
        values, rest = flags.parsed([program, *map(flags.dotted, argv)])
    except absl_flags.Error as error:
        raise InputError(str(error)) from error
    if len(rest) > 1:
        raise InputError(f"expected flags only, got {rest[1]!r}: write --flag=value.")
    if values.list:
        print("variants:  ", " ".join(gans.list_variants()))
        print("pretrained:", " ".join(zoo.list_pretrained()))
        return None
    return values


def recipe_of(values: absl_flags.FlagValues) -> Recipe:
    """Returns the resolved recipe that the flags ask for."""
    changes, deeper = flags.changes(values)
    return first(values).replace(changes).resolved().replace(deeper).resolved()


def first(values: absl_flags.FlagValues) -> Recipe:
    """Returns the recipe to start from: a named one, that of a run that was begun, or defaults."""
    begun = Path(values.run_dir or "", "recipe.toml")
    if values.recipe:
        path = Path(values.recipe)
        return Recipe.load(path if path.exists() else zoo.recipe_path(values.recipe))
    if values.run_dir and begun.exists():
        return Recipe.load(begun)
    return Recipe()


def default_directory(recipe: Recipe) -> str:
    """Returns a run directory named after the recipe."""
    name = recipe.dataset.replace(":", "_").strip("/").replace("/", "_")
    return f"runs/{recipe.model}_{name}"
