"""`docs/reference.md`: what there is, read off the code that defines it."""

import inspect
import re

from ganzoo import augment, gans, losses, penalties, replay
from ganzoo.data import sources
from ganzoo.engine.environment import VARIABLES
from ganzoo.evaluation.figures import METRICS
from ganzoo.metrics import spaces
from ganzoo.networks import tricks

PARTS = {"loss": losses, "penalties": penalties, "augment": augment, "replay": replay}
PAGE = """\
# What there is

Written by `ganzoo evaluate --all` from the docstrings and tables of the code. Everything here is a
flag of `train.py` and a key of a recipe; `python train.py --model=NAME --help` shows a variant's
defaults.

## Variants

`--model=NAME`, or `ganzoo.create(NAME)`.

{variants}
## Tricks of architecture

They go on nearly any variant: [composition.md](composition.md) shows which ones.

{tricks}
## Parts of the training

{parts}
## Data

`--dataset=NAME`, or `ganzoo.data.load(NAME)`. NAME and PATH stand for your own. Where there is no
network, `ganzoo data NAME --from=PATH` imports the original files of the sets that say so.

{data}
## Feature spaces

`--features=NAME`: in what samples are compared with real images.

{features}
## Metrics

`ganzoo evaluate NAME_OR_PATH --metrics=...`; what each one means: [evaluation.md](evaluation.md).

{metrics}
## Environment variables

{environment}"""


def render() -> str:
    """Returns the page."""
    base = gans.hyperparameters("gan")
    variants = [
        [f"`{name}`", idea(gans.get(name)), own(name, base), paper(gans.get(name))]
        for name in gans.list_variants()
    ]
    changed = [[f"`{name}`", trick.side, trick.meaning] for name, trick in tricks.SIDES.items()]
    parts = [
        [f"`{key}`", f"`{name}`", idea(cls)]
        for key, module in PARTS.items()
        for name, cls in module.CLASSES.items()
    ]
    data = [
        [f"`{row.name}`", row.meaning, "yes" if row.imports else "", row.license or "its own"]
        for row in sources.SOURCES.values()
    ]
    features = [[f"`{row.name}`", row.meaning, row.monitor] for row in spaces.SPACES.values()]
    metrics = [[f"`{name}`", ", ".join(row.facts), row.of] for name, row in METRICS.items()]
    environment = [[f"`{name}`", meaning] for name, meaning in VARIABLES.items()]
    return PAGE.format(
        variants=table(["variant", "idea", "hyperparameters of its own", "paper"], variants),
        tricks=table(["argument", "side", "meaning"], changed),
        parts=table(["argument", "name", "what it is"], parts),
        data=table(["name", "what it is", "import", "license"], data),
        features=table(["name", "what it is", "log"], features),
        metrics=table(["name", "figures", "of"], metrics),
        environment=table(["name", "meaning"], environment),
    )


def idea(cls: type) -> str:
    """Returns the first sentence of a class's docstring."""
    return inspect.getdoc(cls).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def paper(cls: type) -> str:
    """Returns author and year of the first reference in a class's own docstring, with its link."""
    text = " ".join((vars(cls).get("__doc__") or "").split())
    match = re.search(r"References?: (.*?\d{4})[^.;]*?arXiv:(\d{4}\.\d{4,5})", text)
    return f"[{match[1]}](https://arxiv.org/abs/{match[2]})" if match else "-"


def own(name: str, base: dict) -> str:
    """Returns the hyperparameters that a variant adds to those of the base."""
    return ", ".join(f"`{key}`" for key in gans.hyperparameters(name) if key not in base) or "-"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
