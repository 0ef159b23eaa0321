"""The registry of pretrained generators: a JSON file that lists the files of each one.

    {"format": 1, "base_url": "https://...", "entries": {"<entry>": {"version": 1,
     "description": "...", "bytes": 9, "files": {"saved_model.pb": {"bytes": 9, "sha256": "..."}}}}}

A file is downloaded from `base_url/<entry>/<version>/<relative path>`; where `base_url` is null,
from the address that the user gives. The whole registry is validated before any file that it names
is read or written.
"""

import json
import re
import reprlib
from collections import deque
from pathlib import Path

from ganzoo.engine import files
from ganzoo.errors import InputError, is_whole

_valid: deque[str] = deque(maxlen=4)  # texts that were validated: `ganzoo list` reads many times
LIMIT = 1 << 30  # maximum size of a generator in bytes
_PART = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
)  # no "..", drive, backslash or dot file


def read(path: Path) -> dict:
    """Reads and validates a registry, so that it cannot refer to files outside its folder.

    Raises:
        InputError: If the file cannot be read or is not a valid registry.
    """
    try:
        text = path.read_text("utf-8")
        if text in _valid:
            return json.loads(text)
        registry = decode(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected a registry, got: {error}. Reinstall ganzoo, or in a checkout: "
            f"git checkout -- saved_models/{path.name}"
        ) from error
    try:
        validate(registry)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    _valid.append(text)
    return registry


def decode(text: str) -> object:
    """Returns what a JSON text says; raises `ValueError` if it is none, or says a thing twice."""

    def unique(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a duplicate key")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique)


def contents(folder: Path) -> dict:
    """Returns `bytes` and `files` of the files in a folder, as an entry has them."""
    found = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": files.sha256(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {"bytes": sum(fact["bytes"] for fact in found.values()), "files": found}


def validate(registry: object) -> dict:
    """Returns the registry if it is valid, and raises `InputError` otherwise."""
    _keys("registry", registry, {"format", "base_url", "entries"})
    form = registry["format"]
    _need(type(form) is int and form == 1, "format", "1 (update ganzoo)", form)
    if registry["base_url"] is not None:
        address("base_url", registry["base_url"])
    _need(isinstance(registry["entries"], dict), "entries", "an object", registry["entries"])
    for name, entry in registry["entries"].items():
        validate_entry(name, entry)
    return registry


def validate_entry(name: object, entry: object) -> None:
    """Raises `InputError` if this is not a valid entry of a registry."""
    _need(is_name(name), "entries", "names of a-z, 0-9 and _", name)
    _keys(name, entry, {"version", "description", "bytes", "files"})
    _need(_whole(entry["version"]), f"{name}.version", "a positive whole number", entry["version"])
    text = entry["description"]
    _need(isinstance(text, str) and text.isprintable(), f"{name}.description", "one line", text)
    listed = entry["files"]
    _need(isinstance(listed, dict) and listed, f"{name}.files", "an object with files", listed)
    for path, fact in listed.items():
        where = f"{name}.files[{reprlib.repr(path)}]"
        parts = path.split("/")
        safe = len(path) < 200 and all(map(_PART.fullmatch, parts))
        _need(safe, where, "a relative path of letters, digits, _ . - and /", path)
        _keys(where, fact, {"bytes", "sha256"})
        size, digest = fact["bytes"], fact["sha256"]
        _need(_whole(size), f"{where}.bytes", f"a whole number from 1 to {LIMIT}", size)
        plain = isinstance(digest, str) and re.fullmatch(r"[0-9a-f]{64}", digest)
        _need(plain, f"{where}.sha256", "64 hexadecimal digits", digest)
    lower = {path.lower() for path in listed}  # some file systems ignore case
    parents = {path.rsplit("/", n)[0] for path in lower for n in range(1, path.count("/") + 1)}
    clear = len(lower) == len(listed) and not lower & parents
    _need(clear, f"{name}.files", "paths that do not collide", sorted(listed))
    total = sum(fact["bytes"] for fact in listed.values())
    sound = _whole(entry["bytes"]) and entry["bytes"] == total
    _need(sound, f"{name}.bytes", f"the sum {total}, at most {LIMIT}", entry["bytes"])


def is_name(name: object) -> bool:
    """Returns whether this is a valid name of an entry."""
    return isinstance(name, str) and re.fullmatch(r"[a-z0-9_]{1,100}", name) is not None


def _need(good: object, where: str, expected: str, got: object) -> None:
    if not good:
        raise InputError(f"{where}: expected {expected}, got {reprlib.repr(got)}.")


def _keys(where: str, value: object, keys: set[str]) -> None:
    good = isinstance(value, dict) and value.keys() == keys
    got = sorted(value) if isinstance(value, dict) else value
    _need(good, where, f"an object with {', '.join(sorted(keys))}", got)


def _whole(value: object) -> bool:
    return is_whole(value, 1, LIMIT)


def address(where: str, value: object) -> str:
    """Returns an address without trailing slashes; `where` names it in the error message."""
    good = isinstance(value, str) and re.fullmatch(r"(https?|file)://\S+", value)
    _need(good, where, "an address that starts with https://, http:// or file://", value)
    return value.rstrip("/")
