"""The pretrained generators, read: what there is, where it lies, and that it is what was published.

Imports `engine` and `inference`; metrics, evaluation, publishing and the commands import it.
"""

from ganzoo.zoo.catalogue import (
    Layout,
    fetch,
    find,
    info,
    layout,
    list_pretrained,
    load_pretrained,
    recipe_path,
    verify,
)

__all__ = [
    "Layout",
    "fetch",
    "find",
    "info",
    "layout",
    "list_pretrained",
    "load_pretrained",
    "recipe_path",
    "verify",
]
