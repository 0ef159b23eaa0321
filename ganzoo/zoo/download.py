"""Downloads a folder of files whose sizes and hashes are known: completely or not at all.

The files are downloaded to a hidden folder with the same parent, checked and flushed to disk, and
then moved into place by a single rename. So other processes see no folder or a complete one, and
two processes may download the same folder at once: the second one discards its own copy.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from ganzoo.errors import InputError

TRIES = 3
TIMEOUT = 30.0  # seconds without a byte
PAUSE = 0.5  # seconds before the second try; doubled before each further one
STALE = 3600.0  # seconds without a write after which a download is considered abandoned
CHUNK = 1 << 16
INCOMING = ".incoming-"  # not a number, so that a model server watching the folder ignores it

Files = Mapping[str, Mapping]  # relative posix path -> {"bytes": int, "sha256": str}


class _Interrupted(Exception):
    """A failure that may be temporary."""


def problem(folder: Path, files: Files, strict: bool = False) -> str | None:
    """Returns what is wrong with the files of a folder, or None if they are as expected.

    Args:
        folder: Where the files should be.
        files: Size and SHA-256 of each, by relative path.
        strict: Whether a file that is not in `files` is a problem as well.
    """
    for name, fact in files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != fact["bytes"]:
                return f"{path}: expected {fact['bytes']} bytes, got {size}"
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return f"{path}: expected {fact['bytes']} bytes, got: {error.strerror}"
        if digest != fact["sha256"]:
            return f"{path}: expected SHA-256 {fact['sha256'][:12]}..., got {digest[:12]}..."
    if strict:
        for path in sorted(folder.rglob("*")):
            if not path.is_dir() and path.relative_to(folder).as_posix() not in files:
                return f"{path}: unexpected file"
    return None


def install(folder: Path, files: Files, base: str) -> None:
    """Downloads `files` from `base` to `folder`, which is replaced if it exists.

    Args:
        folder: The folder to create or replace. Its parents are created.
        files: Size and SHA-256 of each file, by relative path. The paths must have been validated.
        base: The address that the relative paths are appended to; http, https or file.

    Raises:
        InputError: If a file cannot be downloaded, has another size or hash, or cannot be written.
            `folder` is then unchanged.
    """
    incoming = _sibling(folder)
    report = _progress(folder, sum(fact["bytes"] for fact in files.values()))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        try:
            for name, fact in files.items():
                target = incoming / name
                target.parent.mkdir(parents=True, exist_ok=True)
                _fetch(f"{base}/{quote(name)}", target, fact, report)
            for path in (incoming, *incoming.rglob("*/")):
                _flush(path)
            _put(incoming, folder, files)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder.parent}: {error.strerror}. Free some disk space, or set "
            "GANZOO_HOME to a writable folder."
        ) from error


def _sibling(folder: Path) -> Path:
    return folder.with_name(INCOMING + secrets.token_hex(8))


def _sweep(parent: Path) -> None:
    """Removes abandoned downloads. An active one writes at least every `TIMEOUT` seconds."""
    for abandoned in parent.glob(INCOMING + "*"):
        with contextlib.suppress(OSError):  # another process may remove it as well
            last_write = max(path.stat().st_mtime for path in (abandoned, *abandoned.rglob("*")))
            if time.time() - last_write > STALE:
                shutil.rmtree(abandoned)


def _put(incoming: Path, folder: Path, files: Files) -> None:
    """Renames `incoming` to `folder`, unless another process put a valid copy there first."""
    for _ in range(TRIES):
        try:
            os.rename(incoming, folder)
            return _flush(folder.parent)
        except OSError:
            if not os.path.lexists(folder):
                raise
        if problem(folder, files) is None:
            return
        replaced = _sibling(folder)
        with contextlib.suppress(FileNotFoundError):  # another process moved it first
            os.rename(folder, replaced)
        shutil.rmtree(replaced, ignore_errors=True)
    raise OSError(0, f"{folder} keeps changing", str(folder))


def _flush(folder: Path) -> None:
    if os.name == "posix":  # on other systems a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _fetch(url: str, target: Path, fact: Mapping, report: Callable[[int], None]) -> None:
    for count in range(1, TRIES + 1):
        try:
            return _stream(url, target, fact, report)
        except _Interrupted as error:
            if count == TRIES:
                raise InputError(
                    f"cannot download {url} after {TRIES} tries: {error}. Check the network, or "
                    "set GANZOO_MIRROR to a copy of saved_models (https:// or file://)."
                ) from error
        time.sleep(PAUSE * 2 ** (count - 1))


def _stream(url: str, target: Path, fact: Mapping, report: Callable[[int], None]) -> None:
    expected, size, digest = fact["bytes"], 0, hashlib.sha256()
    advice = "The mirror has another version or is damaged: set GANZOO_MIRROR, or update ganzoo."
    try:
        with target.open("wb") as file:
            for chunk in _chunks(url):
                if size + len(chunk) > expected:
                    raise InputError(f"{url}: expected {expected} bytes, got more. {advice}")
                size += len(chunk)
                file.write(chunk)
                digest.update(chunk)
                report(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if size < expected:
            raise _Interrupted(f"expected {expected} bytes, got {size}")
    except _Interrupted:
        report(-size)
        raise
    if digest.hexdigest() != fact["sha256"]:
        raise InputError(
            f"{url}: expected SHA-256 {fact['sha256'][:12]}..., "
            f"got {digest.hexdigest()[:12]}.... {advice}"
        )


def _chunks(url: str) -> Iterator[bytes]:
    """Yields the content of `url`; only here does an OSError mean the network, not the disk."""
    from http.client import HTTPException  # here, since `ganzoo list` does not need it
    from urllib import error as failures
    from urllib import request

    opener = request.OpenerDirector()  # the default one without ftp and data
    for handler in (
        request.ProxyHandler, request.HTTPHandler, request.HTTPSHandler, request.FileHandler,
        request.HTTPDefaultErrorHandler, request.HTTPRedirectHandler, request.HTTPErrorProcessor,
        request.UnknownHandler,
    ):  # fmt: skip
        opener.add_handler(handler())
    try:
        query = request.Request(url, headers={"User-Agent": "ganzoo"})
        with opener.open(query, timeout=TIMEOUT) as response:
            while chunk := response.read(CHUNK):
                yield chunk
    except failures.HTTPError as error:
        error.close()
        if error.code in (408, 429) or error.code >= 500:
            raise _Interrupted(f"expected the file, got HTTP {error.code}") from error
        raise InputError(
            f"{url}: expected the file, got HTTP {error.code}. Update ganzoo, or set GANZOO_MIRROR "
            "to a copy of saved_models (https:// or file://)."
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        if url.startswith("file:"):
            raise InputError(
                f"{url}: expected a file, got: {reason}. See GANZOO_MIRROR."
            ) from error
        raise _Interrupted(f"expected the file, got: {reason}") from error


def chunks(url: str) -> Iterator[bytes]:
    """Yields the content of a file at an address, whose size and hash the caller checks.

    Raises:
        InputError: If it cannot be downloaded.
    """
    try:
        yield from _chunks(url)
    except _Interrupted as error:
        raise InputError(f"cannot download {url}: {error}. Check the network.") from error


def _progress(folder: Path, total: int) -> Callable[[int], None]:
    """Returns a function that reports downloaded bytes; it only prints on a terminal."""
    if not sys.stderr.isatty():
        return lambda size: None
    done = 0

    def report(size: int) -> None:
        nonlocal done
        done += size
        end = "\n" if done == total else ""
        line = f"\rganzoo: downloading {folder.parent.name}: {done / total:4.0%} of {total:,} bytes"
        print(line, end=end, file=sys.stderr, flush=True)

    return report
