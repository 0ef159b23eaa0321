"""The entries that were imported on this machine: a registry of its own, in the cache.

`<home>/imported/registry.json` has the format of `registry`; beside it stands, for each entry,
`<name>/<version>/` (a SavedModel), `README.md` (its card) and `metrics.json`. `GANZOO_HOME` sets
the home.
"""

import os
from pathlib import Path

from ganzoo.zoo import registry

VERSION = 1


def home() -> Path:
    """Returns the folder of the cache."""
    return Path(os.environ.get("GANZOO_HOME") or "~/.cache/ganzoo").expanduser()


def offline() -> bool:
    """Returns whether `GANZOO_OFFLINE` disables downloads."""
    return os.environ.get("GANZOO_OFFLINE", "0") not in ("", "0")


def root() -> Path:
    """Returns the folder of all imported entries."""
    return home() / "imported"


def known() -> dict:
    """Returns the registry of the imported entries, which is empty if there are none.

    Raises:
        InputError: If it is damaged.
    """
    path = root() / "registry.json"
    if not path.is_file():
        return {"format": 1, "base_url": root().absolute().as_uri(), "entries": {}}
    return registry.read(path)


def entries() -> dict:
    """Returns the imported entries by name."""
    return known()["entries"]


def folder(name: str) -> Path:
    """Returns the folder of an entry: its card, its facts, and its versions."""
    return root() / name
