"""`quatrains`: Chinese poems of four lines of five characters, imported from chinese-poetry.

The files are those of the npm package chinese-poetry 2.0.1 (MIT licence): in its folder
`quantangshi`, `poet.tang.*.json` and `poet.song.*.json`. A poem is kept if punctuation cuts it into
four parts of five Han characters each, so that it has 20 tokens, as in the poem task of Yu et al.,
2017, arXiv:1609.05473; 1,000 of them, drawn, are the test split.
"""

import hashlib
import json
import pathlib
import re

import numpy as np

from ganzoo.data import store
from ganzoo.data.tokens import Tokens
from ganzoo.errors import InputError, unknown

# Of the poems in UTF-8, sorted, one a line.
SHA256 = "fb5a79669ce63e942b393f761ca3fa3cd50a576a11ec0574c9976a6c5b709a68"
_TEST = 1000
_FILES = 400  # more than there are
_OTHER = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff]+")


def source(split: str = "train", image_size=None, channels=None, data_dir=None) -> Tokens:
    """Returns one split, "train" or "test".

    Raises:
        InputError: If the set was not imported, or is damaged.
    """
    if split not in ("train", "test"):
        raise unknown("split of quatrains", split, ["train", "test"])
    found = store.read("quatrains", split, data_dir)
    if found is None:
        raise InputError(
            "quatrains is not here: `npm pack chinese-poetry@2.0.1`, unpack it, and "
            "`ganzoo data quatrains --from=package`."
        )
    poems, words = found
    words = tuple(chr(code) for code in words)
    return Tokens("quatrains", split, poems.astype(np.int32), words, image_size, channels)


def import_files(path: str, data_dir: str | None = None) -> str:
    """Stores the poems of the package in or below `path`; returns what was done.

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
        # The store keeps two arrays a split, of other sets images and labels.
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
    found = set()
    for file in sorted(folder.glob("poet.*.json"))[:_FILES]:
        try:
            for poem in json.loads(file.read_text("utf-8")):
                parts = [part for part in _OTHER.split("".join(poem["paragraphs"])) if part]
                if [len(part) for part in parts] == [5] * 4:
                    found.add("".join(parts))
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise InputError(f"cannot read {file}: {error}. Get the package again.") from error
    return found
