"""The pretrained generators: finding, loading and verifying them.

A generator is a SavedModel, and the registry lists the size and SHA-256 of each of its files, which
are checked every time that it is loaded. `places` says where it is; `GANZOO_OFFLINE=1` disables
downloads.
"""

import functools
import json
from collections.abc import Callable
from pathlib import Path

from ganzoo.errors import InputError
from ganzoo.zoo import download, fingerprint, hub, local, places, registry, sources
from ganzoo.zoo.places import list_imported, list_pretrained

_MISSING = (
    f"pip install {places.WEIGHTS}, or set GANZOO_MIRROR to the address, https://... or "
    "file://..., of a copy of saved_models"
)


def recipe_path(name: str) -> Path:
    """Returns the path of the recipe of a pretrained generator.

    Raises:
        InputError: If the name is unknown or the recipe is missing.
    """
    place = places.of(name)
    if place.imported:
        raise InputError(f"{name} was imported: others trained it, by no recipe of GanZoo.")
    path = place.about / "recipe.toml"
    if not path.is_file():
        raise InputError(f"expected the recipe {path}, got no such file. Reinstall ganzoo.")
    return path


def info(name: str) -> dict:
    """Returns information about a pretrained generator, without loading it.

    Args:
        name: One of `list_pretrained()` or `list_imported()`, or "hf://OWNER/REPO", which is
            downloaded.

    Returns:
        The registry's `version`, `description`, `bytes` and `files`; `name`; `recipe` and
        `card_path` (paths); `card` (Markdown) and `metrics` (dict), empty if missing;
        `class_names`, empty if it has no classes or is not here yet; `source`: the folder or
        address that it would be loaded from, or what brings it here.
    """
    place = places.of(name)
    here = place.folder if place.folder.is_dir() else None
    card, metrics = place.about / "README.md", place.about / "metrics.json"
    summary = json.loads(metrics.read_text("utf-8")) if metrics.is_file() else {}
    return {
        "name": place.name,
        **place.facts,
        "recipe": place.about / "recipe.toml",
        "card_path": card,
        "card": card.read_text("utf-8") if card.is_file() else "",
        "metrics": summary,
        "class_names": _class_names(here) if summary.get("classes") else [],
        "source": str(here or place.address or f"not here: {_MISSING}"),
    }


def _class_names(folder: Path | None) -> list[str]:
    """Returns the names of the classes of a SavedModel; the numbers of those without names."""
    about = folder and folder / "assets.extra" / "ganzoo.json"
    facts = json.loads(about.read_text("utf-8")) if about and about.is_file() else {}
    return facts.get("class_names") or [str(n) for n in range(facts.get("num_classes") or 0)]


def fetch(name: str, version: int | None = None) -> Path:
    """Returns the folder of a pretrained SavedModel, downloading it if needed; checks all files.

    Args:
        name: One of `list_pretrained()` or `list_imported()`, or "hf://OWNER/REPO[@REVISION]".
        version: The required version; by default the registry's.

    Raises:
        InputError: If the name or version is unknown, a file in the checkout or the package of
            weights is damaged, or the generator is not available locally and cannot be downloaded.
    """
    place = places.of(name)
    folder, files = place.folder, place.facts["files"]
    if version not in (None, place.facts["version"]):
        expected = place.facts["version"]
        raise InputError(f"{name}: expected version {expected}, got {version!r}.")
    fault = None if place.checked else download.problem(folder, files)
    if fault is None:
        return folder
    if place.restore is not None:
        raise InputError(f"{fault}. Restore it: {place.restore}")
    damaged = f"the cached copy is damaged ({fault}) and was not replaced: "
    try:
        if place.address is None:
            raise InputError(f"the weights of {name} are not on this machine: {_MISSING}.")
        if local.offline() and place.address[:5] != "file:":
            raise InputError(
                f"expected {name} in {folder}, got no valid copy, and GANZOO_OFFLINE disables "
                "downloads. Unset it, or set GANZOO_MIRROR=file://... to a copy of saved_models."
            )
        download.install(folder, files, place.address)
        if fault := download.problem(folder, files):  # another process may have changed it
            raise InputError(fault)
    except InputError as error:
        raise InputError(f"{damaged if folder.is_dir() else ''}{error}") from error
    return folder


def load_pretrained(name: str, version: int | None = None):
    """Loads a pretrained generator, downloading it if needed; or a file of other people's weights.

    Args:
        name: One of `list_pretrained()` or `list_imported()`; "hf://OWNER/REPO" or
            "hf://OWNER/REPO@REVISION", where `ganzoo push` put one; or FAMILY:PLACE, such as
            "stylegan2:PATH.pkl" or "dcgan:hf://OWNER/REPO/FILE", which is read and not stored; or
            the folder of a run, or of a SavedModel.
        version: The required version; by default the registry's.

    Returns:
        A `keras.Model` with `sample(num, seed=0, labels=None)` -> uint8 (num, H, W, C).

    Raises:
        InputError: As `fetch`.
    """
    if sources.is_source(name) and not hub.is_entry(name):
        return sources.open_source(name)
    if version is None and (folder := _saved_model_in(name)):
        return _load(folder)
    return _load(fetch(name, version))


def find(name: str) -> tuple[Callable, str]:
    """Returns a function that loads the model of this name or folder, and a short name for it.

    Args:
        name: One of `list_pretrained()` or `list_imported()`, "hf://OWNER/REPO", FAMILY:PLACE of a
            file to import, or the folder of a SavedModel or of a run with one.

    Raises:
        InputError: If there is no such model.
    """
    path = Path(name)
    if name in (*list_pretrained(), *list_imported()):
        return functools.partial(load_pretrained, name), name
    if sources.is_source(name):
        stem = Path(name.partition("#")[0]).stem
        return functools.partial(load_pretrained, name), stem.partition("@")[0]
    if folder := _saved_model_in(name):
        full = path.resolve()
        stem = full.parent.name if full.name.isdigit() else full.name  # <entry>/<version>
        return functools.partial(_load, folder), stem
    if path.exists() or len(path.parts) > 1:
        raise InputError(
            "expected the name of a pretrained generator, or the folder of a SavedModel or of a "
            f"run with saved_model/, got {name!r}."
        )
    info(name)  # raises InputError: the name is unknown
    raise AssertionError(name)


def _saved_model_in(name) -> Path | None:
    """Returns the folder of the SavedModel in a folder of one or of a run; None if it is neither.

    The name of an entry is none, even where a folder of that name is at hand.
    """
    if str(name) in (*list_pretrained(), *list_imported()):
        return None
    folders = (Path(name), Path(name) / "saved_model")
    return next((folder for folder in folders if (folder / "saved_model.pb").is_file()), None)


def _load(folder: Path):
    from ganzoo.inference import saved_model  # late: it imports tensorflow

    return saved_model.load(folder)


def verify(names: list[str] | None = None, load: bool = False) -> list[tuple[str, str | None]]:
    """Checks size and SHA-256 of all files of the local generators, and that there are no others.

    Args:
        names: The generators to check, which must be available locally or on the Hub; by default
            all in a checkout or where the package of weights is installed, else those downloaded.
        load: Whether to also load the valid ones, in a process without GanZoo, and to compare their
            outputs for fixed inputs with the recorded ones.

    Returns:
        For each generator its name, and the problem that was found or None.

    Raises:
        InputError: If a name is unknown.
    """
    entries = registry.read(places.layout().registry)["entries"]
    root = places.layout().saved_models
    problems, valid, imported = [], {}, list_imported()
    for name in [*sorted(entries), *imported] if names is None else names:
        place = places.of(name)
        if place.checked:
            problems.append((name, None))
            valid[name] = place.folder
            continue
        folder, files = place.folder, place.facts["files"]
        if root and names is None and name not in imported:  # a checkout has all of them
            folder = root / name / str(place.facts["version"])
        if folder.is_dir() or root or names is not None:
            fault = download.problem(folder, files, strict=True)
            problems.append((name, fault))
            if fault is None:
                valid[name] = folder
    if root and names is None:
        strays = {path.name for path in root.iterdir() if path.is_dir()} - entries.keys()
        missing = "expected an entry in registry.json, got none"
        problems += [(name, missing) for name in sorted(strays)]
    if load and valid:
        got = dict(zip(valid, fingerprint.alone(valid.values()), strict=True))
        problems = [(name, fault or _difference(name, got.get(name))) for name, fault in problems]
    return problems


def _difference(name: str, got: dict | str | None) -> str | None:
    """Returns how a generator's fingerprint differs from the recorded one, or None."""
    if isinstance(got, str):
        return f"expected a SavedModel that can be loaded, got {got}"
    expected = info(name)["metrics"].get("fingerprint", {})
    return fingerprint.difference(expected, got) if got else None
