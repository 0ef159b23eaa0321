"""`quatrains`: Chinese poems of four lines of five characters, imported from chinese-poetry.

The poems are from the npm package chinese-poetry 2.0.1 (MIT license), from the files
`poet.tang.*.json` and `poet.song.*.json` in its folder `quantangshi`. The set consists of the poems
that punctuation divides into four parts of five Han characters each, and so have 20 tokens, as in
the poem task of Yu et al., 2017, arXiv:1609.05473. A random 1,000 of them are the test split.
"""

import hashlib
import json
import pathlib
import re

import numpy as np

from ganzoo.data import store
from ganzoo.data.tokens import Tokens
from ganzoo.errors import InputError, unknown

# Of the sorted poems in UTF-8, one per line.
SHA256 = "fb5a79669ce63e942b393f761ca3fa3cd50a576a11ec0574c9976a6c5b709a68"
_TEST = 1000
_FILES = 400  # maximum number of files, more than the package has
_OTHER = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff]+")


def source(split: str = "train", image_size=None, channels=None, data_dir=None) -> Tokens:
    """Returns one split, "train" or "test".

    Raises:
        InputError: If the set has not been imported, or is damaged.
    """
    if split not in ("train", "test"):
        raise unknown("split of quatrains", split, ["train", "test"])
    arrays = store.read("quatrains", split, data_dir)
    if arrays is None:
        raise InputError(
            "quatrains is not imported: run `npm pack chinese-poetry@2.0.1`, unpack the file, and "
            "run `ganzoo data quatrains --from=package`."
        )
    poems, words = arrays
    words = tuple(chr(code) for code in words)
    return Tokens("quatrains", split, poems.astype(np.int32), words, image_size, channels)


def import_files(path: str, data_dir: str | None = None) -> str:
    """Imports the poems of the package in or below `path`; returns a report.

    Raises:
        InputError: If the files are missing or are not the originals.
    """
    poems = sorted(_poems(path))
    digest = hashlib.sha256("\n".join(poems).encode()).hexdigest()
    if digest != SHA256:
        raise InputError(
            f"the {len(poems)} quatrains in {path} are not those of chinese-poetry 2.0.1 (SHA-256 "
            f"{digest[:12]}..., expected {SHA256[:12]}...): get that version."
        )
    codes = np.array([[ord(letter) for letter in poem] for poem in poems], np.int32)
    words, tokens = np.unique(codes, return_inverse=True)
    tokens = tokens.reshape(codes.shape).astype(np.uint16)
    order = np.random.default_rng(0).permutation(len(tokens))
    arrays = {}
    for split, rows in (("train", order[_TEST:]), ("test", order[:_TEST])):
        # The store has two arrays per split, which are images and labels in other sets.
        arrays |= {f"{split}_images": tokens[rows], f"{split}_labels": words}
    target = store.save("quatrains", arrays, data_dir)
    return (
        f"imported quatrains: {len(tokens) - _TEST} training and {_TEST} test poems of "
        f"{len(words)} characters, all as published, {target}"
    )


def _poems(path) -> set[str]:
    root = pathlib.Path(path).expanduser()
    folder = next((x for x in (root, root / "quantangshi", root / "dist" / "quantangshi",
                               root / "package" / "dist" / "quantangshi")
                   if any(x.glob("poet.*.json"))), None)  # fmt: skip
    if folder is None:
        raise InputError(
            f"no poet.*.json in {str(path)!r}: give the unpacked npm package chinese-poetry 2.0.1."
        )
    poems = set()
    for file in sorted(folder.glob("poet.*.json"))[:_FILES]:
        try:
            for poem in json.loads(file.read_text("utf-8")):
                parts = [part for part in _OTHER.split("".join(poem["paragraphs"])) if part]
                if [len(part) for part in parts] == [5] * 4:
                    poems.add("".join(parts))
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise InputError(f"cannot read {file}: {error}. Get the package again.") from error
    return poems
