"""Makes `images.png` again from the imported originals: `python -m ganzoo.data.fashion_mnist_10k`.

It needs `ganzoo data fashion_mnist --from=PATH` first.
"""

import sys

from PIL import Image

from ganzoo.data import fashion_mnist_10k, store


def build(data_dir=None, path=fashion_mnist_10k.SHEET) -> None:
    """Writes the sheet of the first 1,000 training images of each class to `path`."""
    originals = store.read("fashion_mnist", "train", data_dir)
    if originals is None:
        sys.exit("fashion_mnist is not imported: ganzoo data fashion_mnist --from=PATH")
    sheet = fashion_mnist_10k.to_sheet(*originals)
    Image.fromarray(sheet).save(path, optimize=True)


if __name__ == "__main__":
    build()
