"""Folders: one example that decides for all, and layouts of splits, classes, domains and pairs."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo import data, metrics

from .shared import SHAPE, paint
from .situation import same, situation

CYCLEGAN = ("trainA/1.png", "trainB/1.png", "trainB/2.png", "testA/3.png", "testB/4.png")
PIX2PIX = ("A/train/1.png", "A/test/2.png", "B/train/1.png", "B/test/2.png")
LAYOUTS = {  # names of the files -> the shades of each split; those of 10, 20... are in order
    "train/ and test/": (["train/a.png", "train/b.png", "test/a.png"], [0, 10], "test", [20]),
    "Train/ and Test/": (["Train/a.png", "Train/b.png", "Test/a.png"], [0, 10], "test", [20]),
    "training/ and validation/": (
        ["training/a.png", "validation/a.png"], [0], "validation", [10],
    ),
    "train/ and val/": (["train/a.png", "val/a.png"], [0], "validation", [10]),
    "TRAIN/, VAL/ and TEST/": (["TRAIN/a.png", "VAL/a.png", "TEST/b.png"], [0], "test", [20]),
}  # fmt: skip
UNKNOWN = {  # what is brought -> the names of the files, a part of the line that refuses them
    "a split beside other folders": (
        ["train/1.png", "dogs/1.png"], "no known layout: dogs, train",
    ),
    "splits inside of classes": (
        ["cat/train/1.png", "dog/train/1.png"], "no known layout: cat/train",
    ),
    "two folders for one split": (["val/1.png", "valid/1.png"], "no known layout"),
    "trainA, trainB, testA, testB": (CYCLEGAN, "images of two domains"),
}  # fmt: skip


def tree(folder: Path, *names: str) -> Path:
    """Writes an image for each name, of a shade of its own: 0, 10, 20..."""
    for number, name in enumerate(names):
        paint(folder / name, number * 10, mode="L")
    return folder


def shades(name: str, split: str = "train", **options) -> list[int]:
    """Returns the sorted shades of the images of a split of a set."""
    return sorted(data.arrays(name, split, **options)[0][:, 0, 0, 0].tolist())


def domains(name: str, split: str = "train", **options) -> list[list[int]]:
    """Returns the shades of the images of either domain of a split of a set."""
    found = data.examples(name, split, **options)
    return [found[key][:, 0, 0, 0].tolist() for key in ("x", "y")]


@situation("one decides", "folder:PATH", "a gray image that sorts before color ones")
def _(folder):
    paint(folder / "a.png", 5, mode="L")
    for number in range(5):
        paint(folder / f"b{number}.png", (200, 0, 0))
    images = data.arrays(f"folder:{folder}")[0]
    return images.shape == (6, 8, 8, 3) and same(images[1, 0, 0], [200, 0, 0])


@situation("one decides", "folder:PATH", "images of several sizes", "have 2 sizes")
def _(folder):
    paint(folder / "a.png", size=(8, 8))
    paint(folder / "b.png", size=(16, 12))
    return data.info(f"folder:{folder}") is None


@situation("one decides", "folder:PATH", "images of several sizes, and image_size")
def _(folder):
    paint(folder / "a.png", size=(8, 8))
    paint(folder / "b.png", size=(16, 12))
    return data.info(f"folder:{folder}", image_size=8).image_shape == (8, 8, 3)


@situation("one decides", "metrics of a folder", "images of several sizes: each is resized")
def _(folder):
    paint(folder / "a.png", 10, (8, 8), "L")
    paint(folder / "b.png", 20, (16, 12), "L")
    shapes = []

    def features(x):
        shapes.append(x.shape[1:3])
        return x.mean((1, 2)).astype("float32")

    return same(metrics.extract(str(folder), features), [[10], [20]]) and set(shapes) == {
        (8, 8), (12, 16),
    }  # fmt: skip


for what, (names, train, other, rest) in LAYOUTS.items():

    @situation("layouts", "folder:PATH", what)
    def _(folder, names=names, train=train, other=other, rest=rest):
        name = f"folder:{tree(folder, *names)}"
        return (shades(name), shades(name, other)) == (train, rest)


@situation("layouts", "folder:PATH", "classes in each split")
def _(folder):
    name = f"folder:{tree(folder, 'Train/cat/1.png', 'Train/dog/1.png', 'Val/dog/1.png')}"
    both = [data.arrays(name, split)[1].tolist() for split in ("train", "validation")]
    return both == [[0, 1], [1]] and data.info(name).class_names == ("cat", "dog")


for what, (names, refused) in UNKNOWN.items():

    @situation("layouts", "folder:PATH", what, refused)
    def _(folder, names=names):
        return data.info(f"folder:{tree(folder, *names)}") is None


@situation("layouts", "unpaired:PATH", "trainA, trainB, testA, testB")
def _(folder):
    name = f"unpaired:{tree(folder, *CYCLEGAN)}"
    return domains(name) == [[0], [10, 20]] and domains(name, "test") == [[30], [40]]


@situation("layouts", "unpaired:PATH", "the same, with direction BtoA")
def _(folder):
    name = f"unpaired:{tree(folder, *CYCLEGAN)}"
    return domains(name, "test", direction="BtoA") == [[40], [30]]


@situation("layouts", "unpaired:PATH", "train/A, train/B, test/A, test/B")
def _(folder):
    names = ("train/A/1.png", "train/B/2.png", "test/A/3.png", "test/B/4.png")
    return domains(f"unpaired:{tree(folder, *names)}", "test") == [[20], [30]]


@situation("layouts", "unpaired:PATH", "one folder only", "expected the folders of two domains")
def _(folder):
    return data.info(f"unpaired:{tree(folder, 'train/1.png')}") is None


@situation("layouts", "unpaired:A,B", "a comma in a folder's name")
def _(folder):
    tree(folder, "a, b/1.png", "c/1.png")
    return domains(f"unpaired:{folder}/a, b,{folder}/c") == [[0], [10]]


@situation("layouts", "unpaired:A,B", "images of two sizes", "expected images of one shape")
def _(folder):
    paint(folder / "a/1.png", size=(8, 8))
    paint(folder / "b/1.png", size=(9, 9))
    return data.info(f"unpaired:{folder}/a,{folder}/b") is None


@situation("layouts", "pairs:PATH", "A/train, A/test, B/train, B/test")
def _(folder):
    name = f"pairs:{tree(folder, *PIX2PIX)}"
    return domains(name) == [[0], [20]] and domains(name, "test") == [[10], [30]]


@situation("layouts", "pairs:PATH", "the same, with direction BtoA")
def _(folder):
    name = f"pairs:{tree(folder, *PIX2PIX)}"
    return domains(name, "test", direction="BtoA") == [[30], [10]]


@situation("layouts", "pairs:PATH", "trainA and trainB without partners", "unpaired:")
def _(folder):
    return data.info(f"pairs:{tree(folder, *CYCLEGAN)}") is None


@situation("layouts", "pairs:PATH", "two images side by side")
def _(folder):
    strip = np.zeros((8, 16), np.uint8)
    strip[:, 8:] = 200
    for number in range(20):
        Image.fromarray(strip + number).save(folder / f"{number}.png")
    found = data.examples(f"pairs:{folder}")
    return found["x"].shape[1:] == SHAPE and same(found["y"], found["x"] + 200)


@situation("layouts", "pairs:PATH", "images that are not twice as wide as high", "side by side")
def _(folder):
    for number in range(20):
        paint(folder / f"{number}.png", size=(12, 8))
    return data.info(f"pairs:{folder}") is None


@situation("layouts", "pairs:PATH", "the same, with the image_size of a half")
def _(folder):
    for number in range(20):
        paint(folder / f"{number}.png", size=(12, 8))
    return data.info(f"pairs:{folder}", image_size=(8, 6)).image_shape == (8, 6, 3)


@situation("layouts", "direction", "of a set without pairs", "no pairs to swap")
def _(folder):
    return data.info("fashion_mnist_10k", direction="BtoA") is None


@situation("layouts", "direction", "a word that is none", "Did you mean 'BtoA'")
def _(folder):
    return data.info("edges:fashion_mnist_10k", direction="B2A") is None


@situation("layouts", "folder:PATH", "other files beside the images: counted")
def _(folder):
    from absl import logging

    tree(folder, "1.png")
    for name in ("a.txt", "b.txt", "c.heic"):
        (folder / name).write_text("x")
    said, warn = [], logging.warning
    logging.warning = lambda text, *words: said.append(text % words)
    try:
        data.info(f"folder:{folder}")
    finally:
        logging.warning = warn
    return "left out 3 files that are no images: 2 .txt, 1 .heic" in said[0]


@situation(
    "layouts", "folder:PATH", "only files of another kind", "left out 1 file that is no image"
)
def _(folder):
    (folder / "c.heic").write_text("x")
    return data.info(f"folder:{folder}") is None
