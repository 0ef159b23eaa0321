"""The pretrained generators: listing, locating, downloading, verifying and loading them.

`importing` reads files of weights that others published; what was imported on this machine is an
entry, too: `imported` makes it, `local` lists it.

Imports `engine`, `inference` and `networks`; imported by metrics, evaluation, publishing and the
commands.
"""

from ganzoo.zoo.catalogue import fetch, find, info, load_pretrained, recipe_path, verify
from ganzoo.zoo.places import Layout, layout, list_imported, list_pretrained

__all__ = [
    "Layout",
    "fetch",
    "find",
    "info",
    "layout",
    "list_imported",
    "list_pretrained",
    "load_pretrained",
    "recipe_path",
    "verify",
]
