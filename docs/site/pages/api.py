"""The pages of the API: what users import, as directives for mkdocstrings."""

import importlib
import inspect
import pkgutil

import ganzoo
from ganzoo.inference.saved_model import KINDS
from ganzoo.publishing import reference

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


def render() -> dict[str, str]:
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
