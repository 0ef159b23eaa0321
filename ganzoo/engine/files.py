"""Files that appear whole or not at all."""

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

# What zipfile, and numpy.load, raise on an archive that is damaged, encrypted or of another kind.
DAMAGED = (OSError, ValueError, EOFError, LookupError, RuntimeError, zlib.error, BadZipFile)

NO_DISK = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)]


def unwritable(error: Exception) -> str | None:
    """Returns why a file could not be written, if that is what the error of any library says."""
    said = str(error)  # HDF5 and TensorFlow have errors of their own, with the system's words
    reason = next((words for words in NO_DISK if words in said), None)
    return reason or (said if isinstance(error, OSError) else None)


@contextlib.contextmanager
def replacing(path, suffix: str = "") -> Iterator[Path]:
    """Yields a temporary path beside `path`; what was written there then takes its place.

    If the block fails nothing is left behind, and `path` is as it was.

    Args:
        path: The file to write.
        suffix: What the temporary name must end in, for writers that look at it.
    """
    path = Path(path)
    temporary = beside(path, suffix)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def beside(path: Path, suffix: str = "") -> Path:
    """Returns a hidden name beside `path`, and removes what killed processes left under theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp*"):
        process = left.name[len(path.name) + 2 :].partition(".")[0]
        if process.isdigit() and not _alive(int(process)):
            remove(left)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{suffix}")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's, or no number of a process
        return True
    return True


def remove(path: Path) -> None:
    """Removes a file, or a folder and all that is in it, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_sealed(path, value) -> None:
    """Writes plain data as JSON, with the SHA-256 that `read_sealed` checks."""
    seal = hashlib.sha256(json.dumps(value).encode()).hexdigest()
    write_text(path, json.dumps({"sha256": seal, "content": value}))


def read_sealed(path):
    """Returns what `write_sealed` wrote.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is damaged.
    """
    try:
        sealed = json.loads(Path(path).read_text("utf-8"))
        seal, value = sealed["sha256"], sealed["content"]
    except (LookupError, TypeError) as error:
        raise ValueError(f"{path} has no seal") from error
    if seal != hashlib.sha256(json.dumps(value).encode()).hexdigest():
        raise ValueError(f"{path} is not what its SHA-256 says")
    return value


def sha256(path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
