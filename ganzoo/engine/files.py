"""Writing files atomically, and checksums of files."""

import contextlib
import errno
import glob
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

from ganzoo.errors import InputError

# What zipfile and numpy.load raise for an archive that is damaged, encrypted or of another format.
DAMAGED = (OSError, ValueError, EOFError, LookupError, RuntimeError, zlib.error, BadZipFile)

NO_DISK = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)]


def unwritable(error: Exception) -> str | None:
    """Returns why a file could not be written, or None if the error has another cause."""
    message = str(error)  # HDF5 and TensorFlow raise errors of their own with the system's message
    reason = next((text for text in NO_DISK if text in message), None)
    return reason or (message if isinstance(error, OSError) else None)


@contextlib.contextmanager
def replacing(path, suffix: str = "") -> Iterator[Path]:
    """Yields a temporary path in the folder of `path`, and replaces `path` with it at the end.

    If the block fails, the temporary file is removed and `path` is unchanged.

    Args:
        path: The file to write.
        suffix: Suffix of the temporary name, for writers that depend on it.
    """
    path = Path(path)
    temporary = temporary_path(path, suffix)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_replaceable(path: Path, mark: str, refusal: str) -> None:
    """Checks that a folder may be written to a path: there is none, an empty one, or one like it.

    Args:
        path: The path.
        mark: The file that every folder of that kind has.
        refusal: What is said of a path where something else is, after its name.

    Raises:
        InputError: If something else is there.
    """
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not (path / mark).is_file()):
        raise InputError(f"{path} {refusal}: give another path.")


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yields a new, empty folder beside `path`, and replaces `path` with it at the end.

    If the block fails, the new folder is removed and `path` is unchanged.

    Args:
        path: The folder to write.
    """
    temporary = temporary_path(path)
    new, old = temporary / "new", temporary / "old"
    try:
        remove(temporary)
        new.mkdir(parents=True)
        yield new
        if path.exists():
            path.rename(old)
        try:
            new.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    finally:
        remove(temporary)


def size(path: Path) -> int:
    """Returns the number of bytes of a file, or of all files in a folder."""
    return sum(part.stat().st_size for part in [path, *path.rglob("*")] if part.is_file())


def temporary_path(path: Path, suffix: str = "") -> Path:
    """Returns a hidden name in the same folder, and removes those that killed processes left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.tmp*"):
        process = leftover.name[len(path.name) + 2 :].partition(".")[0]
        if process.isdigit() and not _alive(int(process)):
            remove(leftover)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{suffix}")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's process, or not a process number
        return True
    return True


def remove(path: Path) -> None:
    """Removes a file, or a folder with its content, if it exists."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes a text file atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_sealed(path, value) -> None:
    """Writes plain data as JSON, together with its SHA-256, which `read_sealed` checks."""
    seal = hashlib.sha256(json.dumps(value).encode()).hexdigest()
    write_text(path, json.dumps({"sha256": seal, "content": value}))


def read_sealed(path):
    """Returns the data that `write_sealed` wrote.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is damaged.
    """
    try:
        sealed = json.loads(Path(path).read_text("utf-8"))
        seal, value = sealed["sha256"], sealed["content"]
    except (LookupError, TypeError) as error:
        raise ValueError(f"{path} has no checksum") from error
    if seal != hashlib.sha256(json.dumps(value).encode()).hexdigest():
        raise ValueError(f"{path} does not match its SHA-256")
    return value


def sha256(path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
