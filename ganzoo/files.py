"""Files that appear whole or not at all."""

import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

# What zipfile, and numpy.load, raise on an archive that is damaged, encrypted or of another kind.
DAMAGED = (OSError, ValueError, EOFError, LookupError, RuntimeError, zlib.error, BadZipFile)


@contextlib.contextmanager
def replacing(path, suffix: str = "") -> Iterator[Path]:
    """Yields a temporary path beside `path`; what was written there then takes its place.

    If the block fails nothing is left behind, and `path` is as it was.

    Args:
        path: The file to write.
        suffix: What the temporary name must end in, for writers that look at it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256(path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
