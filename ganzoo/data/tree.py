"""A compact sorted list of the images below a folder."""

import array
import collections
import copy
import os
from collections.abc import Callable

from absl import logging
from PIL import Image

from ganzoo.errors import InputError

Image.init()  # loads PIL's plugins
# Only these decoders, of those that this installation of Pillow has, are used, whatever the suffix
# of a file: some others run programs.
FORMATS = tuple(
    name
    for name in "PNG JPEG WEBP BMP DIB GIF PPM TIFF AVIF JPEG2000 TGA DDS ICO PCX SGI QOI".split()
    if name in Image.OPEN
)
_SUFFIXES = tuple(s for s, name in Image.registered_extensions().items() if name in FORMATS)


class Tree:
    """Names of images relative to `root`, stored in a single byte array.

    Links to folders are followed, and each folder is visited once, so that cycles of links end.
    Hidden files and folders are ignored.

    Attributes:
        root: The folder.
        tops: Sorted names of the top-level folders that contain images.
        flat: Whether there are images directly in `root`.
        left_out: Number of other files by their suffixes.
        expected: Suffixes of image files, for error messages.
    """

    expected = ".png, .jpg, .webp, .bmp, .gif, .tif or another suffix that Pillow can read"

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
        self.left_out = collections.Counter()
        base = os.fsencode(root)
        pending, visited = [b""], set()
        while pending:
            folder = pending.pop()
            files, folders = self._list(os.path.join(base, folder), visited)
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

    def say_left_out(self) -> None:
        """Logs how many files are not images, in one line, if there are any."""
        if self.left_out:
            logging.warning("%s: %s", self.root, self.others)

    @property
    def others(self) -> str:
        """What else is in the tree, in words; "" if there is nothing."""
        kinds = [
            f"{n:,} {suffix or 'without suffix'}" for suffix, n in self.left_out.most_common(6)
        ]
        more = ", ..." if len(self.left_out) > 6 else ""
        count = self.left_out.total()
        files = "1 file that is no image" if count == 1 else f"{count:,} files that are no images"
        return f"left out {files}: {', '.join(kinds)}{more}" if kinds else ""

    def _list(self, folder: bytes, visited: set) -> tuple[list[bytes], list[bytes]]:
        """Returns the sorted names of images and folders in a folder; none if already visited."""
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
                    elif entry.is_file():  # excludes pipes, which would block
                        suffix = os.path.splitext(os.fsdecode(entry.name))[1].lower()
                        if suffix in _SUFFIXES:
                            files.append(entry.name)
                        else:
                            self.left_out[suffix] += 1
        except OSError as error:
            raise InputError(f"cannot list the folder {os.fsdecode(folder)!r}: {error}.") from error
        return sorted(files), sorted(folders)
