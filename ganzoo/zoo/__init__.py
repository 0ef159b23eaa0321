"""The pretrained generators: listing, locating, downloading, verifying and loading them.

Imports `engine` and `inference`; imported by metrics, evaluation, publishing and the commands.
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
