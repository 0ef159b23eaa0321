"""Entries on the Hugging Face Hub, `hf://OWNER/REPO` or `hf://OWNER/REPO@REVISION`.

`ganzoo push` writes such a repository: a SavedModel in `saved_model/`, what is known of it, and a
manifest, `ganzoo.json`, with the name of the entry and the size and SHA-256 of each file but the
card, which may be edited there. Only these files are downloaded, from one commit, to
`<home>/hub`; they are checked every time, and none is executed. `HF_ENDPOINT` sets the address of
the Hub, and `GANZOO_OFFLINE=1` disables downloads.
"""

import contextlib
import importlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ganzoo.errors import InputError
from ganzoo.zoo import download, local, registry

MANIFEST, CARD, MODEL = "ganzoo.json", "README.md", "saved_model"
ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")  # of a repository
_ADDRESS = re.compile(rf"hf://({ID.pattern})(?:@([\w.-]+))?")
LOGIN = "log in with an account that has access: hf auth login"


class Entry(NamedTuple):
    """A downloaded entry.

    Attributes:
        name: Its name.
        facts: Its `version`, `description`, `bytes` and `files`, as in a registry.
        folder: The folder with its files.
    """

    name: str
    facts: dict
    folder: Path


def address(repo: str) -> str:
    """Returns the address of OWNER/REPO.

    Raises:
        InputError: If it has another form.
    """
    if not ID.fullmatch(repo):
        raise InputError(f"--repo: expected OWNER/REPO, got {repo!r}.")
    return f"hf://{repo}"


def is_entry(text: str) -> bool:
    """Returns whether this is the address of a repository, rather than of a file in one."""
    return _ADDRESS.fullmatch(text) is not None


def endpoint() -> str | None:
    """Returns the address of the Hub; None for that of its package."""
    return os.environ.get("HF_ENDPOINT") or None


def required(module: str, place: str):
    """Returns a module of the extra `hub`.

    Raises:
        InputError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(f"{place} needs a package: pip install 'keras-ganzoo[hub]'.") from None


@contextlib.contextmanager
def client(place: str) -> Iterator:
    """Yields the package `huggingface_hub`, each of whose errors becomes one line.

    Args:
        place: What is downloaded or written, for the error messages.

    Raises:
        InputError: If the package is missing or raises an error.
    """
    package = required("huggingface_hub", place)
    errors = required("huggingface_hub.errors", place)
    try:
        with _quiet(required("huggingface_hub.utils", place)):
            yield package
    except Exception as error:  # the package raises errors of several others
        raise InputError(f"{place}: {_reason(error, errors)}") from error


@contextlib.contextmanager
def _quiet(utils) -> Iterator[None]:
    """Has the package, given its `utils`, show progress only on a terminal, and no warnings."""
    level, shown = utils.logging.get_verbosity(), not utils.are_progress_bars_disabled()
    hidden = shown and not sys.stderr.isatty()
    utils.logging.set_verbosity_error()
    if hidden:
        utils.disable_progress_bars()
    try:
        yield
    finally:
        utils.logging.set_verbosity(level)
        if hidden:
            utils.enable_progress_bars()


def _reason(error: Exception, errors) -> str:
    """Returns what a person is told of an error; `errors` is the package's module of them."""
    if isinstance(error, (errors.LocalEntryNotFoundError, RuntimeError)):  # of another error
        error = error.__cause__ or error
    if isinstance(error, errors.GatedRepoError):
        return f"access is granted on request: ask for it on its page, then {LOGIN}"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no such repository, or it is private: {LOGIN}"
    if isinstance(error, errors.RevisionNotFoundError):
        return "it has no such revision: expected a branch, a tag or a commit."
    if isinstance(error, (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError)):
        return (
            "it is not in the cache, and GANZOO_OFFLINE or HF_HUB_OFFLINE disables the network: "
            "unset it."
        )
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"access is refused (HTTP {status}): {LOGIN}"
    if status and status < 500:
        message = getattr(error, "server_message", None) or "it gave no reason"
        return f"the Hub answered HTTP {status}: {' '.join(message.split())}"
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    if isinstance(error, ValueError):
        return f"{reason}."
    return f"{reason}. Check the network, and HF_ENDPOINT if it is set; then run it again."


def fetch(place: str) -> Entry:
    """Returns an entry, downloading what is not in the cache; checks all files.

    Raises:
        InputError: If it cannot be downloaded, `ganzoo push` did not write it, or a file differs
            from the manifest.
    """
    name, revision = _ADDRESS.fullmatch(place).groups()
    root = _snapshot(place, name, revision, [MANIFEST])
    entry, facts = _manifest(place, root / MANIFEST)
    wanted = [MANIFEST, CARD, *facts["files"]]
    for again in (False, True):  # a damaged file in the cache is replaced
        folder = _snapshot(place, name, root.name, wanted, again)  # of the same commit
        fault = download.problem(folder, facts["files"])
        if fault is None:
            return Entry(entry, facts, folder)
    raise InputError(
        f"{place} is damaged: {fault}. Its owner may push it again; or take another revision: "
        f"hf://{name}@REVISION"
    )


def _snapshot(
    place: str, name: str, revision: str | None, patterns: list[str], again: bool = False
) -> Path:
    """Returns the folder of a commit with the files that have these names."""
    with client(place) as package:
        found = package.snapshot_download(
            name,
            revision=revision,
            allow_patterns=patterns,
            cache_dir=local.home() / "hub",
            endpoint=endpoint(),
            local_files_only=local.offline(),
            force_download=again,
        )
    return Path(found)


def _manifest(place: str, path: Path) -> tuple[str, dict]:
    """Returns the name of an entry and its facts."""
    if not path.is_file():
        raise InputError(
            f"{place}: expected a repository that `ganzoo push` wrote, got one without {MANIFEST}. "
            f"Other people's weights: ganzoo import {place}/FILE --as=NAME"
        )
    try:
        facts = registry.decode(path.read_text("utf-8"))
        form, name = facts.pop("format"), facts.pop("name")
        if form != 1:
            raise InputError(f"expected format 1, got {form!r}: update ganzoo.")
        registry.validate_entry(name, facts)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{place}: {MANIFEST} is not valid: {error}") from error
    return name, facts
