"""The card of a pretrained model, written from what was measured and from nothing else."""

import inspect

from ganzoo import gans
from ganzoo.data import sources
from ganzoo.engine.hyperparameters import TABLES
from ganzoo.evaluation import published
from ganzoo.inference.saved_model import KINDS
from ganzoo.training.recipe import Recipe, differences

CARD = """\
# {title}

![{picture}](samples.png)
{caption}
{paper}

Model `{model}`, trained on `{dataset}`{way}.

## Reproduce

```
python train.py {backend}--recipe={entry}
```

{cost} The recipe is [recipe.toml](recipe.toml); what was measured is [metrics.json](metrics.json).
{started}{teacher}{stored}{changed}
## Figures

| figure | value | measured with |
|---|---|---|
{figures}
{published}{biased}{neighbours}{directions}
## Limits

{limits}

## Load

With GanZoo:

```python
import ganzoo

{load}
```

With TensorFlow alone:

```python
import tensorflow as tf

{load_alone}
```
{served}
Its outputs for fixed inputs are in [metrics.json](metrics.json); `ganzoo verify {entry}` compares.

## License

Data: {license}. Weights: {weights_license}, as GanZoo.
"""
WEIGHTS_LICENSE = "Apache-2.0"

SERVED = """
With a model server ({signature}):

```
tensorflow_model_server --rest_api_port=8501 --model_name={entry} \\
  --model_base_path="$PWD/saved_models/{entry}" &
curl localhost:8501/v1/models/{entry}{request}
```
"""

STARTED = """
It started from the weights of `{init}`.
"""

TEACHER = """
Its teacher is other people's: {title}, {origin}, SHA-256 `{sha256}`. To train it again, import that
first: `ganzoo import {family}:FILE --as={name}`.
"""

STORED = """
Its weights are stored in {weights}.
"""

NEIGHBOURS = """
![Samples and the training images nearest to them](neighbours.png)

In each row a sample and its nearest training images.
"""

DIRECTIONS = """
![One sample, moved along {names}](directions.png)

Each row moves one sample along a principal component ({names}), from -3 to 3 standard deviations:
`ganzoo edit {entry} --seeds=0 --direction=pca:0 --strength=-3..3`.
"""


def render(
    entry: str, version: int, recipe: dict, summary: dict, address: str | None = None
) -> str:
    """Returns the card as Markdown.

    Args:
        entry: The entry's name.
        version: The version of its SavedModel.
        recipe: The run's recipe, as plain data.
        summary: The run's facts: `steps`, `metrics` (a number, or `{"value": number}` and how it
            was measured) and `kind`; `seconds`, `images_per_second`, `hardware`, `versions`,
            `best_step`, the number of `classes`, `which` of several exports it is, what its
            `weights` are stored in, and its `teacher`, where there are these.
        address: Where the entry is pushed to, `hf://OWNER/REPO`, with the SavedModel in
            `saved_model/`; None for the card in `models/`.
    """
    rows = []
    for name, fact in summary["metrics"].items():
        fact = dict(fact) if isinstance(fact, dict) else {"value": fact}
        value = fact.pop("value", "")
        value = f"{value:.4g}" if isinstance(value, float) else value
        rows.append(f"| {name} | {value} | {_pairs(fact) or '-'} |")
    which = summary.get("which")
    names = {
        "entry": address or entry, "title": entry, "dataset": recipe["dataset"],
        "given": (which or "x")[0],  # of a translator
        "latents": recipe.get("architecture", {}).get("latent_dim"),
        "last": (summary.get("classes") or 1) - 1,
        "folder": "saved_model" if address else f"saved_models/{entry}/{version}",
        "shape": "".join(f", {k}={recipe[k]}" for k in ("image_size", "channels") if recipe.get(k)),
    }  # fmt: skip
    teacher = summary.get("teacher") or {}
    kind = KINDS[summary.get("kind") or gans.get(recipe["model"]).exported.kind]
    words = dict(kind.card_of(summary))
    own = None if which else gans.get(recipe["model"]).pictured
    if which == "classifier":
        words["picture"] = "Samples of the generator that it was trained against"
    elif own:
        words["picture"] = own
    neighbors = any(name.startswith("neighbours") for name in summary["metrics"])
    words = names | {key: text.format(**names) for key, text in words.items()}
    return CARD.format(
        **words,
        caption="" if words["picture"].startswith("Samples of") else f"\n{words['picture']}.\n",
        served="" if address else SERVED.format(**words),
        weights_license=WEIGHTS_LICENSE,
        model=recipe["model"],
        way=f", `{which}` of what it exports" if which else "",
        paper=_paper(recipe["model"]),
        cost=_cost(summary),
        started=STARTED.format(**recipe) if recipe.get("init") else "",
        teacher=TEACHER.format(**teacher) if "title" in teacher else "",
        stored=STORED.format(**summary) if "weights" in summary else "",
        figures="\n".join(rows),
        published=_published(recipe, summary.get("seeds", [])),
        backend="--backend=jax " if "jax" in (summary.get("versions") or {}) else "",
        changed=_changed(recipe),
        biased=f"\nIt was {published.BIASED}\n" if published.is_biased(recipe) else "",
        neighbours=NEIGHBOURS if neighbors else "",
        directions=_directions(names["entry"], summary),
        license=license_of(recipe["dataset"], teacher),
    )


def _directions(entry: str, summary: dict) -> str:
    names = ", ".join(f"`{name}`" for name in summary.get("directions", ()))
    return DIRECTIONS.format(names=names, entry=entry) if names else ""


def _published(recipe: dict, seeds: list[dict]) -> str:
    """Returns the published figure of the recipe's loss, and what is not alike, if there is one.

    Args:
        recipe: The recipe of the entry.
        seeds: For each other seed that the recipe was trained with, `seed`, `fid` and
            `fid_without_averaging`.
    """
    fid = published.fid(recipe)
    if not fid:
        return ""
    others = ", ".join(
        f"{row['fid']:.1f} with seed {row['seed']} "
        f"({row['fid_without_averaging']:.1f} without averaging)"
        for row in seeds
    )
    said = f" The same recipe gave an FID of {others}." if others else ""
    return f"\nPublished: {fid:g}, {published.SOURCE}. {published.differs(recipe)}{said}\n"


def _changed(recipe: dict) -> str:
    """Returns the hyperparameters that differ from the variant's own, as a list."""
    usual, given = Recipe(model=recipe["model"]).resolved(), Recipe.from_dict(recipe)
    rows = []
    for row in differences(usual, given):
        key, values = row.split(": ", 1)
        old, new = (value.replace("None", "-") for value in values.split(" -> "))
        if key.startswith(TABLES) and not key.endswith((".module", ".registered_name")):
            rows.append(f"| `{key}` | {old} | {new} |\n")
    if not rows:
        return f"\nAll hyperparameters are those of `{recipe['model']}`.\n"
    head = f"| hyperparameter | of `{recipe['model']}` | here |\n|---|---|---|\n"
    return f"\n{head}{''.join(rows)}"


def license_of(dataset: str, teacher: dict | None = None) -> str:
    """Returns the license of a data set, or that its source states it."""
    return sources.license_of(dataset, teacher) or f"that of `{dataset}`, see its source"


def _paper(model: str) -> str:
    """Returns the idea and the references in the variant's docstring."""
    text = inspect.getdoc(gans.get(model)) or ""
    idea, *rest = text.split("\n\n")
    papers = [part for part in rest if part.startswith(("Reference:", "References:"))]
    return "\n\n".join([idea, *(inspect.cleandoc(part.split(":", 1)[1]) for part in papers)])


def _cost(summary: dict) -> str:
    parts = [f"{summary['steps']:,} steps"]
    if seconds := summary.get("seconds"):
        parts.append(f"{seconds / 60:.3g} minutes")
    if rate := summary.get("images_per_second"):
        parts.append(f"{rate:.4g} images a second")
    for key in ("hardware", "versions"):
        if value := summary.get(key):
            parts.append(_pairs(value) if isinstance(value, dict) else str(value))
    best = summary.get("best_step")
    kept = f" The checkpoint published is that of step {best:,}, the best one." if best else ""
    return f"It took {', '.join(parts)}, for one seed.{kept}"


def _pairs(facts: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())
