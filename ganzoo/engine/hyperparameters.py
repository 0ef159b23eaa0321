"""Hyperparameters, read off the class that names them: no list of them exists anywhere else.

A variant names its hyperparameters in two places: the arguments of its `networks`, and the keys of
what its `learning` returns. Their meanings are the entries of these methods' docstrings, `Args:` of
`networks` and `compile` and `Returns:` of `learning`, of the class or of the nearest class that it
inherits from.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable

# Arguments of `networks` that the data set decides.
FROM_DATA = ("image_shape", "num_classes", "vocabulary", "teacher_dim")
TABLES = ("architecture", "learning")  # of a recipe
_ENTRY = re.compile(r"^(?P<indent> *)(?P<names>\w+(, \w+)*): +(?P<text>\S.*)$")


@dataclasses.dataclass(frozen=True)
class Hyperparameter:
    """A hyperparameter of a variant.

    Attributes:
        name: Key of a recipe, and flag.
        table: Table of a recipe that it stands in, one of `TABLES`.
        default: The variant's default; None if there is none, `inspect.Parameter.empty` if it must
            be given.
        meaning: One line; "" if the class documents none.
    """

    name: str
    table: str
    default: object
    meaning: str


def of(cls: type) -> dict[str, Hyperparameter]:
    """Returns the hyperparameters of a variant by name, those of `networks` first."""
    meanings = documented(cls)
    architecture = {
        name: parameter.default
        for name, parameter in inspect.signature(cls.networks).parameters.items()
        if name not in FROM_DATA
    }
    both = zip(TABLES, (architecture, cls.learning()), strict=True)
    return {
        name: Hyperparameter(name, table, default, meanings.get(name, ""))
        for table, defaults in both
        for name, default in defaults.items()
    }


def documented(cls: type) -> dict[str, str]:
    """Returns the meanings in the docstrings of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for one in cls.__mro__:
        for method in ("networks", "learning", "compile"):
            if method in vars(one):
                found = entries(getattr(one, method)) | found
    return found


def entries(function: Callable) -> dict[str, str]:
    """Returns the entries of the `Args:` and `Returns:` sections of a function's docstring."""
    found, section, entry = {}, 0, ()
    for line in (inspect.getdoc(function) or "").splitlines():
        if line and not line.startswith(" "):
            section, entry = line in ("Args:", "Returns:"), ()
        elif section and (match := _ENTRY.match(line)) and len(match["indent"]) == 4:
            entry = match["names"].split(", ")
            found |= dict.fromkeys(entry, match["text"])
        elif section and entry and line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in entry}
        elif not line.strip():
            entry = ()
    return found
