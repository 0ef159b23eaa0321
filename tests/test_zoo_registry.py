"""Registries that are hostile or broken are refused before anything they name is touched."""

import copy
import json

import pytest

from ganzoo import InputError
from ganzoo.zoo import registry

FILE = {"bytes": 2, "sha256": "a" * 64}
GOOD = {
    "format": 1,
    "base_url": "https://example.org/saved_models",
    "entries": {
        "toy_rings": {
            "version": 1,
            "description": "Rings.",
            "bytes": 4,
            "files": {"saved_model.pb": FILE, "variables/variables.data-00000-of-00001": FILE},
        }
    },
}
PATHS = [
    "../x", "a/../../x", "a/..", "/etc/passwd", "//host/x", "C:/x", "C:x", "a\\..\\x", "~/x", "",
    ".", "a//b", "a/", ".hidden", "a/.b", "x\n", "x\x00", "a b", "x.", "é", "a/" * 200 + "x",
]  # fmt: skip
NAMES = ["../x", "a/b", "", "A", "a-b", ".", "x\n", "a" * 101, "é"]


def refused(change, expected):
    broken = copy.deepcopy(GOOD)
    change(broken, broken["entries"]["toy_rings"])
    with pytest.raises(InputError, match=expected) as caught:
        registry.validate(broken)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_the_good_one_is_good():
    assert registry.validate(copy.deepcopy(GOOD)) == GOOD


@pytest.mark.parametrize("path", PATHS)
def test_paths_stay_in_their_folder(path):
    refused(lambda all, one: one["files"].update({path: FILE}), "expected a relative path")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_plain(name):
    refused(lambda all, one: all["entries"].update({name: one}), "expected names of a-z")


@pytest.mark.parametrize("path", ["SAVED_model.pb", "variables", "saved_model.pb/x"])
def test_paths_do_not_collide(path):
    refused(lambda all, one: one["files"].update({path: FILE}), "do not collide")


@pytest.mark.parametrize("size", [0, -1, 1.0, True, "9", None, 2**30 + 1, 10**30])
def test_sizes_are_bounded(size):
    refused(lambda all, one: one["files"].update(x={**FILE, "bytes": size}), "x.*bytes: expected")
    refused(lambda all, one: one.update(version=size), "version: expected")
    refused(lambda all, one: one.update(bytes=size), "bytes: expected")


def test_the_total_is_bounded_too():
    files = {f"x{i}": {**FILE, "bytes": 2**30} for i in range(2)}
    refused(lambda all, one: one.update(files=files, bytes=2**31), "at most 1073741824")


@pytest.mark.parametrize("digest", ["a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n", 7, None])
def test_hashes_are_hashes(digest):
    refused(lambda all, one: one["files"].update(x={**FILE, "sha256": digest}), "64 hexadecimal")


@pytest.mark.parametrize(
    "address", ["ftp://x", "/x", "", 7, "javascript:x", "https://", "https://a b", "data:,x"]
)
def test_addresses_are_of_three_kinds(address):
    refused(lambda all, one: all.update(base_url=address), "base_url: expected an address")


@pytest.mark.parametrize("value", [None, [], "x", 7])
def test_types(value):
    refused(lambda all, one: all.update(entries=value), "entries: expected an object")
    refused(lambda all, one: all["entries"].update(toy_rings=value), "expected an object with")
    refused(lambda all, one: one.update(files=value), "expected an object with files")
    refused(lambda all, one: one["files"].update(x=value), "expected an object with")
    refused(lambda all, one: all.update(format=value), "format: expected 1")
    with pytest.raises(InputError):
        registry.validate(value)


def test_keys():
    refused(lambda all, one: one.update(extra=1), "expected an object with")
    refused(lambda all, one: one.pop("files"), "expected an object with")
    refused(lambda all, one: one.update(files={}), "expected an object with files")
    refused(lambda all, one: all.update(format=True), "format: expected 1")
    refused(lambda all, one: one.update(description="red \x1b[31m"), "expected one line")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", json.dumps(GOOD)[:-20], "[" * 100_000, b"\xff\xfe".decode("latin-1"), "null",
        json.dumps(GOOD).replace('"format": 1', '"format": 1, "format": 1'),
        json.dumps(GOOD).replace('"bytes": 4', '"bytes": NaN'),
    ],
)  # fmt: skip
def test_broken_files(tmp_path, text):
    path = tmp_path / "registry.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match="registry.json: "):
        registry.read(path)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"git checkout -- saved_models/registry.json"):
        registry.read(tmp_path / "registry.json")
