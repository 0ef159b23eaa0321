"""Where an entry is: published, imported on this machine, or on the Hugging Face Hub.

A published one is in `saved_models/` of a checkout, else in the package keras-ganzoo-weights, else
in the cache, to which it is downloaded. `GANZOO_HOME` sets the folder of the cache and
`GANZOO_MIRROR` the address of downloads.
"""

import os
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from ganzoo.errors import InputError, unknown
from ganzoo.zoo import hub, local, registry

PACKAGE = Path(__file__).resolve().parent.parent  # ganzoo/
WEIGHTS = "keras-ganzoo-weights"  # a package of saved_models/, which has its own pyproject.toml


class Layout(NamedTuple):
    """The files and folders of the zoo in this installation."""

    registry: Path
    models: Path  # <entry>/{recipe.toml, README.md, metrics.json, samples.png}
    saved_models: Path | None  # <entry>/<version>/; only in a checkout


def layout() -> Layout:
    """Returns the paths of the registry, of models/ and, in a checkout, of saved_models/."""
    packaged = PACKAGE / "_models"
    if packaged.is_dir():  # an installed wheel
        return Layout(packaged / "registry.json", packaged, None)
    root = PACKAGE.parent
    return Layout(root / "saved_models" / "registry.json", root / "models", root / "saved_models")


def weights() -> Path | None:
    """Returns the folder of the installed package of weights, which is like saved_models/."""
    try:
        return Path(metadata.distribution(WEIGHTS).locate_file("ganzoo_weights"))
    except metadata.PackageNotFoundError:
        return None


class Place(NamedTuple):
    """Where an entry is, and what is known of it.

    Attributes:
        name: Its name.
        facts: Its `version`, `description`, `bytes` and `files`, as in the registry.
        about: Folder with its card, its figures and its recipe.
        folder: Folder of its SavedModel, which may have to be downloaded to there.
        restore: What restores damaged files; None where they are downloaded.
        address: Address that they are downloaded from; None if nobody gave one.
        imported: Whether others trained it, so that it has no recipe.
        checked: Whether its files were checked already.
    """

    name: str
    facts: dict
    about: Path
    folder: Path
    restore: str | None = None
    address: str | None = None
    imported: bool = False
    checked: bool = False


def of(name: str) -> Place:
    """Returns where an entry is; one on the Hub is downloaded.

    Args:
        name: The name of a published or imported entry, or "hf://OWNER/REPO[@REVISION]".

    Raises:
        InputError: If there is no such entry.
    """
    if hub.is_entry(name):
        own, facts, folder = hub.fetch(name)
        imported = not (folder / "recipe.toml").is_file()
        return Place(own, facts, folder, folder / hub.MODEL, imported=imported, checked=True)
    known, mine = registry.read(layout().registry), local.entries()
    if name in known["entries"]:
        return _published(name, known)
    if name in mine:
        facts, about = mine[name], local.folder(name)
        folder = about / str(facts["version"])
        return Place(name, facts, about, folder, "import it again", imported=True)
    if not known["entries"]:
        raise InputError(
            f"the registry has no pretrained generators, got {name!r}. Train one: "
            "python train.py --help"
        )
    raise unknown("pretrained generator", name, [*known["entries"], *mine])


def _published(name: str, known: dict) -> Place:
    facts, about = known["entries"][name], layout().models / name
    version = str(facts["version"])
    for root, way in (
        (layout().saved_models, f"git checkout -- saved_models/{name}"),
        (weights(), f"pip install --force-reinstall --no-deps {WEIGHTS}"),
    ):
        if root and (folder := root / name / version).is_dir():
            return Place(name, facts, about, folder, way)
    base = os.environ.get("GANZOO_MIRROR") or known["base_url"]
    address = base and f"{registry.address('GANZOO_MIRROR', base)}/{name}/{version}"
    cached = local.home() / "saved_models" / name / version
    return Place(name, facts, about, cached, address=address)


def list_pretrained() -> list[str]:
    """Returns the names of all pretrained generators, in alphabetical order."""
    return sorted(registry.read(layout().registry)["entries"])


def list_imported() -> list[str]:
    """Returns the names of the entries that were imported here, in alphabetical order."""
    return sorted(local.entries().keys() - set(list_pretrained()))
