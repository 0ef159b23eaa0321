"""What a spread of a folder's files tells about all of them: size, color and range of values.

Only headers are read, and the pixels of files whose values have more than 8 bits.
"""

import collections
from collections.abc import Iterable

import numpy as np
from PIL import Image

from ganzoo.data import images
from ganzoo.engine import batch
from ganzoo.engine.pixels import ValueRange
from ganzoo.errors import InputError

LOOKED_AT = 256  # files, at most, evenly spaced
_DECODED = 32  # of which the pixels are read, at most
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "F")
_ROTATED = (5, 6, 7, 8)  # values of EXIF's orientation that swap height and width


def spread(count: int) -> list[int]:
    """Returns the indices of the files to look at, of `count`."""
    return batch.spread(np.arange(count), min(count, LOOKED_AT)).tolist()


class Look:
    """Notes what some images of a set are like.

    Args:
        name: Name of the set, for error messages.
        levels: See `ValueRange`.
        across: Number of images side by side in each file.

    Attributes:
        sizes: Number of images by their (height, width).
        color: Whether any of them has color.
        values: The range of their values.
    """

    def __init__(self, name: str, levels=None, across: int = 1):
        self.name, self.across, self.color = name, across, False
        self.sizes = collections.Counter()
        self.values = ValueRange(levels, name, stored=True)
        self._decoded = 0

    def at(self, pictures: Iterable[Image.Image]) -> None:
        """Looks at opened images, which are decoded only if need be.

        Raises:
            InputError: If a value is outside of the range of its type, or of `levels`.
        """
        for image in pictures:
            height, width = size_of(image)
            self.sizes[height, width // self.across] += 1
            self.color |= has_color(image)
            if self._decoded < _DECODED and (images.is_deep(image) or is_reduced(image)):
                self._decoded += 1
                if images.is_deep(image):
                    self.values.add(np.asarray(image))
                elif np.asarray(image).max() < 128:
                    raise InputError(
                        f"{self.name}: expected color files of 16 bits to use their full range, "
                        "got one that does not use the upper half: convert them to 8 bits."
                    )

    def size(self) -> tuple[int, int]:
        """Returns the (height, width) that all images have.

        Raises:
            InputError: If they have different ones.
        """
        if len(self.sizes) > 1:
            low, high = min(self.sizes), max(self.sizes)
            usual = self.sizes.most_common(1)[0][0]
            raise InputError(
                f"{self.name}: the images have {len(self.sizes)} sizes, from {low[0]} x {low[1]} "
                f"to {high[0]} x {high[1]} pixels (height x width): say which they should have, "
                f"such as image_size={min(usual)}."
            )
        return next(iter(self.sizes))


def size_of(image: Image.Image) -> tuple[int, int]:
    """Returns the (height, width) of an opened image, rotated as its EXIF data says."""
    rotated = image.getexif().get(0x0112) in _ROTATED
    return (image.width, image.height) if rotated else (image.height, image.width)


def has_color(image: Image.Image) -> bool:
    """Returns whether an opened image has color, as far as its header tells."""
    if image.mode == "P" and (palette := image.getpalette()):
        red, green, blue = (palette[i::3] for i in range(3))
        return not red == green == blue
    return image.mode not in _GREY


def is_reduced(image: Image.Image) -> bool:
    """Returns whether PIL drops the lower 8 bits of an opened image's 16."""
    return not images.is_deep(image) and any(";16" in str(tile[3]) for tile in image.tile)
