"""Hyperparameters as tables."""

import inspect

from ganzoo import gans
from ganzoo.engine import hyperparameters
from ganzoo.publishing import reference


def table(name: str) -> str:
    """Returns a table of the hyperparameters; of a variant, those that differ from the base's."""
    base, rows = hyperparameters.of(gans.get("gan")), []
    for key, found in hyperparameters.of(gans.get(name)).items():
        if name == "gan" or key not in base or shown(base[key].default) != shown(found.default):
            value = "-" if found.default is None else f"`{shown(found.default)}`"
            rows.append([f"`{key}`", value, cell(found.meaning)])
    text = reference.table(["hyperparameter", "default", "meaning"], rows)
    return text if name == "gan" else f"Those that are not as in [`gan`](gan.md):\n\n{text}"


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
    arguments = ", ".join(f"{key}={number(item)}" for key, item in changed.items())
    return f"{type(value).__name__}({arguments})"


def number(value) -> str:
    """Returns a value as code, a float without its rounding errors."""
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def cell(text: str) -> str:
    """Returns a text as it is written in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
