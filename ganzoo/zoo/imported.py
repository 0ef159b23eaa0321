"""Imports a file of weights as an entry of the local zoo.

The entry appears whole or not at all: it is written beside its place and renamed, its registry
last.
"""

import contextlib
import hashlib
import json
import shutil
from pathlib import Path

from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.zoo import fingerprint, local, places, registry, sources

RECORDED = 64  # pixels a side up to which the outputs for fixed inputs are recorded
CARD = """\
# {name}

{title}

Imported by GanZoo from `{source}`{part}.

| fact | value |
|---|---|
| family | {family} |
| parameters | {parameters:,} |
| images | {shape} |
| classes | {classes} |
| file | {format}, {bytes:,} bytes, SHA-256 `{sha256}` |
| license | {license} |
| source | {origin} |

It was trained by others, on data that this card does not know: it has their limits and biases.

## Load

```python
import ganzoo

{load}
```
"""
LOAD = {
    "translator": 'images = ganzoo.load_pretrained("{name}").translate(images)  # uint8',
    "generator": 'images = ganzoo.load_pretrained("{name}").sample(16, seed=0)  # uint8',
    "truncated_generator": 'generator = ganzoo.load_pretrained("{name}")\n'
    "images = generator.sample(16, seed=0, truncation=0.7)  # uint8",
}


def import_entry(
    text: str, name: str, part: str | None = None, license: str | None = None,
    origin: str | None = None, replace: bool = False, precision: str = "float32", **options,
) -> Path:  # fmt: skip
    """Stores the network in a file as the entry `name` of the local zoo; returns its folder.

    Args:
        text: `FAMILY:PLACE` or `PLACE`; see `open_source`.
        name: Name of the entry, of a-z, 0-9 and _.
        part: The part of the file to take.
        license: License of the weights, for the card.
        origin: Where the file is from, for the card; by default its place.
        replace: Whether an entry of this name is replaced.
        precision: What the weights are stored in; see `writing.save`.
        **options: As `open_source`.

    Raises:
        InputError: If the file cannot be read, the name is taken, or the entry cannot be written.
    """
    from ganzoo.zoo.importing import network

    _check_name(name, replace)
    source = sources.parse(text)
    found = network.recognize(sources.path(source.place), source.family, part, **options)
    model = network.exported(found)
    place = local.folder(name)
    try:
        with files.replacing_folder(place) as folder:
            version = folder / str(local.VERSION)
            model.export(version, precision)
            facts = _facts(found, model, source.place, license, origin)
            outputs = {}
            if max(side or 1 for side in model.network.output_shape[1:3]) <= RECORDED:
                (outputs,) = fingerprint.alone([version])
                if isinstance(outputs, str):
                    raise InputError(f"{name} cannot be loaded without GanZoo: {outputs}")
            summary = {"kind": model.kind, "metrics": {}, "imported": facts, "fingerprint": outputs}
            files.write_text(folder / "metrics.json", json.dumps(summary, indent=2) + "\n")
            files.write_text(folder / "README.md", _card(name, model, facts))
            entry = {"version": local.VERSION, "description": _description(facts)}
            entry |= registry.contents(version)
        _register(name, entry)
    except OSError as error:
        raise InputError(f"cannot write {place}: {error.strerror}. Set GANZOO_HOME?") from error
    return place


def _check_name(name: str, replace: bool) -> None:
    if not registry.is_name(name):
        raise InputError(f"--as: expected a name of a-z, 0-9 and _, got {name!r}.")
    if name in places.list_pretrained():
        raise InputError(f"--as: {name} is a published entry: choose another name.")
    if name in local.entries() and not replace:
        raise InputError(f"--as: {name} was imported already: choose another name, or --replace.")


def _facts(found, model, place: str, license: str | None, origin: str | None) -> dict:
    """Returns what the card says of a file and of the network in it."""
    single = found.path.is_file()
    parts = [found.path] if single else sorted(p for p in found.path.rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for path in parts:
        digest.update(files.sha256(path).encode())
    return {
        "family": found.family.name,
        "title": found.family.title,
        "source": Path(place).name if "://" not in place else place,
        "part": found.part,
        "format": found.format,
        "parameters": found.parameters,
        "bytes": sum(path.stat().st_size for path in parts),
        "sha256": files.sha256(found.path) if single else digest.hexdigest(),
        "shape": list(model.network.output_shape[1:]),
        "classes": found.plan.get("num_classes"),
        "license": license or "not stated: see its source before you use it",
        "origin": origin or (place if "://" in place else "a file of this machine"),
    }


def _card(name: str, model, facts: dict) -> str:
    part = f", part `{facts['part']}`" if facts["part"] else ""
    shape = " x ".join(map(str, facts["shape"]))
    texts = facts | {"part": part, "shape": shape, "classes": facts["classes"] or "none"}
    texts["title"] = facts["title"][:1].upper() + facts["title"][1:] + "."
    return CARD.format(name=name, load=LOAD[model.kind].format(name=name), **texts)


def _description(facts: dict) -> str:
    height, width = facts["shape"][:2]
    return f"imported {facts['family']}, {height} x {width}, from {facts['source']}"[:200]


def _register(name: str, entry: dict) -> None:
    known = local.known()
    known["entries"][name] = entry
    known["entries"] = dict(sorted(known["entries"].items()))
    registry.validate(known)
    files.write_text(local.root() / "registry.json", json.dumps(known, indent=2) + "\n")


def remove(name: str) -> None:
    """Removes an imported entry.

    Raises:
        InputError: If there is none of this name.
    """
    known = local.known()
    if known["entries"].pop(name, None) is None:
        raise InputError(f"expected an imported entry, got {name!r}. See: ganzoo list")
    files.write_text(local.root() / "registry.json", json.dumps(known, indent=2) + "\n")
    with contextlib.suppress(OSError):
        shutil.rmtree(local.folder(name))
