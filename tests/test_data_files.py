"""Data from files: importing originals, `npz:`, `folder:` and `tfds:`, and damaged ones."""

import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from ganzoo import data
from ganzoo.data import cifar10, folder, idx, reachable, store
from ganzoo.data.folder import Folder
from ganzoo.errors import InputError

# ---------------------------------------------------------------- imported originals


def full(name):
    if store.read(name, "test") is None:
        pytest.skip(f"needs the originals: GANZOO_DATA=DIR ganzoo data {name} --from=PATH")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_full_sets(name):
    full(name)
    info = data.info(name, "test")
    assert (info.num_examples, info.num_classes) == (10000, 10)
    images, labels = data.arrays(name, "test")
    assert images.dtype == np.uint8 and images.shape[1:] == info.image_shape
    if name != "mnist":
        assert np.bincount(labels).tolist() == [1000] * 10
    assert int(data.load(name, batch_size=100, split="test").cardinality()) == 100


def test_embedded_set_is_from_the_training_originals():
    full("fashion_mnist")
    images, labels = store.read("fashion_mnist", "train")
    embedded, _ = data.arrays("fashion_mnist_10k")
    for c in range(10):
        np.testing.assert_array_equal(embedded[c::10], images[labels == c][:1000])


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch):
    """Four idx files that stand for MNIST's: 6 training and 4 test images."""
    contents = {}
    for part, count in (("train", 6), ("t10k", 4)):
        pixels = np.random.default_rng(count).integers(0, 256, count * 784, np.uint8)
        contents[f"{part}-images"] = bytes(16) + pixels.tobytes()
        contents[f"{part}-labels"] = bytes(8) + bytes(range(count))
    sums = {key: hashlib.sha256(value).hexdigest() for key, value in contents.items()}
    monkeypatch.setitem(idx.SHA256, "mnist", sums)
    monkeypatch.setattr(idx, "_SIZE", {key: len(value) for key, value in contents.items()})
    source = tmp_path / "source" / "deep" / "down"
    source.mkdir(parents=True)
    for key, value in contents.items():
        kind = "idx3" if "images" in key else "idx1"
        if "train" in key:
            (source / f"{key}-{kind}-ubyte.gz").write_bytes(gzip.compress(value))
        else:
            (source / f"{key}.{kind}-ubyte").write_bytes(value)
    return tmp_path / "source", contents


def test_the_originals_hold_so_many_images_behind_their_headers():
    sizes = {"train-images": 47_040_016, "train-labels": 60_008}  # as published, without gzip
    assert idx._SIZE == sizes | {"t10k-images": 7_840_016, "t10k-labels": 10_008}


def test_import_idx(tiny_mnist, tmp_path, monkeypatch):
    source, contents = tiny_mnist
    monkeypatch.setenv("GANZOO_DATA", str(tmp_path / "cache"))
    assert "6 training and 4 test" in data.import_files("mnist", str(source))
    assert os.listdir(tmp_path / "cache") == ["mnist.npz"]
    images, labels = data.arrays("mnist", "test")
    assert images.tobytes() == contents["t10k-images"][16:] and labels.tolist() == [0, 1, 2, 3]
    assert data.info("mnist").image_shape == (28, 28, 1)


def test_import_refuses_what_is_not_the_original(tiny_mnist, tmp_path):
    source, contents = tiny_mnist
    raw = source / "deep/down/t10k-images.idx3-ubyte"
    packed = source / "deep/down/train-images-idx3-ubyte.gz"
    cases = [
        (raw, b"\1" + contents["t10k-images"][1:], "not mnist's original"),
        (raw, contents["t10k-images"][:-1], "should have"),
        (packed, gzip.compress(bytes(10**7)), "has more"),  # expands far past its size
        (packed, gzip.compress(contents["train-images"])[:-20], "cannot read"),
        (packed, b"not gzip at all", "cannot read"),
    ]
    for path, content, message in cases:
        good = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            data.import_files("mnist", source, data_dir=tmp_path / "cache")
        path.write_bytes(good)
    packed.unlink()
    with pytest.raises(InputError, match="no train-images-idx3-ubyte"):
        data.import_files("mnist", source, data_dir=tmp_path / "cache")
    with pytest.raises(InputError, match="no folder"):
        data.import_files("mnist", tmp_path / "nowhere")
    with pytest.raises(InputError, match="Did you mean 'mnist'"):
        data.import_files("mnis", source)
    assert not (tmp_path / "cache").exists()


def test_damaged_store_is_told(tiny_mnist, tmp_path):
    cache = tmp_path / "cache"
    data.import_files("mnist", tiny_mnist[0], data_dir=cache)
    good = (cache / "mnist.npz").read_bytes()
    flipped = bytearray(good)
    flipped[300] ^= 255  # inside the pixels
    for bad in (good[: len(good) // 2], bytes(flipped), b""):
        (cache / "mnist.npz").write_bytes(bad)
        with pytest.raises(InputError, match=r"(?s)damaged.*--from=PATH"):
            data.arrays("mnist", data_dir=cache)


def test_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full_disk(file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    store.save("set", {"a": np.zeros(1)}, tmp_path)
    before = (tmp_path / "set.npz").read_bytes()
    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(InputError, match="No space left"):
        store.save("set", {"a": np.ones(1)}, tmp_path)
    assert os.listdir(tmp_path) == ["set.npz"] and (tmp_path / "set.npz").read_bytes() == before


def test_leftovers_of_killed_imports_go(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / f".set.npz.{gone.pid}.tmp"
    at_work = tmp_path / f".set.npz.{os.getppid()}.tmp"
    for path in (left, at_work):
        path.write_bytes(b"half")
    store.save("set", {"a": np.ones(1)}, tmp_path)
    assert not left.exists() and at_work.exists()


@pytest.fixture
def tiny_cifar(monkeypatch):
    """Batches of 4 images that stand for CIFAR-10's."""
    rng = np.random.default_rng(0)
    rows = {b: rng.integers(0, 256, (4, 3073), np.uint8) for b in cifar10._BATCHES}
    for batch in rows.values():
        batch[:, 0] %= 10
    content = {batch: value.tobytes() for batch, value in rows.items()}
    monkeypatch.setattr(cifar10, "_BIN_SIZE", 4 * 3073)
    arrays = cifar10._from_rows(content)
    sums = {key: hashlib.sha256(value.tobytes()).hexdigest() for key, value in arrays.items()}
    monkeypatch.setattr(cifar10, "SHA256", sums)
    return content, arrays


def pack(path, content):
    with tarfile.open(path, "w:gz") as archive:
        for name, value in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(value)
            archive.addfile(member, io.BytesIO(value))


def test_import_cifar10_binary(tiny_cifar, tmp_path):
    content, arrays = tiny_cifar
    assert arrays["train_images"].shape == (20, 32, 32, 3)
    row = np.frombuffer(content["test_batch"], np.uint8)[:3073]
    assert arrays["test_images"][0, 0, 1].tolist() == row[[2, 1026, 2050]].tolist()
    (tmp_path / "tar").mkdir()
    (tmp_path / "bin").mkdir()
    for batch, value in content.items():
        (tmp_path / "bin" / f"{batch}.bin").write_bytes(value)
    pack(
        tmp_path / "tar" / "cifar-10-binary.tar.gz",
        {f"../../escape/{batch}.bin": value for batch, value in content.items()},
    )
    for kind in ("tar", "bin"):
        data.import_files("cifar10", tmp_path / kind, data_dir=tmp_path / f"cache_{kind}")
        images, labels = data.arrays("cifar10", data_dir=tmp_path / f"cache_{kind}")
        np.testing.assert_array_equal(images, arrays["train_images"])
        np.testing.assert_array_equal(labels, arrays["train_labels"])
    assert not list(tmp_path.rglob("escape"))


def test_import_cifar10_sheets(tiny_cifar, tmp_path, monkeypatch):
    _, arrays = tiny_cifar
    monkeypatch.setattr(cifar10, "_SHEET", (1024, 4))
    sheets = np.concatenate([arrays["train_images"], arrays["test_images"]]).reshape(6, 4, 1024, 3)
    for batch, sheet in zip(cifar10._BATCHES, sheets, strict=True):
        Image.fromarray(sheet).save(tmp_path / f"{batch}.png")
    labels = {split: arrays[f"{split}_labels"].tolist() for split in ("train", "test")}
    for split, value in labels.items():
        (tmp_path / f"{split}_lables.json").write_text(json.dumps(value))
    data.import_files("cifar10", tmp_path, data_dir=tmp_path / "cache")
    np.testing.assert_array_equal(
        data.arrays("cifar10", "test", data_dir=tmp_path / "cache")[0], arrays["test_images"]
    )
    for bad in ("[1, 2", '{"a": 1}', "[99]", "[[1], [2, 3]]"):
        (tmp_path / "test_lables.json").write_text(bad)
        with pytest.raises(InputError, match="cannot read"):
            data.import_files("cifar10", tmp_path)
    (tmp_path / "test_lables.json").write_text(json.dumps(labels["train"]))
    with pytest.raises(InputError, match="not cifar10's originals"):
        data.import_files("cifar10", tmp_path)
    Image.new("RGB", (1024, 5)).save(tmp_path / "test_batch.png")
    with pytest.raises(InputError, match=r"expected 1024 x 4 RGB"):
        data.import_files("cifar10", tmp_path)


def test_import_cifar10_bad_archives(tiny_cifar, tmp_path):
    content, _ = tiny_cifar
    target = tmp_path / "cifar-10-binary.tar.gz"
    pack(target, {"data_batch_1.bin": content["data_batch_1"]})
    with pytest.raises(InputError, match="lacks data_batch_2"):
        data.import_files("cifar10", target)
    pack(target, {"bomb": bytes(200_000)})
    with pytest.raises(InputError, match="expands to more"):
        data.import_files("cifar10", target)
    target.write_bytes(target.read_bytes()[:40])
    with pytest.raises(InputError, match="cannot read|lacks"):
        data.import_files("cifar10", target)
    target.unlink()
    (tmp_path / "data_batch_1").write_bytes(b"a pickle")
    with pytest.raises(InputError, match="pickles, not read"):
        data.import_files("cifar10", tmp_path)


# ---------------------------------------------------------------- npz


def saved(path, **arrays):
    np.savez(path, **arrays)
    return f"npz:{path}"


def test_npz_splits_and_classes(tmp_path):
    name = saved(
        tmp_path / "a.npz",
        x_train=np.zeros((4, 5, 6), np.uint8),
        y_train=np.array([[0], [1], [1], [0]]),
        x_test=np.zeros((2, 5, 6), np.uint8),
        y_test=np.array([3, 0]),
    )
    assert data.info(name).image_shape == (5, 6, 1)
    assert data.info(name).num_classes == data.info(name, "test").num_classes == 4
    assert data.arrays(name, "test")[1].tolist() == [3, 0]


def test_npz_floats_and_alpha(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    name = saved(tmp_path / "f.npz", images=levels.astype(np.float32) / 127.5 - 1)
    np.testing.assert_array_equal(data.arrays(name)[0], levels)
    clear = np.zeros((2, 3, 3, 4), np.uint8)
    clear[1, ..., 3] = 255
    images, _ = data.arrays(saved(tmp_path / "alpha.npz", images=clear))
    assert images.shape == (2, 3, 3, 3) and (images[0] == 255).all() and (images[1] == 0).all()


def test_npz_refusals(tmp_path):
    ok = np.zeros((3, 4, 4), np.uint8)
    cases = {
        "Python objects": {"images": np.array([None, 1], object)},
        "expected a key of images": {"pictures": ok, "other": ok},
        "3 images and 2 labels": {"images": ok, "labels": np.zeros(2, int)},
        "expected whole numbers": {"images": ok, "labels": np.zeros(3)},
        "labels outside": {"images": ok, "labels": np.array([-1, 0, 1])},
        "expected .N, H, W.": {"images": np.zeros((3, 4), np.uint8)},
        "has shape": {"images": np.zeros((0, 4, 4), np.uint8)},
        "got int64 from 0 to 0": {"images": ok.astype(np.int64)},
        "got float64 from 0 to 1": {"images": np.linspace(0, 1, 48).reshape(3, 4, 4)},
        "got float64 from nan": {"images": np.full((3, 4, 4), np.nan)},
    }
    for i, (message, arrays) in enumerate(cases.items()):
        with pytest.raises(InputError, match=message) as error:
            data.info(saved(tmp_path / f"{i}.npz", **arrays))
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no images of split 'test'"):
        data.info(saved(tmp_path / "t.npz", images=ok), "test")
    with pytest.raises(InputError, match="Valid: train, test"):
        data.info(saved(tmp_path / "t.npz", images=ok), "dev")
    with pytest.raises(InputError, match="no file"):
        data.info(f"npz:{tmp_path}/nowhere.npz")
    (tmp_path / "text.npz").write_text("not a zip")
    with pytest.raises(InputError, match="as .npz"):
        data.info(f"npz:{tmp_path}/text.npz")


@pytest.mark.parametrize(
    ("shape", "message"), [((10**6, 1000, 1000), "GiB"), ((100, 100, 100), "cut short")]
)
def test_npz_header_that_promises_more(tmp_path, shape, message):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(100))
    with pytest.raises(InputError, match=message):
        data.info(f"npz:{tmp_path}/bomb.npz")


# ---------------------------------------------------------------- folder


def paint(path, value=0, size=(8, 8), mode="RGB", **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if isinstance(value, tuple | str) else (value,) * len(mode)).save(
        path, **how
    )


@pytest.fixture
def shades(tmp_path):
    """Twelve images, each of its own shade, in three classes; `c/3.png` and `a/1.png` broken."""
    root = tmp_path / "shades"
    for i, name in enumerate(f"{c}/{k}.png" for c in "abc" for k in range(4)):
        paint(root / name, i * 10)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(root / "a/1.png")
    (root / "a/1.png").write_bytes((root / "a/1.png").read_bytes()[:2000])
    (root / "c/3.png").write_text("not a picture")
    return root


def shade(batches):
    return [
        np.rint((b["real"].numpy()[:, 0, 0, 0] + 1) * 12.75).astype(int).tolist() for b in batches
    ]


def test_folder_classes_and_broken_images(shades):
    name = f"folder:{shades}"
    info = data.info(name)
    assert (info.num_examples, info.image_shape) == (12, (8, 8, 3))
    assert info.class_names == ("a", "b", "c")
    one_pass = data.load(name, batch_size=4, shuffle=False, drop_remainder=False)
    assert shade(one_pass) == [[0, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert [b["label"].numpy().tolist() for b in one_pass] == [[0, 0, 0, 1], [1, 1, 1, 2], [2, 2]]
    assert int(one_pass.cardinality()) == tf.data.UNKNOWN_CARDINALITY
    assert len(shade(data.load(name, batch_size=4))) == 2
    assert shade(data.load(name, batch_size=5, shuffle=False))[1] == [6, 7, 8, 9, 10]
    assert set(folder.report(str(shades))) == {"a/1.png", "c/3.png"}
    images, labels = data.arrays(name)
    assert len(images) == 10 and labels.tolist() == [0] * 3 + [1] * 4 + [2] * 3


def test_what_only_pretends_to_be_a_picture_is_not_opened(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "script.eps")  # a program, which PIL has run
    (tmp_path / "script.eps").rename(tmp_path / "script.png")
    with pytest.raises(UnidentifiedImageError):
        folder.header(tmp_path / "script.png")


def test_folder_endless_stream_replaces_broken_images(shades):
    name = f"folder:{shades}"
    still = data.load(name, batch_size=4, shuffle=False, repeat=True).take(3)
    assert shade(still) == [[0, 2, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]]
    whole = list(data.load(name, batch_size=5, repeat=True).take(9))
    for start in (1, 4):
        late = data.load(name, batch_size=5, repeat=True, start_batch=start).take(9 - start)
        for one, other in zip(whole[start:], late, strict=True):
            np.testing.assert_array_equal(one["real"], other["real"])
            np.testing.assert_array_equal(one["label"], other["label"])
    assert whole[0]["real"].shape == (5, 8, 8, 3)


def test_folder_names_each_broken_image_once(shades, monkeypatch):
    said = []
    monkeypatch.setattr(folder.logging, "warning", lambda text, *a: said.append(text % a))
    for _ in range(2):
        data.arrays(f"folder:{shades}")
    assert len(said) == 2 and "'a/1.png'" in said[0]
    monkeypatch.setattr(folder, "_broken", {})
    monkeypatch.setattr(folder, "_LOGGED", 1)
    said.clear()
    data.arrays(f"folder:{shades}")
    assert len(said) == 2 and "only counted" in said[1]
    assert len(folder.report(shades)) == 2


def test_folder_all_broken(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(b"no")
    with pytest.raises(InputError, match="none of the 3 images"):
        data.load(f"folder:{tmp_path}", batch_size=2)
    with pytest.raises(InputError, match="none of the 3 images"):
        data.load(f"folder:{tmp_path}", batch_size=2, image_size=8, channels=3, repeat=True)


def test_folder_images_that_break_later_end_the_stream(tmp_path):
    for i in range(3):
        paint(tmp_path / f"{i}.png")
    stream = data.load(f"folder:{tmp_path}", batch_size=2, repeat=True)
    for i in range(3):
        (tmp_path / f"{i}.png").unlink()
    with pytest.raises(tf.errors.OpError, match="none of the 3 images"):
        next(iter(stream))


def test_folder_over_pils_limit_is_broken(tmp_path, monkeypatch):
    paint(tmp_path / "big.png", size=(40, 40))
    paint(tmp_path / "small.png", size=(10, 10))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.warns(Image.DecompressionBombWarning):
        images, _ = data.arrays(f"folder:{tmp_path}")
    assert images.shape == (1, 10, 10, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    assert len(data.arrays(f"folder:{tmp_path}")[0]) == 1
    assert "limit" in folder.report(tmp_path)["big.png"]


def test_folder_splits_share_classes(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "test/ant/1.png", "test/dog/1.png"):
        paint(tmp_path / name)
    name = f"folder:{tmp_path}"
    assert data.info(name).class_names == data.info(name, "test").class_names
    assert data.arrays(name)[1].tolist() == [1, 2]
    assert data.arrays(name, "test")[1].tolist() == [0, 2]
    with pytest.raises(InputError, match="Valid: train, test"):
        data.info(name, "all")
    with pytest.raises(InputError, match="Valid: train, all"):
        data.info(f"folder:{tmp_path}/test", "test")


def test_folder_without_classes(tmp_path):
    paint(tmp_path / "only/deep/1.png")
    assert data.info(f"folder:{tmp_path}").num_classes is None  # one folder is no choice
    paint(tmp_path / "other/1.png")
    assert data.info(f"folder:{tmp_path}").num_classes == 2
    paint(tmp_path / "beside.png")
    assert data.info(f"folder:{tmp_path}").num_classes is None
    assert set(next(iter(data.load(f"folder:{tmp_path}", batch_size=1)))) == {"real"}


def test_folder_odd_entries(tmp_path):
    paint(tmp_path / "a/1.PNG")
    paint(tmp_path / "a/2.jpeg")
    paint(tmp_path / "b/ü ñ.webp")
    paint(tmp_path / ".hidden/1.png")
    paint(tmp_path / "a/._1.png")
    (tmp_path / "a/notes.txt").write_text("x")
    (tmp_path / "a/folder.png").mkdir()
    os.mkfifo(tmp_path / "a/pipe.png")
    (tmp_path / "b/up").symlink_to(tmp_path)
    (tmp_path / "b/dead.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "b/link.png").symlink_to(tmp_path / "a/1.PNG")
    raw = os.path.join(os.fsencode(tmp_path), b"b", b"\xff.png")
    with open(raw, "wb") as file:
        file.write((tmp_path / "a/1.PNG").read_bytes())
    images, labels = data.arrays(f"folder:{tmp_path}")
    assert labels.tolist() == [0, 0, 1, 1, 1] and not folder.report(tmp_path)


def test_folder_kinds_of_pictures(tmp_path):
    paint(tmp_path / "1.png", (200, 0, 0, 0), mode="RGBA")
    paint(tmp_path / "2.gif", 1, mode="P")
    paint(tmp_path / "3.tif", 255, mode="L")
    Image.fromarray(np.full((8, 8), 65535, np.uint16)).save(tmp_path / "4.png")
    paint(tmp_path / "5.jpg", 255, mode="CMYK")
    images, labels = data.arrays(f"folder:{tmp_path}")
    assert images.shape == (5, 8, 8, 3) and labels is None
    assert (images[[0, 2, 3]] == 255).all() and images[4].max() < 5
    assert data.arrays(f"folder:{tmp_path}", channels=1, image_size=4)[0].shape == (5, 4, 4, 1)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_folder_honours_the_camera(tmp_path, orientation):
    turned = Image.new("RGB", (8, 4))
    exif = turned.getexif()
    exif[0x0112] = orientation  # rotated by 90 degrees, perhaps mirrored
    turned.save(tmp_path / "1.jpg", exif=exif)
    assert data.info(f"folder:{tmp_path}").image_shape == (8, 4, 3)


def test_folder_refusals(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        data.load(f"folder:{tmp_path}/nowhere")
    with pytest.raises(InputError, match="no images in or below"):
        data.load(f"folder:{tmp_path}")
    paint(tmp_path / "1.png", size=(2, 2))
    with pytest.raises(InputError, match="batch_size 64 is more than the 1"):
        data.load(f"folder:{tmp_path}")


def test_folder_of_many_images_takes_little_memory(tmp_path):
    for i in range(2000):
        os.link(tmp_path / "0000.png", tmp_path / f"{i:04}.png") if i else paint(
            tmp_path / "0000.png"
        )
    tree = Folder(str(tmp_path))._tree
    assert len(tree) == 2000 and tree.name(1999) == "1999.png"
    assert len(tree._names) == 2000 * 8


# ---------------------------------------------------------------- tfds


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Small TFDS sets, made here: grey with labels, many sizes, no image, and one named MNIST."""
    import tensorflow_datasets as tfds

    root = tmp_path_factory.mktemp("tfds")

    def write(name, features, examples, version="1.0.0"):
        class Small(tfds.core.GeneratorBasedBuilder, skip_registration=True):
            VERSION = tfds.core.Version(version)

            def _info(self):
                all_features = tfds.features.FeaturesDict(features)
                return tfds.core.DatasetInfo(builder=self, features=all_features)

            def _split_generators(self, _):
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                yield from enumerate(examples)

        Small.name = name
        Small(data_dir=root).download_and_prepare()

    image = tfds.features.Image
    write(
        "shades_same",
        {
            "image": image(shape=(4, 4, 1)),
            "label": tfds.features.ClassLabel(names=["dark", "light"]),
        },
        [{"image": np.full((4, 4, 1), i, np.uint8), "label": i % 2} for i in range(10)],
    )
    write(
        "shades_mixed",
        {"image": image(shape=(None, None, 3))},
        [{"image": np.full((8 + i, 9, 3), i, np.uint8)} for i in range(10)],
    )
    write("numbers", {"x": np.int64}, [{"x": 1}])
    write(
        "mnist",
        {"image": image(shape=(28, 28, 1)), "label": tfds.features.ClassLabel(num_classes=10)},
        [{"image": np.full((28, 28, 1), i, np.uint8), "label": i} for i in range(10)],
        str(tfds.builder_cls("mnist").VERSION),
    )
    return str(root)


def levels(batches):
    return [
        np.rint((b["real"].numpy()[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist() for b in batches
    ]


def test_tfds_in_memory(sets):
    info = data.info("tfds:shades_same", data_dir=sets)
    assert (info.num_examples, info.image_shape, info.num_classes) == (10, (4, 4, 1), 2)
    assert info.class_names == ("dark", "light")
    images, labels = data.arrays("tfds:shades_same", data_dir=sets)
    np.testing.assert_array_equal(images[:, 0, 0, 0] % 2, labels)
    stream = data.load("tfds:shades_same", batch_size=5, repeat=True, data_dir=sets)
    assert sorted(sum(levels(stream.take(2)), [])) == list(range(10))


def test_tfds_of_many_sizes(sets):
    with pytest.raises(InputError, match="give image_size"):
        data.info("tfds:shades_mixed", data_dir=sets)
    images, labels = data.arrays("tfds:shades_mixed", data_dir=sets, image_size=6, channels=1)
    assert images.shape == (10, 6, 6, 1) and labels is None
    assert sorted(images[:, 0, 0, 0]) == list(range(10))


@pytest.mark.parametrize("block", [4, 2048])
def test_tfds_streamed(sets, monkeypatch, block):
    from ganzoo.data import tfds

    monkeypatch.setattr(tfds, "_IN_MEMORY", 0)
    monkeypatch.setattr(tfds, "_BLOCK", block)

    def load(**how):
        return data.load("tfds:shades_mixed", batch_size=3, image_size=6, data_dir=sets, **how)

    whole = levels(load(repeat=True).take(9))
    epochs = [sum(whole[i : i + 3], []) for i in (0, 3, 6)]
    assert all(len(set(epoch)) == 9 for epoch in epochs) and epochs[0] != epochs[1]
    tf.random.set_seed(7)
    for start in (1, 3, 5):
        assert levels(load(repeat=True, start_batch=start).take(9 - start)) == whole[start:]
    one_pass = load(drop_remainder=False)
    assert int(one_pass.cardinality()) == 4
    assert sorted(sum(levels(one_pass), [])) == list(range(10))
    assert levels(load()) == whole[:3]


def test_tfds_refusals(sets, monkeypatch):
    with pytest.raises(InputError, match="no feature 'image'"):
        data.info("tfds:numbers", data_dir=sets)
    with pytest.raises(InputError, match="Valid: train"):
        data.info("tfds:shades_same", "test", data_dir=sets)
    with pytest.raises(InputError, match="Did you mean 'cats_vs_dogs'"):
        data.info("tfds:cats_vs_dog", data_dir=sets)
    with pytest.raises(InputError, match="cannot open"):
        data.info("tfds:mnist/nope", data_dir=sets)


def test_damaged_tfds_copy_is_told(sets, tmp_path):
    shutil.copytree(f"{sets}/shades_same", tmp_path / "shades_same")
    (record,) = tmp_path.rglob("*.tfrecord*")
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        data.arrays("tfds:shades_same", data_dir=str(tmp_path))


def test_prepared_tfds_copy_will_do(sets, monkeypatch):
    monkeypatch.delenv("GANZOO_DATA", raising=False)
    monkeypatch.setenv("GANZOO_HOME", sets)
    images, labels = data.arrays("mnist", data_dir=sets)
    assert sorted(images[:, 0, 0, 0]) == list(range(10)) and len(labels) == 10


def test_failed_download_is_told(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def fail(_):
        raise ConnectionError("reset\nby peer")

    monkeypatch.setattr(reachable, "reachable", lambda url: True)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(InputError, match=r"cannot download cifar10 .reset.: import its files"):
        data.load("cifar10", data_dir=str(tmp_path))


def test_offline_is_told_soon(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(reachable, "reachable", lambda url: asked.append(url))
    with pytest.raises(InputError, match="ganzoo data fashion_mnist --from=PATH"):
        data.load("fashion_mnist", data_dir=str(tmp_path))
    with pytest.raises(InputError, match="give its folder as data_dir"):
        data.info("tfds:kmnist", data_dir=str(tmp_path))
    assert len(asked) == 2 and all(url.startswith("http") for url in asked)


def test_reachable(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reachable.reachable(f"http://127.0.0.1:{port}/x")
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{port}")
        assert reachable.reachable("https://host.invalid/x")
        monkeypatch.delenv("https_proxy")
    assert not reachable.reachable(f"http://127.0.0.1:{port}/x")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(1) or [])
    assert not reachable.reachable("http://host.invalid", timeout=0.1)
