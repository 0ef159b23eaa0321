"""The pages of the site that are derived from the library and from the files of the entries.

No name and no number is written here: a new variant, entry, trick or module needs no edit.
"""

import html
import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path

from pymdownx.slugs import slugify

import ganzoo
from ganzoo import gans, zoo
from ganzoo.engine import hyperparameters
from ganzoo.evaluation import tables
from ganzoo.inference.saved_model import KINDS
from ganzoo.networks import tricks
from ganzoo.publishing import reference

LISTS = ("zoo", "reference", "composition", "what_goes_in", "speed")  # they name every variant

GALLERY = """\
---
hide: [toc]
---

# Gallery

No sample is picked. Each name leads to the entry's card: its figures, how they were measured, its
recipe, and how to load it.

<div class="gallery" markdown>
{cards}
</div>
"""

ENTRY = """\
<div class="entry" data-variant="{variant}" data-data="{data}" data-size="{size}" \
data-kind="{kind}" markdown>

**[{name}](../models/{name}/README.md)**

[![{description}](../models/{name}/row.png)](../models/{name}/README.md)

[{variant}](../variants/{variant}.md) on {data}, {shape}{megabytes:.1f} MB

{figures}

</div>
"""

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

INHERITING = """\
::: ganzoo.gan.GAN
    options:
      inherited_members: true
"""

PRETRAINED = """\
What `load_pretrained` returns is one of these, and so is `GAN.sampler`.

"""

API = """\
# API

The variants have [pages of their own](../variants/README.md), with their code.

| name | what it is |
| --- | --- |
{top}
What `load_pretrained` returns has [a page of its own](pretrained.md).

## Modules

{modules}"""

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


def make(root: Path) -> dict[str, str]:
    """Returns the Markdown of each page, by its path on the site.

    Args:
        root: The checkout.
    """
    made = {
        "zoo/README.md": gallery(),
        "variants/README.md": variants(),
        "tricks/README.md": _tricks(),
    }
    papers = tomllib.loads((root / "tests/reference/papers.toml").read_text("utf-8"))
    entries = by_variant()
    sections = named_in(root)
    for name in gans.list_variants():
        made[f"variants/{name}.md"] = variant(
            name, entries.get(name, []), papers.get(name, {}), sections.get(name, [])
        )
    return made | api()


def by_variant() -> dict[str, list[str]]:
    """Returns the entries of each variant that has some."""
    entries: dict[str, list[str]] = {}
    for name in zoo.list_pretrained():
        entries.setdefault(tables.recipe_of(name)["model"], []).append(name)
    return entries


# --- the zoo


def gallery() -> str:
    """Returns the page with a card for each entry."""
    return GALLERY.format(cards="\n".join(card(name) for name in zoo.list_pretrained()))


def card(name: str) -> str:
    """Returns an entry's card in the gallery, with the values that it can be filtered by."""
    facts, recipe = zoo.info(name), tables.recipe_of(name)
    shape = shape_of(facts["metrics"])
    size = " x ".join(str(side) for side in shape[:2]) if shape else ""
    return ENTRY.format(
        name=name,
        variant=recipe["model"],
        data=html.escape(recipe["dataset"]),
        size=size,
        kind=facts["metrics"].get("kind", ""),
        description=facts["description"],
        shape=f"{' x '.join(str(side) for side in shape)}, " if shape else "",
        megabytes=facts["bytes"] / 1e6,
        figures=", ".join(tables.in_words(facts["metrics"])[:3]),
    )


def shape_of(metrics: dict) -> list[int]:
    """Returns the shape of an entry's images, (H, W, C), or nothing if it makes none."""
    outputs = [fact for call in metrics.get("fingerprint", {}).values() for fact in call.values()]
    shapes = [fact["shape"][1:] for fact in outputs if len(fact.get("shape", ())) == 4]
    return shapes[0] if shapes else []


# --- the variants


def variants() -> str:
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


def variant(name: str, entries: list[str], paper: dict, mentions: list[tuple[str, str]]) -> str:
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
        hyperparameters=_hyperparameters(name),
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


def _hyperparameters(name: str) -> str:
    """Returns a table of the hyperparameters; of a variant, those that differ from the base's."""
    base, rows = hyperparameters.of(gans.get("gan")), []
    for key, found in hyperparameters.of(gans.get(name)).items():
        if name == "gan" or key not in base or shown(base[key].default) != shown(found.default):
            value = "-" if found.default is None else f"`{shown(found.default)}`"
            rows.append([f"`{key}`", value, _cell(found.meaning)])
    table = reference.table(["hyperparameter", "default", "meaning"], rows)
    return table if name == "gan" else f"Those that are not as in [`gan`](gan.md):\n\n{table}"


def shown(value) -> str:
    """Returns a default value as code: what it is made of, without what is left as it is."""
    if value is inspect.Parameter.empty:
        return "required"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
    if not hasattr(value, "get_config"):
        return repr(value)
    names = [key for key in inspect.signature(type(value).__init__).parameters if key != "self"]
    config = {key: item for key, item in value.get_config().items() if key in names}
    usual = {key: p.default for key, p in inspect.signature(type(value)).parameters.items()}
    changed = {
        key: item for key, item in config.items() if item != usual.get(key) and key != "name"
    }
    arguments = ", ".join(f"{key}={_number(item)}" for key, item in changed.items())
    return f"{type(value).__name__}({arguments})"


def _number(value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


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
        [f"`{key}`", _setting(row.get("ours")), _cell(str(row.get("paper", "-"))),
         _cell(row.get("why", "-"))]
        for key, row in paper.get("departures", {}).items()
    ]  # fmt: skip
    table = reference.table(["differs in", "here", "in the paper", "why"], rows)
    return f"{text}\n{table}" if rows else text


def _setting(value) -> str:
    if isinstance(value, dict):
        rest = ", ".join(f"{k}={_number(v)}" for k, v in value.items() if k != "class_name")
        return f"`{value.get('class_name', '')}({rest})`"
    return f"`{value!r}`"


def _mentions(sections: list[tuple[str, str]]) -> str:
    rows = "".join(f"- [{title}]({link})\n" for title, link in sections)
    return f"\n### Where it comes up\n\n{rows}" if rows else ""


def named_in(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Returns title and link of the sections of `docs/` that name a variant, by variant."""
    found: dict[str, list[tuple[str, str]]] = {}
    names = {
        name: re.compile(rf"`{name}`|\b{gans.get(name).__name__}\b|\| {name} \|")
        for name in gans.list_variants()
    }
    for path in sorted([*root.glob("docs/*.md"), *root.glob("docs/experiments/*.md")]):
        if path.stem in (*LISTS, "README"):
            continue
        for title, anchor, text in sections(path.read_text("utf-8")):
            link = f"../{path.relative_to(root).as_posix()}{anchor}"
            for name, pattern in names.items():
                if pattern.search(text):
                    found.setdefault(name, []).append((title, link))
    return found


def sections(text: str) -> list[tuple[str, str, str]]:
    """Returns title, anchor and text of each section of a page; the first has no anchor."""
    text = re.sub(
        r"^```.*?^```", lambda match: match[0].replace("\n#", "\n "), text, flags=re.M | re.S
    )
    head, *rest = re.split(r"^(#{2,3} .+)$", text, flags=re.M)
    title = re.search(r"^# (.+)$", head, re.M)
    title = title[1] if title else ""
    slug = slugify(case="lower")
    result = [(title, "", head)]
    for heading, body in zip(rest[::2], rest[1::2], strict=True):
        name = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.lstrip("# ").strip())
        result.append((f"{title}: {name}", f"#{slug(name, '-')}", body))
    return result


# --- the tricks


def _tricks() -> str:
    base = hyperparameters.of(gans.get("gan"))
    architecture = [[f"`{key}`", trick.side, trick.meaning] for key, trick in tricks.SIDES.items()]
    training = [
        [
            f"`{key}`",
            f"`{shown(row.default)}`" if row.default is not None else "-",
            _cell(row.meaning),
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


# --- the API


def api() -> dict[str, str]:
    """Returns a page for each module and package that users import, and their list."""
    modules = pkgutil.iter_modules(ganzoo.__path__)
    names = {module.name for module in modules if not module.ispkg} - {"__main__"}
    made, rows = {}, []
    for name in sorted({*names, *ganzoo._SUBPACKAGES, *ganzoo._MODULES.values()}):
        module = importlib.import_module(f"ganzoo.{name}")
        members = INHERITING if module.__name__ == ganzoo.GAN.__module__ else _members(module)
        made[f"api/{name}.md"] = f"# ganzoo.{name}\n\n{_about(module)}\n\n{members}"
        rows.append([f"[`ganzoo.{name}`]({name}.md)", _about(module).split("\n\n")[0]])
    kinds = (f"::: {cls.__module__}.{cls.__name__}\n\n" for cls in KINDS.values())
    made["api/pretrained.md"] = f"# Pretrained models\n\n{PRETRAINED}{''.join(kinds)}"
    top = "".join(map(_top, ganzoo.__all__))
    made["api/README.md"] = API.format(
        modules=reference.table(["module", "what it holds"], rows), top=top
    )
    return made


def _about(module) -> str:
    """Returns the docstring of a module."""
    return inspect.getdoc(module) or ""


def _top(name: str) -> str:
    """Returns a row for a name at the top of the package, with a link to where it is described."""
    item = getattr(ganzoo, name)
    if not (inspect.isfunction(item) or inspect.isclass(item)):
        return ""
    return (
        f"| [`ganzoo.{name}`][{item.__module__}.{item.__qualname__}] | {reference.idea(item)} |\n"
    )


def _members(module) -> str:
    """Returns the directives for what a module defines, or for what a package exports."""
    names = getattr(module, "__all__", None) or [
        name for name, item in vars(module).items()
        if name[0] != "_" and getattr(item, "__module__", None) == module.__name__
    ]  # fmt: skip
    if all(inspect.ismodule(getattr(module, name)) for name in names):  # all that it holds
        found = pkgutil.iter_modules(getattr(module, "__path__", []))
        names = [one.name for one in found if not one.ispkg]
    texts = []
    for name in names:
        item = getattr(module, name, None)
        item = item or importlib.import_module(f"{module.__name__}.{name}")
        if inspect.ismodule(item):
            nested = _members(item).replace("\n\n", "\n    options:\n      heading_level: 3\n\n")
            texts.append(f"## {item.__name__}\n\n{_about(item)}\n\n{nested}")
        elif inspect.isfunction(item) or inspect.isclass(item):
            texts.append(f"::: {item.__module__}.{item.__qualname__}\n\n")
    return "".join(texts)
