"""The page of the tricks."""

from ganzoo import gans
from ganzoo.engine import hyperparameters
from ganzoo.networks import tricks
from ganzoo.publishing import reference
from pages import settings

TRICKS = """\
# Tricks

A trick is one more term, one more layer, or one more key in the batch. Each is an argument of
`ganzoo.create` and of `compile`, a flag of `train.py` and a key of a recipe, and goes on nearly any
variant: [which trick goes with which variant](../docs/composition.md).

## What each one changes

[![The effect of each trick](../docs/experiments/tricks.png)](../docs/experiments/tricks.md)

Measured in [one experiment at one budget](../docs/experiments/tricks.md).

## Of the architecture

{architecture}
## Of the training

{training}
## Parts by name

{parts}"""


def render() -> str:
    """Returns the page."""
    base = hyperparameters.of(gans.get("gan"))
    architecture = [[f"`{key}`", trick.side, trick.meaning] for key, trick in tricks.SIDES.items()]
    training = [
        [
            f"`{key}`",
            f"`{settings.shown(row.default)}`" if row.default is not None else "-",
            settings.cell(row.meaning),
        ]
        for key, row in base.items()
        if row.table == "learning"
    ]
    parts = [
        [f"`{key}`", f"[`{name}`][{cls.__module__}.{cls.__name__}]", reference.idea(cls)]
        for key, module in reference.PARTS.items()
        for name, cls in module.CLASSES.items()
    ]
    return TRICKS.format(
        architecture=reference.table(["argument", "side", "meaning"], architecture),
        training=reference.table(["argument", "default", "meaning"], training),
        parts=reference.table(["argument", "name", "what it is"], parts),
    )
