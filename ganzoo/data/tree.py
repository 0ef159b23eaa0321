"""The images below a folder, in sorted order, at a few bytes each."""

import array
import copy
import os
from collections.abc import Callable

from ganzoo.errors import InputError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff")


class Tree:
    """Names of images relative to `root`, kept as one run of bytes.

    Links to folders are followed, each folder being visited once, so that a loop of links ends.
    Hidden files and folders are left out.

    Attributes:
        root: The folder.
        tops: The names of the folders at the top which hold images, sorted.
        flat: Whether there are images at the top itself.
        expected: The suffixes of images, for messages.
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
        waiting, visited = [b""], set()
        while waiting:
            folder = waiting.pop()
            files, folders = _list(os.path.join(base, folder), visited)
            for name in files:
                self._names += os.path.join(folder, name)
                self._ends.append(len(self._names))
            if files:
                top = folder.split(os.fsencode(os.sep))[0]
                self.flat |= not top
                tops.add(os.fsdecode(top))
            waiting.extend(os.path.join(folder, name) for name in reversed(folders))
        self.tops = sorted(tops - {""})

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._ends) - 1

    def only(self, wanted: Callable[[int], bool]) -> "Tree":
        """Returns the tree with only those images whose number is wanted."""
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
        """Returns the name of the folder at the top that image `i` is in."""
        return self.name(i).split(os.sep)[0]


def _list(folder: bytes, visited: set) -> tuple[list[bytes], list[bytes]]:
    """Returns the names of the images and of the folders in `folder`, sorted; none if seen."""
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
                    files.append(entry.name)  # is_file: a pipe of that name would block
    except OSError as error:
        raise InputError(f"cannot list the folder {os.fsdecode(folder)!r}: {error}.") from error
    return sorted(files), sorted(folders)
