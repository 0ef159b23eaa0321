"""Search for files by name in or below a folder, within limits."""

import os
import pathlib
from collections.abc import Mapping, Sequence

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
