"""The README's code runs, and its commands are real ones."""

import re
import shlex
import sys
from pathlib import Path

import keras
import processes
import pytest

import ganzoo
from ganzoo import cli
from ganzoo.cli import parser
from ganzoo.publishing import reference

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
COMMANDS = [
    line for block in re.findall(r"```bash\n(.*?)```", README, re.S) for line in block.splitlines()
]


@pytest.mark.parametrize("code", PYTHON)
def test_python(code, tmp_path, monkeypatch, eagerly):
    fit = keras.Model.fit
    short = {"steps_per_epoch": 1, "epochs": 1, "verbose": 0}
    monkeypatch.setattr(keras.Model, "fit", lambda *args, **kw: fit(*args, **(kw | short)))
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    monkeypatch.chdir(tmp_path)
    if "gan.export" in code:  # not into the checkout
        (tmp_path / "saved_models").unlink()
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    if "images" in names:
        assert names["images"].shape[1:] == (28, 28, 1) and names["images"].dtype == "uint8"


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("ganzoo ")])
def test_ganzoo(command, tmp_path):
    words = [sys.executable, "-m", "ganzoo.cli", *shlex.split(command)[1:]]
    if {"translate", "project"} & set(words):  # of a run, or a photo, that is not here
        parser.parse(*cli.parsers(), words[3:])
        words = [*words[:4], "--help"]
    done = processes.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if "--out=grid.png" in command:
        assert (tmp_path / "grid.png").stat().st_size > 1000


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python train.py")])
def test_train(command, tmp_path):
    if "folder:" in command or "dataset=fashion_mnist " in command:
        command = re.sub(r"--dataset=\S+", "--dataset=fashion_mnist_10k", command)
    command = re.sub(r"unpaired:\S+", "unpaired:edges:fashion_mnist_10k --blocks=1", command)
    command = command.replace("--teacher=", "--dataset=drawn:20:")  # fewer images
    if "--recipe=" in command:  # the full set is not on every machine
        command += " --dataset=fashion_mnist_10k"
    words = [sys.executable, str(ROOT / "train.py"), *shlex.split(command)[2:]]
    words += [] if "--help" in words else ["--dry_run"]
    done = processes.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_first_screen_is_two_commands():
    assert [c for c in COMMANDS if "venv" in c] == COMMANDS[:2]
    assert COMMANDS[0].endswith("train.py") and COMMANDS[1].endswith("pytest")
    ci = (ROOT / ".ci" / "run").read_text()
    assert "-m pytest" in ci and "pip install -e '.[test]'" in ci


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.encode()) < 10_000
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page}: {link}"


def test_every_entry_and_every_variant_is_shown():
    page = (ROOT / "docs" / "zoo.md").read_text("utf-8")
    for name in ganzoo.list_pretrained():
        assert f"models/{name}/row.png" in page and f"models/{name}/README.md" in page
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert page == reference.render(), "run: ganzoo evaluate --all"
    for name in ganzoo.list_variants():
        assert f"| `{name}` |" in page
