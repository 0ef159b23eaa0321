"""`emoji`: Google's emoji on white, 64 pixels, with their Unicode categories as labels.

All skin tones are there. Glyphs with the same base code point, such as the tones and genders of a
person, are in the same split; one base in ten is in "test".
"""

import io
import json
import os
import tarfile

from ganzoo.data import emoji, imported
from ganzoo.data.pairs import split_of

SIDE = 64
TABLE = "package/emoji.json"
CLASSES = (
    "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places",
    "Activities", "Objects", "Symbols", "Flags",
)  # fmt: skip
FETCH = "npm pack emoji-datasource-google@16.0.0"


def import_files(path: str | os.PathLike, data_dir: str | None = None) -> str:
    """Stores the images of the npm package in or below `path`; returns what was done.

    Raises:
        InputError: If the file is missing or is not the original.
    """
    rows = []
    glyphs, content = emoji.package("emoji_styles", 1, path)
    for row in _table(content):
        variants = [row, *row.get("skin_variations", {}).values()]
        names = [variant["image"].removesuffix(".png").lower() for variant in variants]
        split = split_of(names[0].split("-")[0])
        if row["category"] in CLASSES:  # not the swatches of the skin tones
            label = CLASSES.index(row["category"])
            rows += [(split, emoji.drawn(*glyphs[x], SIDE), label) for x in names if x in glyphs]
    return imported.save("emoji", rows, data_dir)


def _table(content: bytes) -> list[dict]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return json.load(archive.extractfile(TABLE))
