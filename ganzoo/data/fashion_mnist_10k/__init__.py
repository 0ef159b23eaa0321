"""10,000 training images of Fashion-MNIST, 1,000 of each class, included as a PNG sheet.

The sheet has 100 x 100 tiles of 28 x 28 pixels; rows 10 c to 10 c + 9 are class c. The examples
cycle through the classes, so that label i is i % 10, and every prefix is balanced. For the origin
of the images see `README.md`.
"""

import pathlib

import numpy as np
from PIL import Image

from ganzoo.data.idx import CLASSES
from ganzoo.data.source import Memory
from ganzoo.errors import unknown

SHEET = pathlib.Path(__file__).with_name("images.png")


def source(
    split: str = "train", image_size: tuple[int, int] | None = None, channels: int | None = None
) -> Memory:
    """Returns the data set, 28 x 28 grayscale images.

    Raises:
        InputError: If the split is not "train".
    """
    if split != "train":
        raise unknown("split of fashion_mnist_10k", split, ["train"])
    with Image.open(SHEET) as sheet:
        images = from_sheet(np.asarray(sheet))
    labels = np.arange(len(images), dtype=np.int32) % 10
    classes = CLASSES["fashion_mnist"]
    return Memory("fashion_mnist_10k", split, images, labels, classes, image_size, channels)


def to_sheet(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the sheet, uint8 (2800, 2800), of the first 1,000 images of each class, in order."""
    rows = np.stack([images[labels == c][:1000] for c in range(10)])
    return rows.reshape(100, 100, 28, 28).transpose(0, 2, 1, 3).reshape(2800, 2800)


def from_sheet(sheet: np.ndarray) -> np.ndarray:
    """Returns the images, uint8 (10000, 28, 28, 1), cycling through the classes."""
    tiles = sheet.reshape(100, 28, 100, 28).transpose(0, 2, 1, 3).reshape(10, 1000, 28, 28, 1)
    return tiles.swapaxes(0, 1).reshape(10000, 28, 28, 1)
