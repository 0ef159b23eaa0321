"""The `ganzoo` command: what it prints, what it writes, and how it says no."""

import dataclasses
import hashlib
import importlib.machinery
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import ganzoo
from ganzoo import InputError, cli, zoo
from ganzoo.data import sources
from ganzoo.engine import environment, progress
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.inference import pictures, saved_model
from ganzoo.inference.codes import Codes
from ganzoo.inference.sampler import Sampler
from ganzoo.training import run
from ganzoo.zoo import places

COMMANDS = [
    "list", "info", "sample", "translate", "evaluate", "train", "export", "verify", "publish",
    "push", "data", "launch", "train-all",
]  # fmt: skip


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with one entry, and stand-ins for the modules that need TensorFlow."""
    folder = tmp_path / "saved_models" / "toy_rings" / "1"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    digest = hashlib.sha256(b"graph").hexdigest()
    files = {"saved_model.pb": {"bytes": 5, "sha256": digest}}
    entry = {"version": 1, "description": "Rings.", "bytes": 5, "files": files}
    registry = {"format": 1, "base_url": "https://x.invalid", "entries": {"toy_rings": entry}}
    (tmp_path / "saved_models" / "registry.json").write_text(json.dumps(registry))
    models = tmp_path / "models" / "toy_rings"
    models.mkdir(parents=True)
    facts = {"fid": {"value": 3.14159}, "modes": 8}
    fingerprint = {"sample": {"images": {"shape": [8, 2, 2, 1]}}}
    whole = {"metrics": facts, "fingerprint": fingerprint}
    (models / "metrics.json").write_text(json.dumps(whole))
    (models / "recipe.toml").write_text('model = "wgan_gp"\ndataset = "rings"\n')
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "ganzoo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """Stand-ins for what commands run; the list of how they were called."""
    calls = []

    class Model:
        write_samples = Sampler.write_samples
        conditional = keeps_latents = False

        def codes(self, num, seed, **options):
            calls.append((num, seed, {k: v for k, v in options.items() if v is not None}))
            return Codes(np.zeros((num, 4)), "z", "x")

        def codes_of(self, latents, labels, truncation):
            calls.append(latents)
            return Codes(latents, "z", "x")

        def synthesize(self, codes, **options):
            return np.full((len(codes), 2, 2, 1), 7, np.uint8)

        def latents(self, num, seed, truncation):
            calls.append((num, seed, truncation))
            return np.eye(num)

    def load(path):
        calls.append(path)
        return Model()

    def import_files(*args):
        calls.append(args)
        return "imported 4 files"

    monkeypatch.setattr(saved_model, "load", load)
    monkeypatch.setattr(pictures, "grid", lambda images, columns: images)
    monkeypatch.setattr(pictures, "save_png", lambda *args: calls.append(args))
    row = dataclasses.replace(sources.SOURCES["fashion_mnist"], imports=import_files)
    monkeypatch.setitem(sources.SOURCES, "fashion_mnist", row)
    return calls


class Noisy:
    """Finds a `tensorflow` that writes to stderr, past Python, when it is imported."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "tensorflow" else None

    def create_module(self, spec):
        os.write(2, b"oneDNN custom operations are on.")

    def exec_module(self, module):
        pass


def refused(capsys, *argv):
    """Runs a command that must fail with one line on stderr, and returns the line."""
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("ganzoo: ") and err.count("\n") == 1 and err[-1] == "\n"
    return err


def ganzoo_command(*argv, **options):
    command = [sys.executable, "-m", "ganzoo.cli", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **options)


def test_list_and_info(root, calls, capsys):
    assert cli.main(["list"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"toy_rings +wgan_gp +rings +2 x 2 x 1 +0.0 MB +fid 3.142", out), out
    assert "gan, wgan_gp" in out
    assert cli.main(["list", "--json", "--size=2", "--variant=wgan_gp"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["data"], row["shape"]) == ("toy_rings", "rings", [2, 2, 1])
    assert row["description"] == "Rings." and row["figures"] == ["fid 3.142", "modes 8"]
    assert "unknown data of an entry 'ring'. Did you mean 'rings'?" in refused(
        capsys, "list", "--data=ring"
    )
    assert cli.main(["info", "toy_rings"]) == 0
    out = capsys.readouterr().out
    assert "toy_rings, version 1: Rings." in out and "fid 3.142, modes 8" in out
    assert str(root / "saved_models" / "toy_rings" / "1") in out


def test_list_without_entries_says_what_to_do(root, calls, capsys):
    empty = {"format": 1, "base_url": "https://x.invalid", "entries": {}}
    (root / "saved_models" / "registry.json").write_text(json.dumps(empty))
    assert cli.main(["list"]) == 0
    assert "python train.py" in capsys.readouterr().out
    assert "no pretrained generator" in refused(capsys, "info", "x")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], ["expected a command"]),
        (["lst"], ["'lst'", "Did you mean 'list'"]),
        (["info"], ["NAME"]),
        (["info", "toy_ring"], ["Did you mean 'toy_rings'"]),
        (["info", "toy_rings", "x"], ["unrecognized arguments: x"]),
        (["list", "--verbos"], ["unknown flag '--verbos'"]),
        (["--verbose"], ["unknown flag '--verbose'"]),
        (["sample", "toy_rings", "--labls=1"], ["Did you mean '--labels'"]),
        (["sample", "toy_rings", "--nu=1"], ["unknown flag '--nu'"]),
        (["sample", "toy_rings", "--num=0"], ["whole number from 1 to 10000", "'0'"]),
        (["sample", "toy_rings", "--num", "many"], ["whole number", "'many'"]),
        (["sample", "toy_rings", "--seed=-1"], ["whole number from 0", "'-1'"]),
        (["sample", "toy_rings", "--labels=1,,2"], ["boot,bag", "'1,,2'"]),
        (["sample", "toy_rings", "--out=x.jpg"], [".png, .npz or .txt", "'x.jpg'"]),
        (["sample", "toy_rings", "--out=no/x.png"], ["existing folder", "'no'"]),
        (["sample", "toy_ring"], ["Did you mean 'toy_rings'"]),
        (["sample", "runs/x"], ["expected the name of a pretrained generator", "'runs/x'"]),
        (["sample", "models"], ["folder of a SavedModel", "'models'"]),
        (["verify", "toy_ring"], ["Did you mean 'toy_rings'"]),
        (["publish", "runs/x"], ["--entry"]),
        (["publish", "runs/x", "--entry=a_b"], ["finished run", "runs/x"]),
        (["data", "fashion_mnist"], ["--from"]),
    ],
)
def test_a_wrong_line_gets_one_line(root, calls, capsys, argv, words):
    line = refused(capsys, *argv)
    assert all(word in line for word in words), line
    assert calls == []


def test_sample_writes_a_grid(root, calls, capsys):
    folder = root / "saved_models" / "toy_rings" / "1"
    assert cli.main(["sample", "toy_rings", "--num=3", "--seed=5", "--labels=4,2"]) == 0
    assert calls[:2] == [folder, (3, 5, {"labels": [4, 2, 4]})]
    assert str(calls[2][0]) == "toy_rings.png" and calls[2][1].shape == (3, 2, 2, 1)
    assert "toy_rings.png" in capsys.readouterr().out


def test_sample_goes_from_one_latent_to_another(root, calls, tmp_path):
    out = tmp_path / "x.png"
    words = ["sample", "toy_rings", "--num=6", "--interpolate=3", "--truncation=1.5"]
    assert cli.main([*words, f"--out={out}"]) == 0
    ends, path, _ = calls[-3:]
    assert ends == (4, 0, 1.5)
    assert path.shape == (6, 4)
    np.testing.assert_allclose(path[[0, 2, 3, 5]], np.eye(4)[[0, 2, 1, 3]], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("place", ["saved_models/toy_rings/1", "runs/x"])
def test_sample_takes_a_saved_model_or_a_run(root, calls, place):
    run = root / "runs" / "x" / "saved_model"
    run.mkdir(parents=True)
    (run / "saved_model.pb").write_bytes(b"graph")
    assert cli.main(["sample", place]) == 0
    assert calls[1] == (64, 0, {})
    assert str(calls[2][0]) == ("x.png" if "runs" in place else "toy_rings.png")


def test_sample_writes_an_array(root, calls):
    assert cli.main(["sample", "toy_rings", "--num=2", "--out=a.npz"]) == 0
    assert np.load("a.npz")["images"].shape == (2, 2, 2, 1)
    assert not [name for name in os.listdir() if name.startswith(".")]


def test_sample_says_what_a_generator_refuses(root, calls, capsys, monkeypatch):
    def refuse(path):
        raise InputError("this generator is not given labels")

    monkeypatch.setattr(saved_model, "load", refuse)
    assert "not given labels" in refused(capsys, "sample", "toy_rings", "--labels=1")


def test_data(root, calls, capsys):
    assert cli.main(["data", "fashion_mnist", "--from=in", "--data_dir=d"]) == 0
    assert calls == [("in", "d")]
    assert "imported 4 files" in capsys.readouterr().out


def test_where_a_run_is_exported_to(root, monkeypatch, capsys):
    class Trained:
        def exportable(self, which):
            return self

        def export(self, out, precision, format, batch_size):
            out.write_bytes(bytes(1_200_000))

    (root / "runs" / "x").mkdir(parents=True)
    (root / "runs" / "x" / "recipe.toml").write_text("")
    monkeypatch.setattr(run, "best", lambda path: Trained())
    for flags in [["--out=there"], [], ["--format=onnx"]]:
        assert cli.main(["export", "runs/x", *flags]) == 0
    out = capsys.readouterr().out
    for path in ["there", os.path.join("runs", "x", "saved_model"), "x.onnx"]:
        assert f"runs/x: exported to {path} (1.2 MB)" in out and (root / path).is_file()


def test_verify_tells_by_its_status(root, capsys):
    assert cli.main(["verify", "--quick"]) == 0
    assert capsys.readouterr().out == "toy_rings: ok\n"
    (root / "saved_models" / "toy_rings" / "1" / "saved_model.pb").write_bytes(b"other")
    assert cli.main(["verify", "--quick", "toy_rings"]) == 1
    assert "expected SHA-256" in capsys.readouterr().out


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "train"])
def test_help_is_complete(command, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and f"Example: ganzoo {command}" in out


def test_tensorflow_is_loaded_quietly(calls, monkeypatch, capfd):
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(sys, "meta_path", [Noisy(), *sys.meta_path])
    import_tensorflow()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_interrupts_are_quiet(root, monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(zoo, "list_pretrained", interrupt)
    assert cli.main(["list"]) == 130
    assert capsys.readouterr().err == ""


def test_version_help_and_status_of_the_process():
    assert ganzoo_command("--version").stdout == f"ganzoo {ganzoo.__version__}\n"
    top = ganzoo_command("--help").stdout
    assert all(re.search(rf"\n    {command}\s", top) for command in COMMANDS)
    wrong = ganzoo_command("nonsense")
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1)


def test_every_environment_variable_is_documented():
    texts = [path.read_text() for path in Path(ganzoo.__file__).parent.rglob("*.py")]
    assert set(re.findall(r"GANZOO_[A-Z]+", " ".join(texts))) == set(environment.VARIABLES)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("exp", {"export"}), ("sample dcgan_mn", {"dcgan_mnist"}), ("info x --he", {"--help"})],
)
def test_the_shell_completes_commands_names_and_flags(words, expected, tmp_path):
    line, answer = f"ganzoo {words}", tmp_path / "answer"
    shell = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    shell |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "_ARGCOMPLETE_SUPPRESS_SPACE": "1"}
    done = ganzoo_command(env=os.environ | shell)
    assert set(answer.read_text().split("\x0b")) == expected, done.stderr


def test_list_is_quick_and_needs_no_tensorflow():
    code = (
        "import sys; from ganzoo import cli; cli.main(['list']); cli.main(['info', 'x']);"
        "print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert time.monotonic() - start < 1 or os.getloadavg()[0] > 2
    assert done.stdout.endswith("set()\n"), done.stderr


def test_a_broken_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "ganzoo.cli", "list"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=30)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("stream, shown", [(Terminal(), True), (io.StringIO(), False)])
def test_a_terminal_is_told_what_is_waited_for(root, monkeypatch, capsys, stream, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    assert cli.main(["verify", "toy_rings", "--quick"]) == 0
    assert capsys.readouterr().out == "toy_rings: ok\n"
    assert ("Verifying ..." in stream.getvalue()) is shown


def test_what_is_done_is_counted_but_not_the_parts_of_a_part():
    heard = []
    with progress.heard(lambda *said: heard.append(said)):
        for _ in progress.counted(range(2)):
            assert list(progress.counted(iter("abc"))) == ["a", "b", "c"]
        assert list(progress.counted(iter("ab"), 2)) == ["a", "b"]
    assert list(progress.counted([5])) == [5]
    assert heard == [(0, 2), (1, 2), (0, 2), (1, 2)]
