"""The page of each variant, and their list."""

import inspect

import ganzoo
from ganzoo import gans, zoo
from ganzoo.evaluation import tables
from ganzoo.publishing import reference
from pages import settings

DEFINITION = """\
::: {path}
    options:
      heading_level: 3
      members: false
      merge_init_into_class: false
      show_source: true
"""

VARIANT = """\
# {name}

{pictures}## Idea and equation

{definition}
{parts}## Train it

```bash
{commands}
```

{recipes}
### Hyperparameters

{hyperparameters}
## Figures

{figures}
## What it teaches

{changes}
{departures}{mentions}"""


def by_variant() -> dict[str, list[str]]:
    """Returns the entries of each variant that has some."""
    entries: dict[str, list[str]] = {}
    for name in zoo.list_pretrained():
        entries.setdefault(tables.recipe_of(name)["model"], []).append(name)
    return entries


def index() -> str:
    """Returns the page that lists the variants."""
    entries = by_variant()
    rows = [
        [
            f"[`{name}`]({name}.md)",
            reference.idea(gans.get(name)),
            reference.paper(gans.get(name)),
            " ".join(f"[{entry}](../models/{entry}/README.md)" for entry in entries.get(name, [])),
        ]
        for name in gans.list_variants()
    ]
    return "# Variants\n\n" + reference.table(["variant", "idea", "paper", "pretrained"], rows)


def render(name: str, entries: list[str], paper: dict, mentions: list[tuple[str, str]]) -> str:
    """Returns the page of a variant.

    Args:
        name: The variant.
        entries: Its pretrained entries.
        paper: What its paper prescribes, a table of `tests/reference/papers.toml`.
        mentions: Title and link of each section of the documentation that names it.
    """
    cls = gans.get(name)
    own = [key for key, item in vars(cls).items() if key[0] != "_" and _is_code(item)]
    return VARIANT.format(
        name=name,
        pictures="".join(map(_picture, entries)),
        definition=_definition(cls),
        parts=_parts(cls),
        commands="\n".join(_commands(name, entries)),
        recipes="".join(map(_recipe, entries)),
        hyperparameters=settings.table(name),
        figures=_figures(entries),
        changes=_changes(cls, own),
        departures=_departures(paper),
        mentions=_mentions(mentions),
    )


def _definition(cls: type) -> str:
    """Returns the directive for a class and its code; for the base, which has its page, a link."""
    path = f"{cls.__module__}.{cls.__name__}"
    if cls is ganzoo.GAN:
        return f"{_opening(cls)} It is [`{cls.__name__}`][{path}] of the API.\n"
    return DEFINITION.format(path=path)


def _is_code(item) -> bool:
    return isinstance(item, (classmethod, property)) or inspect.isfunction(item)


def _picture(entry: str) -> str:
    card = f"../models/{entry}/README.md"
    picture = f"![{zoo.info(entry)['description']}](../models/{entry}/row.png)"
    return f"[`{entry}`]({card})<br>[{picture}]({card})\n\n"


def _parts(cls: type) -> str:
    """Returns the loss and the penalties that a variant is trained with, and their equations."""
    learning = cls.learning()
    parts = [learning.get("loss"), *(learning.get("penalties") or [])]
    texts = []
    for part in parts:
        if part is not None and type(part).__module__.startswith("ganzoo."):
            path = f"{type(part).__module__}.{type(part).__name__}"
            texts.append(f"[`{type(part).__name__}`][{path}]: {_opening(type(part))}\n\n")
    return f"### Its default loss and penalties\n\n{''.join(texts)}" if texts else ""


def _opening(cls: type) -> str:
    """Returns the first paragraph of a docstring, and the equations right below it."""
    first, *rest = inspect.getdoc(cls).split("\n\n")
    equations = [text for text in rest if all(row[:4] == "    " for row in text.splitlines())]
    equations = [text for text in equations if "ganzoo." not in text]
    blocks = (f"```text\n{inspect.cleandoc(text)}\n```" for text in equations)
    return "\n\n".join([first.replace("\n", " "), *blocks])


def _commands(name: str, entries: list[str]) -> list[str]:
    commands = [f"python train.py --recipe={entry}" for entry in entries]
    return [*commands, f"python train.py --model={name} --help"]


def _recipe(entry: str) -> str:
    text = zoo.recipe_path(entry).read_text("utf-8").strip()
    rows = "".join(f"    {row}\n" if row else "\n" for row in text.splitlines())
    return f'??? note "Recipe of {entry}"\n\n    ```toml\n{rows}    ```\n\n'


def _figures(entries: list[str]) -> str:
    """Returns what was measured of each entry, and what it took to train it."""
    if not entries:
        return "No entry of this variant is published yet.\n"
    rows = []
    for name in entries:
        metrics = zoo.info(name)["metrics"]
        figures = ", ".join(tables.in_words(metrics)[:4])
        cost = f"{metrics['steps']:,} steps" if "steps" in metrics else ""
        cost += f", {metrics['seconds'] / 60:.0f} minutes" if "seconds" in metrics else ""
        facts = [figures, cost, metrics.get("hardware")]
        rows.append(
            f"- [`{name}`](../models/{name}/README.md): {'; '.join(filter(None, facts))}.\n"
        )
    return f"{''.join(rows)}\nHow each was measured is on its card.\n"


def _changes(cls: type, own: list[str]) -> str:
    """Returns what a variant changes in the class that it inherits from."""
    parent = cls.__mro__[1]
    home = next((n for n in gans.list_variants() if gans.get(n) is parent), None)
    link = f"[`{home}`]({home}.md)" if home else f"`{parent.__name__}`"
    if not home and parent.__module__.count(".") == 1:  # a module with a page in the API
        link = f"[{link}][{parent.__module__}.{parent.__name__}]"
    replaced = [f"`{key}`" for key in own if hasattr(parent, key)]
    added = [f"`{key}`" for key in own if not hasattr(parent, key)]
    if parent.__module__.split(".")[0] != "ganzoo" or cls is ganzoo.GAN:
        return "It is the base of all variants.\n"
    text = f"It is {link}"
    text += f" with {', '.join(replaced)} replaced" if replaced else ""
    text += f"{' and' if replaced else ' with'} {', '.join(added)} added" if added else ""
    return text + ".\n"


def _departures(paper: dict) -> str:
    """Returns where the paper gives the settings, and where GanZoo's differ and why."""
    text = f"\nThe settings of the paper: {paper['where']}.\n" if "where" in paper else ""
    rows = [
        [f"`{key}`", _setting(row.get("ours")), settings.cell(str(row.get("paper", "-"))),
         settings.cell(row.get("why", "-"))]
        for key, row in paper.get("departures", {}).items()
    ]  # fmt: skip
    table = reference.table(["differs in", "here", "in the paper", "why"], rows)
    return f"{text}\n{table}" if rows else text


def _setting(value) -> str:
    if isinstance(value, dict):
        rest = ", ".join(f"{k}={settings.number(v)}" for k, v in value.items() if k != "class_name")
        return f"`{value.get('class_name', '')}({rest})`"
    return f"`{value!r}`"


def _mentions(sections: list[tuple[str, str]]) -> str:
    rows = "".join(f"- [{title}]({link})\n" for title, link in sections)
    return f"\n### Where it comes up\n\n{rows}" if rows else ""
