"""A compact sorted list of the images below a folder."""

import array
import copy
import os
from collections.abc import Callable

from ganzoo.errors import InputError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff")


class Tree:
    """Names of images relative to `root`, stored in a single byte array.

    Links to folders are followed, and each folder is visited once, so that cycles of links end.
    Hidden files and folders are ignored.

    Attributes:
        root: The folder.
        tops: Sorted names of the top-level folders that contain images.
        flat: Whether there are images directly in `root`.
        expected: Suffixes of image files, for error messages.
    """

    expected = ", ".join(_SUFFIXES)

    def __init__(self, root: str):
        """Lists the images.

        Raises:
            InputError: If a folder cannot be read.
        """
        self.root = root
        self._names = bytearray()
        self._ends = array.array("Q", [0])
        tops = set()
        self.flat = False
        base = os.fsencode(root)
        pending, visited = [b""], set()
        while pending:
            folder = pending.pop()
            files, folders = _list(os.path.join(base, folder), visited)
            for name in files:
                self._names += os.path.join(folder, name)
                self._ends.append(len(self._names))
            if files:
                top = folder.split(os.fsencode(os.sep))[0]
                self.flat |= not top
                tops.add(os.fsdecode(top))
            pending.extend(os.path.join(folder, name) for name in reversed(folders))
        self.tops = sorted(tops - {""})

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._ends) - 1

    def only(self, wanted: Callable[[int], bool]) -> "Tree":
        """Returns the tree with only those images for whose index `wanted` is true."""
        part = copy.copy(self)
        part._names, part._ends = bytearray(), array.array("Q", [0])
        for i in filter(wanted, range(len(self))):
            part._names += self._names[self._ends[i] : self._ends[i + 1]]
            part._ends.append(len(part._names))
        return part

    def name(self, i: int) -> str:
        """Returns the path of image `i` relative to the root."""
        return os.fsdecode(bytes(self._names[self._ends[i] : self._ends[i + 1]]))

    def path(self, i: int) -> str:
        """Returns the path of image `i`."""
        return os.path.join(self.root, self.name(i))

    def top(self, i: int) -> str:
        """Returns the name of the top-level folder of image `i`."""
        return self.name(i).split(os.sep)[0]


def _list(folder: bytes, visited: set) -> tuple[list[bytes], list[bytes]]:
    """Returns the sorted names of the images and folders in `folder`; none if already visited."""
    files, folders = [], []
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:
            return [], []
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(b"."):
                    continue
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file() and os.fsdecode(entry.name).lower().endswith(_SUFFIXES):
                    files.append(entry.name)  # is_file excludes pipes, which would block
    except OSError as error:
        raise InputError(f"cannot list the folder {os.fsdecode(folder)!r}: {error}.") from error
    return sorted(files), sorted(folders)
