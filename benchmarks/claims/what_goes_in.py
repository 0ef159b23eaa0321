"""What goes in: feeds what people bring to every door, and writes docs/what_goes_in.md.

    python benchmarks/claims/what_goes_in.py

Each situation either works with the right value, or is refused in one line. What is neither is a
bug: the script then ends with status 1. `tests/test_what_goes_in.py` runs the same situations.
"""

import contextlib
import dataclasses
import functools
import io
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import ganzoo
from ganzoo import data, metrics
from ganzoo.engine import incoming
from ganzoo.engine.batch import as_batch
from ganzoo.errors import InputError
from ganzoo.inference import saved_model

PAGE = Path(__file__).parent.parent.parent / "docs" / "what_goes_in.md"
SHAPE = (8, 8, 1)


@dataclasses.dataclass(frozen=True)
class Situation:
    """What a person brings, and what is to become of it.

    Attributes:
        kind: The kind of trouble.
        door: Where it goes in.
        what: What it is.
        run: Function of an empty folder that returns whether the result is right.
        refused: Part of the line that refuses it; None if it is to work.
    """

    kind: str
    door: str
    what: str
    run: Callable[[Path], bool]
    refused: str | None = None

    @property
    def name(self) -> str:
        """A name for a test."""
        return f"{self.kind}, {self.door}: {self.what}"

    def outcome(self) -> tuple[str, str]:
        """Returns "works", "refused" or "neither", and what was said."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            try:
                right = self.run(Path(folder))
            except InputError as error:
                said = str(error).replace(folder, "PATH")
                fits = self.refused is not None and self.refused in said and "\n" not in said
                return ("refused" if fits else "neither"), said
            except Exception as error:
                return "neither", f"{type(error).__name__}: {error}".replace(folder, "PATH")
        return ("works" if right and self.refused is None else "neither"), ""


SITUATIONS: list[Situation] = []


def situation(kind: str, door: str, what: str, refused: str | None = None):
    """Adds a function of an empty folder as a situation."""

    def add(run):
        SITUATIONS.append(Situation(kind, door, what, run, refused))
        return run

    return add


def same(found, expected) -> bool:
    """Returns whether two arrays have the same shape and values."""
    return np.shape(found) == np.shape(expected) and bool(np.allclose(found, expected, atol=1e-5))


# --- 1. Ranges of values

LEVELS = np.random.default_rng(0).integers(0, 256, (16, *SHAPE))  # 0..255: what was meant
LEVELS.flat[:2] = 0, 255
FLOATS = (LEVELS / 127.5 - 1).astype("float32")
VALUES = {  # what is brought -> the array, and a part of the line that refuses it
    "uint8": (LEVELS.astype("uint8"), None),
    "uint16, all of 0 to 65,535": ((LEVELS * 257).astype("uint16"), None),
    "float32 in [-1, 1]": (FLOATS, None),
    "float64 in [-1, 1]": (FLOATS.astype("float64"), None),
    "uint16 of 12 bits, 0 to 4,095": ((LEVELS * 16).astype("uint16"), "uint16 from 0 to 4080"),
    "uint16 of 0 to 255": (LEVELS.astype("uint16"), "uint16 from 0 to 255"),
    "int32 of 0 to 255": (LEVELS.astype("int32"), "int32 from 0 to 255"),
    "int64 of 0 to 255": (LEVELS.astype("int64"), "int64 from 0 to 255"),
    "booleans": (LEVELS > 127, "bool from 0 to 1"),
    "float32 in [0, 1]": (LEVELS.astype("float32") / 255, "from 0 to 1"),
    "float32 in [0, 255]": (LEVELS.astype("float32"), "0 to 255"),
    "float32 of mean 0 and deviation 1": ((FLOATS * 1.7), "1.7"),
    "float32 with NaN": (np.where(LEVELS < 9, np.nan, FLOATS).astype("float32"), "nan"),
}


class Sequence(keras.utils.PyDataset):
    """A `PyDataset` of batches of some columns."""

    def __init__(self, *columns, size=4):
        super().__init__()
        self.columns, self.size = columns, size

    def __len__(self):
        """Returns the number of batches."""
        return len(self.columns[0]) // self.size

    def __getitem__(self, i):
        """Returns a batch."""
        batch = tuple(c[i * self.size : (i + 1) * self.size] for c in self.columns)
        return batch if len(batch) > 1 else batch[0]


def generator(*columns, size=4):
    """Yields batches of some columns."""
    sequence = Sequence(*columns, size=size)
    for i in range(len(sequence)):
        yield sequence[i]


def dataset(*columns, size=4):
    """Returns a `tf.data.Dataset` of batches of some columns."""
    columns = columns if len(columns) > 1 else columns[0]
    return tf.data.Dataset.from_tensor_slices(columns).batch(size)


DOORS = {
    "fit of an array": lambda x: x,
    "fit of a tf.data.Dataset": dataset,
    "fit of a PyDataset": Sequence,
    "fit of a generator": generator,
}


def game(**learning):
    """Returns a small GAN."""
    return ganzoo.create("dcgan", SHAPE, width=4, latent_dim=4, run_eagerly=True, **learning)


def conditional():
    """Returns a small GAN of three classes."""
    return ganzoo.create("cgan", SHAPE, num_classes=3, width=4, latent_dim=4, run_eagerly=True)


@functools.cache
def untrained(of_classes: bool = False):
    """Returns a small GAN that is not to be trained, so that it can be used again."""
    return conditional() if of_classes else game()


def seen(gan, x, y=None) -> dict:
    """Returns all that a training on these data would see, in the order of the pixels' sums."""
    batches = incoming.batches_of(x, y, 4, gan.guard(), 1, 1)
    if isinstance(batches, keras.utils.PyDataset):
        batches = [batches[i] for i in range(len(batches))]
    with incoming.refusals_named():
        rows = [
            {k: np.asarray(v) for k, v in as_batch(tensors(b), gan.columns).items()}
            for b in batches
        ]
    columns = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
    order = np.lexsort(columns["real"].reshape(len(columns["real"]), -1).T)
    return {key: column[order] for key, column in columns.items()}


def tensors(batch):
    """Returns a batch with tensors for its arrays."""
    return tf.nest.map_structure(tf.convert_to_tensor, batch)


def _values() -> None:
    order = np.lexsort(FLOATS.reshape(len(FLOATS), -1).T)
    for what, (array, refused) in VALUES.items():
        for door, form in DOORS.items():

            @situation("values", door, what, refused)
            def _(folder, array=array, form=form):
                return same(seen(untrained(), form(array))["real"], FLOATS[order])

        @situation("values", "metrics.fid", what, refused)
        def _(folder, array=array):
            def features(x):
                return x.reshape(len(x), -1)[:, :4].astype("float32")

            moved = np.roll(LEVELS, 1, axis=1).astype("uint8")
            right = metrics.fid(LEVELS.astype("uint8"), moved, features)
            return same(metrics.fid(array, moved, features), right) and right > 1

        @situation("values", "metrics.sliced_wasserstein", what, refused)
        def _(folder, array=array):
            return metrics.sliced_wasserstein(array, LEVELS.astype("uint8")) == 0

        @situation("values", "metrics.l1", what, refused)
        def _(folder, array=array):
            return metrics.l1(array, LEVELS.astype("uint8")).max() == 0

        @situation("values", "callbacks.Evaluate", what, refused)
        def _(folder, array=array):
            evaluate = ganzoo.callbacks.Evaluate(array)
            return evaluate.distance(LEVELS.astype("uint8")) == {"swd": 0}

        @situation("values", "callbacks.FailureMonitor", what, refused)
        def _(folder, array=array):
            monitor = ganzoo.callbacks.FailureMonitor(np.concatenate([array] * 6))
            return same(monitor.real[: len(LEVELS)], LEVELS)

        @situation("values", "npz:PATH", what, refused)
        def _(folder, array=array):
            np.savez(folder / "a.npz", images=array)
            return same(data.arrays(f"npz:{folder}/a.npz")[0], LEVELS)

        if refused and array.dtype.kind in "uif" and np.isfinite(array).all():
            low, high = 0, {"uint16 from 0 to 4080": 4080, "from 0 to 1": 1}.get(refused, 255)
            if "1.7" in refused:
                low, high = -1.7, 1.7

            @situation("values", "npz:PATH with levels", what)
            def _(folder, array=array, levels=(low, high)):
                np.savez(folder / "a.npz", images=array)
                return same(data.arrays(f"npz:{folder}/a.npz", levels=levels)[0], LEVELS)


_values()

FILES = {  # name -> the image, a part of the line that refuses it, levels that make it work
    "8-bit.png": (Image.fromarray(LEVELS[0, :, :, 0].astype("uint8")), None, None),
    "16-bit.png": (Image.fromarray((LEVELS[0, :, :, 0] * 257).astype("uint16")), None, None),
    "12 bits in 16.png": (
        Image.fromarray((LEVELS[0, :, :, 0] * 16).astype("uint16")), "levels=4096", (0, 4080),
    ),
    "12 bits in 16.tif": (
        Image.fromarray((LEVELS[0, :, :, 0] * 16).astype("uint16")), "levels=4096", (0, 4080),
    ),
    "8 bits in 16.png": (
        Image.fromarray(LEVELS[0, :, :, 0].astype("uint16")), "levels=256", 256,
    ),
    "int32.tif": (Image.fromarray(LEVELS[0, :, :, 0].astype("int32")), "levels=256", "256"),
    "float 0 to 1.tif": (
        Image.fromarray((LEVELS[0, :, :, 0] / 255).astype("float32")), "levels=0:1", "0:1",
    ),
    "float -1 to 1.tif": (Image.fromarray(FLOATS[0, :, :, 0]), None, None),
    "float 0 to 1000.tif": (
        Image.fromarray((LEVELS[0, :, :, 0] / 255 * 1000).astype("float32")),
        "levels=0:1000", (0, 1000),
    ),
    "8-bit.pgm": (Image.fromarray(LEVELS[0, :, :, 0].astype("uint8")), None, None),
    "8-bit.bmp": (Image.fromarray(LEVELS[0, :, :, 0].astype("uint8")), None, None),
    "8-bit.tga": (Image.fromarray(LEVELS[0, :, :, 0].astype("uint8")), None, None),
}  # fmt: skip


def _files() -> None:
    for name, (image, refused, levels) in FILES.items():

        @situation("values", "folder:PATH", name, refused)
        def _(folder, name=name, image=image):
            image.save(folder / name)
            return same(data.arrays(f"folder:{folder}")[0][0], LEVELS[0])

        @situation("values", "metrics of a folder", name, refused)
        def _(folder, name=name, image=image):
            image.save(folder / name)
            found = metrics.extract(str(folder), lambda x: x.reshape(len(x), -1).astype("float32"))
            return same(found[0], LEVELS[0].ravel())

        if levels:

            @situation("values", "folder:PATH with levels", name)
            def _(folder, name=name, image=image, levels=levels):
                image.save(folder / name)
                return same(data.arrays(f"folder:{folder}", levels=levels)[0][0], LEVELS[0])


_files()


@situation("values", "levels", "a number that is none", "number of gray levels")
def _(folder):
    return data.info("fashion_mnist_10k", levels="many") is None


@situation("values", "levels", "for a set whose values are known", "drop it")
def _(folder):
    return data.info("fashion_mnist_10k", levels=256) is None


# --- 2. and 3. One example decides; layouts


def paint(path: Path, color=128, size=(8, 8), mode="RGB") -> None:
    """Writes an image of one color, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


def tree(folder: Path, *names: str) -> Path:
    """Writes an image for each name, of a shade of its own: 0, 10, 20..."""
    for number, name in enumerate(names):
        paint(folder / name, number * 10, mode="L")
    return folder


def shades(name: str, split: str = "train", **options) -> list[int]:
    """Returns the sorted shades of the images of a split of a set."""
    return sorted(data.arrays(name, split, **options)[0][:, 0, 0, 0].tolist())


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


LAYOUTS = {  # names of the files -> the shades of each split; those of 10, 20... are in order
    "train/ and test/": (["train/a.png", "train/b.png", "test/a.png"], [0, 10], "test", [20]),
    "Train/ and Test/": (["Train/a.png", "Train/b.png", "Test/a.png"], [0, 10], "test", [20]),
    "training/ and validation/": (
        ["training/a.png", "validation/a.png"], [0], "validation", [10],
    ),
    "train/ and val/": (["train/a.png", "val/a.png"], [0], "validation", [10]),
    "TRAIN/, VAL/ and TEST/": (["TRAIN/a.png", "VAL/a.png", "TEST/b.png"], [0], "test", [20]),
}  # fmt: skip


def _layouts() -> None:
    for what, (names, train, other, rest) in LAYOUTS.items():

        @situation("layouts", "folder:PATH", what)
        def _(folder, names=names, train=train, other=other, rest=rest):
            name = f"folder:{tree(folder, *names)}"
            return (shades(name), shades(name, other)) == (train, rest)


_layouts()
CYCLEGAN = ("trainA/1.png", "trainB/1.png", "trainB/2.png", "testA/3.png", "testB/4.png")
PIX2PIX = ("A/train/1.png", "A/test/2.png", "B/train/1.png", "B/test/2.png")


@situation("layouts", "folder:PATH", "classes in each split")
def _(folder):
    name = f"folder:{tree(folder, 'Train/cat/1.png', 'Train/dog/1.png', 'Val/dog/1.png')}"
    both = [data.arrays(name, split)[1].tolist() for split in ("train", "validation")]
    return both == [[0, 1], [1]] and data.info(name).class_names == ("cat", "dog")


@situation("layouts", "folder:PATH", "a split beside other folders", "no known layout: dogs, train")
def _(folder):
    return data.info(f"folder:{tree(folder, 'train/1.png', 'dogs/1.png')}") is None


@situation("layouts", "folder:PATH", "splits inside of classes", "no known layout: cat/train")
def _(folder):
    return data.info(f"folder:{tree(folder, 'cat/train/1.png', 'dog/train/1.png')}") is None


@situation("layouts", "folder:PATH", "two folders for one split", "no known layout")
def _(folder):
    return data.info(f"folder:{tree(folder, 'val/1.png', 'valid/1.png')}") is None


@situation("layouts", "folder:PATH", "trainA, trainB, testA, testB", "images of two domains")
def _(folder):
    return data.info(f"folder:{tree(folder, *CYCLEGAN)}") is None


@situation("layouts", "unpaired:PATH", "trainA, trainB, testA, testB")
def _(folder):
    name = f"unpaired:{tree(folder, *CYCLEGAN)}"
    found = [data.examples(name, split) for split in ("train", "test")]
    return [
        [part[key][:, 0, 0, 0].tolist() for key in ("x", "y")] for part in found
    ] == [[[0], [10, 20]], [[30], [40]]]  # fmt: skip


@situation("layouts", "unpaired:PATH", "the same, with direction BtoA")
def _(folder):
    name = f"unpaired:{tree(folder, *CYCLEGAN)}"
    found = data.examples(name, "test", direction="BtoA")
    return [found[key][0, 0, 0, 0] for key in ("x", "y")] == [40, 30]


@situation("layouts", "unpaired:PATH", "train/A, train/B, test/A, test/B")
def _(folder):
    names = ("train/A/1.png", "train/B/2.png", "test/A/3.png", "test/B/4.png")
    found = data.examples(f"unpaired:{tree(folder, *names)}", "test")
    return [found[key][0, 0, 0, 0] for key in ("x", "y")] == [20, 30]


@situation("layouts", "unpaired:PATH", "one folder only", "expected the folders of two domains")
def _(folder):
    return data.info(f"unpaired:{tree(folder, 'train/1.png')}") is None


@situation("layouts", "unpaired:A,B", "a comma in a folder's name")
def _(folder):
    tree(folder, "a, b/1.png", "c/1.png")
    found = data.examples(f"unpaired:{folder}/a, b,{folder}/c")
    return [found[key][0, 0, 0, 0] for key in ("x", "y")] == [0, 10]


@situation("layouts", "unpaired:A,B", "images of two sizes", "expected images of one shape")
def _(folder):
    paint(folder / "a/1.png", size=(8, 8))
    paint(folder / "b/1.png", size=(9, 9))
    return data.info(f"unpaired:{folder}/a,{folder}/b") is None


@situation("layouts", "pairs:PATH", "A/train, A/test, B/train, B/test")
def _(folder):
    name = f"pairs:{tree(folder, *PIX2PIX)}"
    found = [data.examples(name, split) for split in ("train", "test")]
    return [[p[k][:, 0, 0, 0].tolist() for k in "xy"] for p in found] == [
        [[0], [20]], [[10], [30]],
    ]  # fmt: skip


@situation("layouts", "pairs:PATH", "the same, with direction BtoA")
def _(folder):
    found = data.examples(f"pairs:{tree(folder, *PIX2PIX)}", "test", direction="BtoA")
    return [found[key][0, 0, 0, 0] for key in ("x", "y")] == [30, 10]


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


# --- 4. Labels

CLASSES = np.arange(16) % 3
ONE_HOT = np.eye(3)[CLASSES]
LABELS = {
    "integers (N,)": (CLASSES, None),
    "integers (N, 1)": (CLASSES[:, None], None),
    "one-hot (N, K)": (ONE_HOT, None),
    "one-hot of the wrong number of classes": (np.eye(4)[CLASSES], "one-hot ones (N, 3)"),
    "rows of ones that are not one-hot": (np.ones((16, 3)), "labels"),
    "a label that is too large": (CLASSES + 1, "labels from 0 to 2"),
    "a label below 0": (CLASSES - 1, "labels from 0 to 2"),
    "strings": (np.array(["a", "b"] * 8), "expected integer labels"),
    "floats": (CLASSES + 0.5, "expected integer labels"),
    "missing": (None, "expected labels from 0 to 2"),
}


def _labels() -> None:
    for what, (labels, refused) in LABELS.items():
        for door, form in DOORS.items():

            @situation("labels", door, what, refused)
            def _(folder, labels=labels, form=form, door=door):
                images = LEVELS.astype("uint8")
                if labels is None:
                    found = seen(untrained(True), form(images))
                elif door == "fit of an array":
                    found = seen(untrained(True), images, labels)
                else:
                    found = seen(untrained(True), form(images, labels))
                order = np.lexsort(FLOATS.reshape(len(FLOATS), -1).T)
                return same(found["label"], CLASSES[order])


_labels()


@situation("labels", "fit", "class_weight", "class_weight: a GAN weights no examples")
def _(folder):
    return game().fit(FLOATS, class_weight={0: 1.0}, verbose=0) is None


@situation("labels", "fit", "sample_weight", "sample_weight: a GAN weights no examples")
def _(folder):
    return game().fit(FLOATS, sample_weight=np.ones(16), verbose=0) is None


@situation("labels", "fit of a tf.data.Dataset", "three-tuples", "tuples of 3")
def _(folder):
    return game().fit(dataset(FLOATS, CLASSES, CLASSES), verbose=0) is None


@situation("labels", "fit of a generator", "three-tuples", "tuples of 3")
def _(folder):
    return game().fit(generator(FLOATS, CLASSES, CLASSES), verbose=0) is None


def named_sampler():
    """Returns a sampler of classes with names."""
    gan = untrained(True)
    gan.class_names = ("ant", "bee", "cat")
    return gan.sampler


@situation("labels", "sample", "names of classes")
def _(folder):
    sampler = named_sampler()
    return same(sampler.sample(labels=["cat", "ant"]), sampler.sample(labels=[2, 0]))


@situation("labels", "sample", "an unknown name", "Did you mean 'ant'")
def _(folder):
    return named_sampler().sample(labels=["ants"]) is None


@situation("labels", "export", "names of classes travel along")
def _(folder):
    named_sampler().export(folder / "1")
    return saved_model.load(folder / "1").class_names == ("ant", "bee", "cat")


# --- 5. Batches


@situation("batches", "fit", "EBGAN on single images")
def _(folder):
    gan = ganzoo.create("ebgan", SHAPE, width=4, latent_dim=4, run_eagerly=True)
    gan.fit(FLOATS[:3], batch_size=1, verbose=0)
    return all(np.isfinite(weight.numpy()).all() for weight in gan.weights)


@situation("batches", "fit", "PacGAN on a batch that packs do not divide", "multiple of 2, got 3")
def _(folder):
    return ganzoo.create("pacgan", SHAPE, width=4).fit(FLOATS, batch_size=3, verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "PacGAN with a last batch of one image")
def _(folder):
    gan = ganzoo.create("pacgan", SHAPE, width=4, latent_dim=4, run_eagerly=True)
    gan.fit(dataset(FLOATS[:5]), verbose=0)
    return int(gan.step.numpy()) == 1


@situation("batches", "fit of a PyDataset", "n_critic = 2: two batches a step")
def _(folder):
    gan = game(n_critic=2)
    gan.fit(Sequence(FLOATS), verbose=0)
    return int(gan.step.numpy()) == 2


@situation("batches", "fit of a generator", "n_critic = 2: two batches a step")
def _(folder):
    gan = game(n_critic=2)
    gan.fit(generator(FLOATS), verbose=0)
    return int(gan.step.numpy()) == 2


@situation("batches", "fit of a PyDataset", "fewer batches than n_critic", "n_critic=5")
def _(folder):
    return game(n_critic=5).fit(Sequence(FLOATS), verbose=0) is None


@situation("batches", "fit", "steps_per_epoch beyond the data", "the data have 4 steps")
def _(folder):
    return game().fit(dataset(FLOATS), steps_per_epoch=10, verbose=0) is None


@situation("batches", "fit of a generator", "steps_per_epoch beyond the data: said")
def _(folder):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        game().fit(generator(FLOATS), steps_per_epoch=10, verbose=0)
    return any("ended after 4 of 10 steps" in str(one.message) for one in said)


@situation("batches", "fit of a tf.data.Dataset", "an empty dataset", "is the dataset empty")
def _(folder):
    return game().fit(dataset(FLOATS).take(0), verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "single images", "dataset.batch(64)")
def _(folder):
    return game().fit(tf.data.Dataset.from_tensor_slices(FLOATS), verbose=0) is None


@situation("batches", "fit of a tf.data.Dataset", "images of another size", "got (None, 9, 8, 1)")
def _(folder):
    return game().fit(dataset(np.zeros((8, 9, 8, 1), "float32")), verbose=0) is None


@situation(
    "batches", "fit of a tf.data.Dataset", "another size, known at run time", "got (4, 9, 8, 1)"
)
def _(folder):
    images = np.linspace(-1, 1, 8 * 72).reshape(8, 9, 8, 1)
    unknown = dataset(images).map(
        lambda x: tf.ensure_shape(tf.py_function(lambda y: y, [x], x.dtype), [None] * 4)
    )
    return game().fit(unknown, verbose=0) is None


# --- 6. Networks of one's own


def networks(g_end="tanh", d_end=None, middle=None):
    """Returns a small generator and discriminator."""
    latents = keras.Input((4,))
    x = keras.layers.Dense(64)(latents)
    x = middle(x) if middle else x
    x = keras.layers.Activation(g_end)(keras.layers.Reshape(SHAPE)(x))
    images = keras.Input(SHAPE)
    score = keras.layers.Dense(1, activation=d_end)(keras.layers.Flatten()(images))
    return keras.Model(latents, x), keras.Model(images, score)


def warned(**ends) -> str:
    """Returns what is said of networks with these ends."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ganzoo.GAN(*networks(**ends), latent_dim=4)
    return " ".join(str(one.message) for one in said)


def trained(middle) -> bool:
    """Returns whether a GAN whose generator has this layer trains."""
    gan = ganzoo.GAN(*networks(middle=middle), latent_dim=4)
    gan.compile(run_eagerly=True)
    gan.fit(FLOATS[:4], batch_size=4, verbose=0)
    return gan.sample(2).shape == (2, *SHAPE)


class Doubled(keras.layers.Layer):
    """An unregistered layer."""

    def call(self, x):
        """Returns twice the input."""
        return 2.0 * x


class Subclassed(keras.Model):
    """A generator as a subclass, which cannot be made from its config."""

    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width, activation="tanh")

    def call(self, x):
        """Returns images."""
        return keras.ops.reshape(self.dense(x), (-1, *SHAPE))


ENDINGS = (  # what ends, how, and what is said
    ("discriminator", "sigmoid", "ends in sigmoid"),
    ("discriminator", "softmax", "ends in softmax"),
    ("generator", "sigmoid", "use tanh"),
    ("generator", "relu", "use tanh"),
)
for _side, _end, _said in ENDINGS:

    @situation("own networks", "GAN", f"a {_side} that ends in {_end}: said")
    def _(folder, key=f"{_side[0]}_end", end=_end, said=_said):
        return said in warned(**{key: end})


@situation("own networks", "GAN", "networks that end as they should: nothing is said")
def _(folder):
    return warned() == ""


@situation("own networks", "fit", "a Lambda layer")
def _(folder):
    return trained(keras.layers.Lambda(lambda x: 2.0 * x))


@situation("own networks", "fit", "an unregistered layer")
def _(folder):
    return trained(Doubled())


def subclassed():
    """Returns a GAN whose generator is a subclass."""
    network = Subclassed(64)
    network(np.zeros((1, 4), "float32"))
    return ganzoo.GAN(network, networks()[1], latent_dim=4)


@situation("own networks", "compile", "a subclass that has no config", "compile with ema=0")
def _(folder):
    return subclassed().compile() is None


@situation("own networks", "fit", "the same with ema=0, which makes no copy")
def _(folder):
    gan = subclassed()
    gan.compile(ema=0, run_eagerly=True)
    gan.fit(FLOATS[:4], batch_size=4, verbose=0)
    return gan.ema is None and gan.sample(2).shape == (2, *SHAPE)


# --- 7. Keras habits


@situation("Keras habits", "compile", "optimizer=", "give g_optimizer and d_optimizer")
def _(folder):
    return game().compile(optimizer="adam") is None


@situation("Keras habits", "compile", "metrics=", "callbacks.Evaluate(images)")
def _(folder):
    return game().compile(metrics=["accuracy"]) is None


@situation("Keras habits", "compile", "a misspelled argument", "Did you mean 'penalties'")
def _(folder):
    return game().compile(penaltys=[]) is None


@situation("Keras habits", "fit", "validation_data=", "no validation loss")
def _(folder):
    return game().fit(FLOATS, validation_data=FLOATS, verbose=0) is None


def rates(callback) -> list[float]:
    """Returns the learning rates of G and D after two epochs with a callback, from 0.25 both."""
    sgd = [keras.optimizers.SGD(0.25) for _ in range(2)]
    gan = game(g_optimizer=sgd[0], d_optimizer=sgd[1])
    gan.fit(FLOATS[:4], batch_size=4, epochs=2, verbose=0, callbacks=[callback])
    return [float(gan.g_optimizer.learning_rate), float(gan.d_optimizer.learning_rate)]


def halving():
    """Returns a schedule that halves a rate in each epoch."""
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)


@situation("Keras habits", "fit", "LearningRateScheduler: both optimizers")
def _(folder):
    return rates(halving()) == [0.0625, 0.0625]


@situation("Keras habits", "fit", "LearningRateScheduler of one side")
def _(folder):
    return rates(ganzoo.callbacks.OneSide("d", halving())) == [0.25, 0.0625]


@situation("Keras habits", "fit", "ReduceLROnPlateau: both optimizers")
def _(folder):
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="d_adv", mode="min", patience=1, min_delta=100.0, factor=0.5
    )
    return rates(plateau) == [0.125, 0.125]


@situation("Keras habits", "fit", "TerminateOnNaN: it ends the training")
def _(folder):
    gan = game(d_optimizer=keras.optimizers.SGD(1e30), g_optimizer=keras.optimizers.SGD(1e30))
    callback = keras.callbacks.TerminateOnNaN()
    gan.fit(FLOATS, batch_size=4, epochs=5, verbose=0, callbacks=[callback])
    return gan.stop_training and int(gan.step.numpy()) < 20


# --- 8. Other shapes


def shaped(shape):
    """Trains a GAN of samples of any shape for a step, with its pictures; returns the grid."""

    def run(folder):
        latents, samples = keras.Input((4,)), keras.Input(shape)
        x = keras.layers.Dense(int(np.prod(shape)), activation="tanh")(latents)
        score = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
        gan = ganzoo.GAN(
            keras.Model(latents, keras.layers.Reshape(shape)(x)), keras.Model(samples, score),
            latent_dim=4,
        )  # fmt: skip
        gan.compile(run_eagerly=True)
        real = np.random.default_rng(0).uniform(-1, 1, (8, *shape)).astype("float32")
        grid = ganzoo.callbacks.SampleGrid(folder, num=4)
        gan.fit(real, batch_size=8, verbose=0, callbacks=[grid])
        picture = np.asarray(Image.open(folder / "epoch-0001.png"))
        return picture.std() > 0

    return run


for _what, _shape in {
    "points in the plane": (2,), "single numbers": (1,), "signals": (32, 2), "images of 2 channels":
    (8, 8, 2), "images of 5 channels": (8, 8, 5), "volumes": (6, 8, 8, 1),
}.items():  # fmt: skip
    situation("other shapes", "fit with SampleGrid", _what)(shaped(_shape))


@situation("other shapes", "fit", "signals of whole numbers", "expected floats, or uint8")
def _(folder):
    latents, samples = keras.Input((4,)), keras.Input((8, 1))
    x = keras.layers.Reshape((8, 1))(keras.layers.Dense(8)(latents))
    score = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
    gan = ganzoo.GAN(keras.Model(latents, x), keras.Model(samples, score), latent_dim=4)
    gan.compile(run_eagerly=True)
    return gan.fit(np.arange(64).reshape(8, 8, 1), batch_size=8, verbose=0) is None


# --- 9. Command line


def command(*words: str) -> tuple[int, str]:
    """Returns the status of a command of `ganzoo`, and what it said to stderr."""
    from ganzoo import cli

    with contextlib.redirect_stderr(io.StringIO()) as said:
        return cli.main(list(words)), said.getvalue()


@situation("command line", "train.py", "--image_size=32x64")
def _(folder):
    return ganzoo.Recipe(image_size="32x64").image_size == [32, 64]


@situation("command line", "ganzoo sample", "--out of a folder, and --seeds=3-5")
def _(folder):
    named_sampler().export(folder / "1")
    status, _ = command("sample", f"{folder}/1", "--seeds=3-5", f"--out={folder}/images")
    names = sorted(path.name for path in (folder / "images").iterdir())
    return status == 0 and names == [f"{n:05d}.png" for n in (3, 4, 5)]


@situation("command line", "ganzoo sample", "--labels by name: a class in each column")
def _(folder):
    named_sampler().export(folder / "1")
    status, _ = command(
        "sample", f"{folder}/1", "--labels=cat,bee", "--num=6", f"--out={folder}/a.png"
    )
    return status == 0 and Image.open(folder / "a.png").size == (16, 24)


@situation("command line", "ganzoo sample", "--truncation of StyleGAN2: towards the mean style")
def _(folder):
    gan = ganzoo.create("stylegan2", SHAPE, width=4, latent_dim=4)
    whole, less = (gan.sampler.sample(32, truncation=t).astype(float) for t in (1.0, 0.01))
    return same(whole, gan.sampler.sample(32)) and less.std(0).mean() < 0.1 * whole.std(0).mean()


@situation(
    "command line", "sample", "truncation of given latents", "truncation is for random latents"
)
def _(folder):
    return game().sampler.sample(latents=np.zeros((2, 4)), truncation=0.5) is None


@situation("command line", "ganzoo evaluate", "a folder against a folder of images of many sizes")
def _(folder):
    for number in range(4):
        paint(folder / f"fake/{number}.png", 60 * number, (32, 32))
        paint(folder / f"real/{number}.png", 60 * number, (32 + number, 40))
    words = ("--metrics=swd", "--num=4", f"--out={folder}/out")
    status, _ = command("evaluate", f"{folder}/fake", f"--against={folder}/real", *words)
    return status == 0 and "swd" in (folder / "out/evaluation.json").read_text()


@situation("command line", "ganzoo evaluate", "a folder, and nothing to compare it with")
def _(folder):
    paint(folder / "fake/1.png")
    status, said = command("evaluate", f"{folder}/fake")
    return status == 2 and "--against: expected a data set or a folder" in said


@situation("command line", "ganzoo sample", "--seeds that are none")
def _(folder):
    status, said = command("sample", "x", "--seeds=9-3")
    return status == 2 and "expected seeds such as 7, 0-15 or 1,5,9" in said


# --- the page


def page(rows: list[tuple[Situation, str, str]]) -> str:
    """Returns the page of the outcomes."""
    counts = {word: sum(o == word for _, o, _ in rows) for word in ("works", "refused", "neither")}
    lines = [
        "# What goes in",
        "",
        "Written by `python benchmarks/claims/what_goes_in.py`, which feeds each of these "
        f"{len(rows)} situations to its door: {counts['works']} work with the right value, "
        f"{counts['refused']} are refused in one line, {counts['neither']} are neither. "
        "`tests/test_what_goes_in.py` runs the same situations.",
    ]
    for kind in dict.fromkeys(s.kind for s, _, _ in rows):
        lines += [
            "",
            f"## {kind[0].upper()}{kind[1:]}",
            "",
            "| door | what | outcome |",
            "|---|---|---|",
        ]
        for one, outcome, said in rows:
            if one.kind == kind:
                text = " ".join(said.split()).replace("|", "\\|")
                lines.append(
                    f"| {one.door} | {one.what} | {outcome}{f': {text}' if text else ''} |"
                )
    return "\n".join(lines) + "\n"


def main() -> int:
    rows = [(one, *one.outcome()) for one in SITUATIONS]
    PAGE.write_text(page(rows))
    bad = [(one.name, said) for one, outcome, said in rows if outcome == "neither"]
    print(f"{len(rows)} situations, {len(bad)} neither")
    for name, said in bad:
        print(f"  {name}: {said}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
