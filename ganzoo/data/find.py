"""Find named files in or below a folder somebody gave, within bounds."""

import os
import pathlib
from collections.abc import Mapping, Sequence

from ganzoo.errors import InputError

_MOST = 100_000  # entries looked at
_DEPTH = 8


def find(source: str | os.PathLike, wanted: Mapping[str, Sequence[str]]) -> dict:
    """Returns, for each key that was found, the path of the first file with one of its names.

    Folders are searched in sorted order; links to folders are not followed.

    Args:
        source: A folder, or one file.
        wanted: key -> the file names that will do, the best first.

    Raises:
        InputError: If there is no such folder, or it holds too much to search.
    """
    root = pathlib.Path(source).expanduser()
    if root.is_file():
        root = root.parent
    if not root.is_dir():
        raise InputError(f"no folder {str(source)!r}: give the one that holds the files.")
    found: dict[str, pathlib.Path] = {}
    seen = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        seen += len(folders) + len(names)
        if seen > _MOST:
            raise InputError(f"{source} holds over {_MOST} files: give the folder itself.")
        if len(pathlib.Path(folder).relative_to(root).parts) >= _DEPTH:
            folders.clear()
        here = set(names)
        for key, choices in wanted.items():
            if key not in found and (match := next((n for n in choices if n in here), None)):
                found[key] = pathlib.Path(folder, match)
    return {key: path for key, path in found.items() if path.is_file()}
