"""What comes from outside is refused in one line, whatever it is: files and words under fuzzing.

The fast part takes a few dozen cases of each; `pytest -m slow tests/test_hostile.py` takes
thousands.
"""

import contextlib
import io
import json
import resource
import tempfile
import tomllib
import zipfile
import zlib
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from PIL import Image

from ganzoo import cli, data
from ganzoo.data import folder, npz
from ganzoo.errors import InputError
from ganzoo.inference import saved_model
from ganzoo.publishing import card
from ganzoo.training import recipe
from ganzoo.zoo import fingerprint, registry

ROOT = Path(__file__).parent.parent
RECIPE = (ROOT / "models" / "dcgan_fashion_mnist" / "recipe.toml").read_bytes()
REGISTRY = (ROOT / "saved_models" / "registry.json").read_bytes()
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _no_reading_of_sources(monkeypatch):
    """Spares Hypothesis the search for constants in every module, among them all of autograph's.

    In a process that has traced many graphs it took a minute.
    """
    name = "hypothesis.internal.conjecture.providers._get_local_constants"
    monkeypatch.setattr(name, lambda: providers._local_constants, raising=False)


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (9, 7, 3), "uint8")).save(file, "PNG")
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(
        file, images=RNG.integers(0, 256, (4, 8, 8, 1), "uint8"), labels=np.arange(4)
    )
    return file.getvalue()


def fuzzed(function):
    """Runs a property on a few cases, and as a slow test on many."""

    def sized(count):
        return settings(
            max_examples=count, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip

    cases = [pytest.param(40, id="few"), pytest.param(3000, id="many", marks=pytest.mark.slow)]

    @pytest.mark.parametrize("count", cases)
    def test(count):
        sized(count)(function)()

    test.__name__, test.__doc__ = function.__name__, function.__doc__
    return test


@st.composite
def damaged(draw, whole: bytes):
    """Bytes of a file in which some were changed, cut off, doubled or left out."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(found) - 1, 0)))
        how = draw(st.sampled_from(["flip", "cut", "insert", "remove", "double"]))
        if how == "flip" and found:
            found[place] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del found[place:]
        elif how == "insert":
            found[place:place] = draw(st.binary(max_size=20))
        elif how == "remove":
            del found[place : place + draw(st.integers(1, 50))]
        else:
            found += found[place:]
    return bytes(found)


@contextlib.contextmanager
def file_of(content: bytes, suffix: str):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"file{suffix}")
        path.write_bytes(content)
        yield path


@contextlib.contextmanager
def refused_in_one_line():
    """Passes if nothing is raised, or an InputError of one line."""
    try:
        yield
    except InputError as error:
        assert "\n" not in str(error) and 5 < len(str(error)) < 3000, str(error)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(["model", "dataset", *recipe.meanings()]) | st.text(max_size=12)


@fuzzed
@given(damaged(RECIPE))
def test_a_damaged_recipe(content):
    with file_of(content, ".toml") as path, refused_in_one_line():
        recipe.Recipe.load(path)


@fuzzed
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_recipe_of_anything(given_keys):
    whole = tomllib.loads(RECIPE.decode()) | given_keys
    with refused_in_one_line():
        made = recipe.Recipe.from_dict(whole)
        assert recipe.Recipe.from_dict(tomllib.loads(made.to_toml())) == made


@fuzzed
@given(st.dictionaries(KEYS.map(lambda key: f"learning.{key}.config.x"), VALUES, max_size=2))
def test_changes_of_anything(changes):
    whole = recipe.Recipe.from_dict(tomllib.loads(RECIPE.decode()))
    with refused_in_one_line():
        whole.replace(changes)


@fuzzed
@given(st.text(max_size=60))
def test_the_value_of_any_flag(text):
    with refused_in_one_line():
        recipe.value_of(text)


@fuzzed
@given(damaged(REGISTRY))
def test_a_damaged_registry(content):
    with file_of(content, ".json") as path, refused_in_one_line():
        registry.read(path)


@fuzzed
@given(VALUES, st.sampled_from(["format", "entries", "base_url", "files", "bytes", "version"]))
def test_a_registry_of_anything(value, key):
    whole = json.loads(REGISTRY)
    entry = whole["entries"]["dcgan_fashion_mnist"]
    (whole if key in whole else entry)[key] = value
    with refused_in_one_line():
        registry.validate(whole)


@fuzzed
@given(damaged(archive()))
def test_a_damaged_archive(content):
    with file_of(content, ".npz") as path, refused_in_one_line():
        npz.source(str(path))


@fuzzed
@given(damaged(png()), st.sampled_from([".png", ".jpg", ".gif", ".tiff"]))
def test_a_damaged_image(content, suffix):
    with file_of(content, suffix) as path, refused_in_one_line():
        assert folder.read(path, (8, 8), 3).shape == (8, 8, 3)


NAMES = [
    "ring8",
    "fashion_mnist_10k",
    "npz:",
    "folder:",
    "tfds:",
    "edges:",
    "stacked:",
    "pairs:",
    "unpaired:",
]


@fuzzed
@given(st.sampled_from(NAMES), st.text(max_size=12))
def test_any_name_of_a_data_set(name, rest):
    with refused_in_one_line():
        data.info(name + rest)


WORDS = st.text(st.characters(exclude_characters="\0"), max_size=8)  # as a system passes them on
COMMANDS = ["list", "info", "sample", "translate", "evaluate", "export", "verify", "publish"]


@fuzzed
@given(
    st.sampled_from(COMMANDS),
    st.lists(WORDS | st.sampled_from(["--seed=x", "--num=-1", "--out="]), max_size=3),
)
def test_any_command_line(command, words):
    out, err = io.StringIO(), io.StringIO()
    # A plain `verify` would draw from every model of the zoo: here they give nothing.
    drawn = mock.patch.object(fingerprint, "alone", lambda folders: [{} for _ in folders])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), drawn:
        try:
            status = cli.main([command, *words])
        except SystemExit as stop:  # --help
            status = stop.code
    said = err.getvalue().strip()
    if status == 2:
        assert said.startswith("ganzoo:") and "\n" not in said, said


# --- small files that would be large


@contextlib.contextmanager
def memory_limited(megabytes: int):
    """Lets nothing in this context take more memory than the process has, and so much."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def bomb_png(side: int) -> bytes:
    """A black picture whose file is a thousandth of it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + check

    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    packer, rows = zlib.compressobj(), []
    for _ in range(min(side, 4000)):
        rows.append(packer.compress(bytes(side + 1)))
    pixels = b"".join([*rows, packer.flush()])
    content = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def test_a_picture_that_would_fill_the_memory():
    content = bomb_png(60_000)
    assert len(content) < 1_000_000
    with file_of(content, ".png") as path, memory_limited(300):
        with pytest.raises(InputError, match="cannot read .* as an image: .*pixels"):
            folder.read(path, (8, 8), 1)


def test_an_archive_that_would_fill_the_memory():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (2**22, 64, 64, 1)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("images.npy", header.getvalue() + bytes(10_000_000))
    assert len(file.getvalue()) < 100_000
    with file_of(file.getvalue(), ".npz") as path, memory_limited(300):
        with pytest.raises(InputError):
            npz.source(str(path))


def test_an_archive_of_objects_is_not_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.array([print, print], dtype=object))
    with pytest.raises(InputError, match="object"):
        npz.source(str(tmp_path / "x.npz"))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\..\\x", ".hidden", ""])
def test_a_registry_names_no_file_outside(name):
    whole = json.loads(REGISTRY)
    entry = whole["entries"]["dcgan_fashion_mnist"]
    fact = next(iter(entry["files"].values()))
    entry["files"] = {name: fact}
    entry["bytes"] = fact["bytes"]
    with pytest.raises(InputError):
        registry.validate(whole)


def test_a_saved_model_of_other_classes_is_refused(tmp_path):
    """Its network is a config, which could name any class."""
    model = ROOT / "saved_models" / "dcgan_fashion_mnist" / "1"
    about = json.loads((model / saved_model.ABOUT).read_text())
    about["network"] = {
        "module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]},
        "registered_name": None,
    }  # fmt: skip
    for part in model.rglob("*"):
        if part.is_file():
            target = tmp_path / part.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(part.read_bytes())
    (tmp_path / saved_model.ABOUT).write_text(json.dumps(about))
    with pytest.raises(InputError, match="damaged or was not written by ganzoo"):
        saved_model.load(tmp_path)


def test_cards_render_what_they_are_given():
    """A figure of any name and kind does not break the card, which is generated."""
    summary = {"steps": 1, "metrics": {"{fid}": {"value": "{x}", "k": "|"}}}
    text = card.render("dcgan_x", 1, {"model": "dcgan", "dataset": "x"}, summary)
    assert "{fid}" in text and "{x}" in text
