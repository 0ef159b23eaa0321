#!/usr/bin/env python3
"""Trains a GAN: flags -> recipe -> fit -> measure -> export.

    python train.py                                              # DCGAN on clothes, minutes
    python train.py --model=wgan_gp --dataset=fashion_mnist      # any variant, any data set
    python train.py --recipe=dcgan_fashion_mnist                 # reproduces a pretrained entry
    python train.py --run_dir=runs/x                             # goes on with the run in runs/x
    python train.py --run_dir=runs/x --steps=20000               # and for longer than it was to

Every key of a recipe is a flag. A flag's value is written as in TOML. An argument of a part is
reached by a dot, --d_optimizer.learning_rate=1e-4, and any key by --set=KEY=VALUE.
"""

import os
import sys
from pathlib import Path

from absl import app, flags, logging

from ganzoo import gans, zoo
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError, WorkerLost
from ganzoo.training import recipe as recipes

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Directory of the run; runs/<model>_<dataset> if not given.")
flags.DEFINE_string("recipe", None, "Name of a pretrained entry, or a TOML file, to start from.")
flags.DEFINE_multi_string("set", [], "Any recipe key by its dotted path: KEY=VALUE.")
flags.DEFINE_string("data_dir", None, "Where imported data sets are; $GANZOO_DATA if not given.")
flags.DEFINE_string("strategy", "none", "How to distribute: none, mirrored, multiworker, tpu.")
flags.DEFINE_string(
    "on_failure", "warn", "When the run shows a failure: warn, stop, or rollback to the best."
)
flags.DEFINE_bool("dry_run", False, "Print the resolved recipe and the networks, and stop.")
flags.DEFINE_bool("list", False, "Print the variants and the pretrained entries, and stop.")
for _key, _help in recipes.HELP.items():
    _default = getattr(recipes.Recipe, _key, None)
    _help += f" (default: {_default})" if _default is not None else ""
    flags.DEFINE_string(_key, None, _help)


def main(_) -> None:
    """Does what the flags say."""
    if FLAGS.list:
        print("variants:  ", " ".join(gans.list_variants()))
        print("pretrained:", " ".join(zoo.list_pretrained()))
        return
    changes = deeper_changes()
    recipe = chosen_recipe()
    import_tensorflow()
    from ganzoo.callbacks import Checkpoint
    from ganzoo.engine import distribute
    from ganzoo.engine.sides import networks_of
    from ganzoo.training import run

    strategy = distribute.strategy_of(FLAGS.strategy)  # before anything is computed

    recipe = recipe.resolved().replace(changes).resolved()
    if FLAGS.dry_run:
        gan, _ = run.build(recipe, FLAGS.data_dir)
        print(recipe.to_toml())
        for network in [*networks_of(gan.generator), *networks_of(gan.discriminator)]:
            network.summary()
        return
    run_dir = run_directory(recipe)
    try:
        summary = run.train(recipe, run_dir, FLAGS.data_dir, strategy, on_failure=FLAGS.on_failure)
    except KeyboardInterrupt:
        steps = [record["step"] for record in Checkpoint(run_dir / "checkpoints").records()]
        print(f"\nStopped; step {max(steps)} is saved." if steps else "\nStopped before a step.")
        print(f"To go on, type:\n  python train.py --run_dir={run_dir}")
        sys.exit(130)
    if summary:
        print(run.closing_words(run_dir, summary))


def chosen_recipe() -> recipes.Recipe:
    """Returns the recipe that the flags ask for: a named one, that of a begun run, or defaults."""
    given = {k: FLAGS[k].value for k in recipes.HELP if FLAGS[k].value is not None}
    begun = Path(FLAGS.run_dir or "", "recipe.toml")
    if FLAGS.recipe:
        path = Path(FLAGS.recipe)
        recipe = recipes.Recipe.load(path if path.exists() else zoo.recipe_path(FLAGS.recipe))
    elif FLAGS.run_dir and begun.exists():
        recipe = recipes.Recipe.load(begun)
    else:
        recipe = recipes.Recipe()
    return recipe.replace({key: recipes.value_of(value) for key, value in given.items()})


def deeper_changes() -> dict:
    """Returns what --set says, by dotted path."""
    changes = {}
    for item in FLAGS.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--set: expected KEY=VALUE, got {item!r}.")
        changes[key] = recipes.value_of(value)
    return changes


def run_directory(recipe: recipes.Recipe) -> Path:
    """Returns --run_dir, or a directory named after the recipe."""
    name = recipe.dataset.replace(":", "_").strip("/").replace("/", "_")
    return Path(FLAGS.run_dir or f"runs/{recipe.model}_{name}")


def parsed(argv: list[str]) -> list[str]:
    """Returns what is left of the command line after the flags; a wrong one is one line."""
    if {"--help", "-h", "-help", "--helpfull", "--helpshort"} & set(argv):
        print(f"{__doc__}\n{FLAGS.main_module_help()}")  # absl's own would end with status 1
        sys.exit(0)
    try:
        rest = FLAGS([dotted(word) for word in argv])
    except flags.Error as error:
        refuse(str(error))
    if len(rest) > 1:
        refuse(f"expected flags only, got {rest[1]!r}: write --flag=value.")
    return rest


def dotted(word: str) -> str:
    """Returns the --set that a word such as `--d_optimizer.beta_1=0` is short for, or the word."""
    name, dot, rest = word.removeprefix("--").partition(".")
    if not (word.startswith("--") and dot and "=" in rest and name in recipes.TABLES["learning"]):
        return word
    return f"--set=learning.{name}.config.{rest}"


def refuse(message: str) -> None:
    """Ends with one line and status 2."""
    print(f"train.py: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def guarded(argv) -> None:
    """Runs `main`, with what a person did wrong as one line."""
    logging.set_verbosity(logging.WARNING)
    try:
        main(argv)
    except InputError as error:
        refuse(str(error))
    except WorkerLost as error:
        print(f"train.py: {error}", file=sys.stderr, flush=True)
        os._exit(3)  # at once: an orderly end would wait for the other workers


if __name__ == "__main__":
    app.run(guarded, flags_parser=parsed)
