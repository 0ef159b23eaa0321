"""Files of images, and the levels that say which values are black and white in them."""

from functools import partial

from PIL import Image

from ganzoo import data, metrics

from .shared import FLOATS, LEVELS
from .situation import same, situation

GRAY = LEVELS[0, :, :, 0]
FILES = {  # name -> the image, a part of the line that refuses it, levels that make it work
    "8-bit.png": (GRAY.astype("uint8"), None, None),
    "16-bit.png": ((GRAY * 257).astype("uint16"), None, None),
    "12 bits in 16.png": ((GRAY * 16).astype("uint16"), "levels=4096", (0, 4080)),
    "12 bits in 16.tif": ((GRAY * 16).astype("uint16"), "levels=4096", (0, 4080)),
    "8 bits in 16.png": (GRAY.astype("uint16"), "levels=256", 256),
    "int32.tif": (GRAY.astype("int32"), "levels=256", "256"),
    "float 0 to 1.tif": ((GRAY / 255).astype("float32"), "levels=0:1", "0:1"),
    "float -1 to 1.tif": (FLOATS[0, :, :, 0], None, None),
    "float 0 to 1000.tif": ((GRAY / 255 * 1000).astype("float32"), "levels=0:1000", (0, 1000)),
    "8-bit.pgm": (GRAY.astype("uint8"), None, None),
    "8-bit.bmp": (GRAY.astype("uint8"), None, None),
    "8-bit.tga": (GRAY.astype("uint8"), None, None),
}


def read(name, image, folder, **options) -> bool:
    """Returns whether the set of a folder with this file holds what was meant."""
    Image.fromarray(image).save(folder / name)
    return same(data.arrays(f"folder:{folder}", **options)[0][0], LEVELS[0])


def measured(name, image, folder) -> bool:
    """Returns whether a metric sees what was meant in a folder with this file."""
    Image.fromarray(image).save(folder / name)
    found = metrics.extract(str(folder), lambda x: x.reshape(len(x), -1).astype("float32"))
    return same(found[0], LEVELS[0].ravel())


for name, (image, refused, levels) in FILES.items():
    situation("values", "folder:PATH", name, refused)(partial(read, name, image))
    situation("values", "metrics of a folder", name, refused)(partial(measured, name, image))
    if levels:
        run = partial(read, name, image, levels=levels)
        situation("values", "folder:PATH with levels", name)(run)


@situation("values", "levels", "a number that is none", "number of gray levels")
def _(folder):
    return data.info("fashion_mnist_10k", levels="many") is None


@situation("values", "levels", "for a set whose values are known", "drop it")
def _(folder):
    return data.info("fashion_mnist_10k", levels=256) is None
