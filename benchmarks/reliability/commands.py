"""The commands that `faults.py` tests, run in separate processes, and the checks after them.

The processes are forked from the importing process, which has loaded TensorFlow but not used it, so
that a case takes only seconds.
"""

import ctypes
import functools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from ganzoo.engine.quiet import import_tensorflow  # noqa: E402

import_tensorflow()
from ganzoo import cli, testing  # noqa: E402
from ganzoo.cli import train  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.training import program  # noqa: E402, F401  loaded before anything is forked

TINY = {
    "model": "gan", "image_size": 8, "width": 4, "latent_dim": 8, "batch_size": 16, "steps": 40,
    "steps_per_epoch": 8, "precision": "float32", "features": "pixels", "ema": 0.9, "replay": 32,
}  # fmt: skip
EXPECTED = {  # how a command may end: well, by a wrong input, by a signal
    0, 2, 130, -signal.SIGKILL, -signal.SIGTERM,
}  # fmt: skip


class Lost(Exception):
    """A check failed."""


class Unable(Exception):
    """The fault cannot be injected on this machine."""


class Command:
    """A command of GanZoo in a separate process, forked from this one.

    Args:
        argv: "train.py" or "ganzoo", and its arguments.
        before: Called in the new process before the command.
    """

    def __init__(self, *argv, before=None, env=None):
        self.argv = [str(word) for word in argv]
        self.out = tempfile.TemporaryFile("w+b")
        self.status, self.pid = None, os.fork()
        if self.pid == 0:
            os.setsid()
            os.environ.update(env or {})
            for stream in (1, 2):
                os.dup2(self.out.fileno(), stream)
            os._exit(self._run(before))

    def _run(self, before) -> int:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if before:
                before()
            if self.argv[0] == "train.py":
                return train.main(self.argv[1:], "train.py")
            return cli.main(self.argv[1:])
        except SystemExit as error:
            return int(error.code or 0)
        except BaseException:
            import traceback

            traceback.print_exc()
            return 70
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    def running(self) -> bool:
        """Returns whether it is still running."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def kill(self, number: int) -> None:
        """Sends a signal if it is still running."""
        if self.running():
            os.kill(self.pid, number)

    def killed_after(self, seconds: float, number: int = signal.SIGKILL) -> None:
        """Sends the signal after this time, and waits for the end."""
        time.sleep(seconds)
        self.kill(number)
        self.end()

    def end(self, seconds: float = 300.0) -> int:
        """Waits for the end and returns the status; raises `Lost` if it is not expected."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise Lost(f"{self.argv[:2]} hangs: {self.said()[-300:]}")
            time.sleep(0.01)
        if self.status not in EXPECTED or "Traceback" in self.said():
            raise Lost(f"{self.argv[:2]} ended with {self.status}: {self.said()[-600:]}")
        return self.status

    def said(self) -> str:
        """Returns its output."""
        self.out.seek(0)
        return self.out.read().decode(errors="replace")

    def done(self) -> str:
        """Waits for a successful end and returns the output."""
        if self.end() != 0:
            raise Lost(f"{self.argv[:2]} ended with {self.status}: {self.said()[-600:]}")
        return self.said()

    def refused(self) -> str:
        """Waits for the end of a command, which may fail with a one-line error."""
        if self.end() == 2:
            lines = [x for x in self.said().splitlines() if x.startswith(("train.py:", "ganzoo:"))]
            if len(lines) != 1:
                raise Lost(f"expected one line that refuses, got {self.said()[-600:]}")
        return self.said()


class Bench:
    """A folder with data, an undisturbed run, and an entry published from it."""

    def __init__(self, folder: Path):
        self.folder = folder
        images = np.random.default_rng(0).integers(0, 256, (70, 8, 8, 1), "uint8")
        np.savez(folder / "images.npz", images=images)
        self.whole = folder / "whole"
        began = time.monotonic()
        self.train(self.whole).done()
        self.seconds = time.monotonic() - began
        self.expected = testing.saved_weights(self.whole)

    @functools.cached_property
    def public(self) -> Path:
        """A run of data that others have."""
        run_dir = self.folder / "public"
        self.train(run_dir, dataset="fashion_mnist_10k", steps=8).done()
        return run_dir

    def train(self, run_dir: Path, before=None, **flags) -> Command:
        """Starts the training in a run directory."""
        flags = TINY | {"dataset": f"npz:{self.folder / 'images.npz'}"} | flags
        words = [f"--{key}={value}" for key, value in flags.items() if value is not None]
        return Command("train.py", f"--run_dir={run_dir}", *words, before=before)

    def check_end(self, run_dir: Path) -> None:
        """Trains to the end, and compares the final weights."""
        self.train(run_dir).done()
        found = testing.saved_weights(run_dir)
        if found.keys() != self.expected.keys():
            raise Lost("the run ends with other weights than one that nothing happened to")
        for name, value in self.expected.items():
            if not np.array_equal(value, found[name], equal_nan=True):
                raise Lost(f"{name} has other bits than in a run that nothing happened to")
        check_files(run_dir)
        check_nothing_left(run_dir.rglob(".*"))


def check_files(folder: Path) -> None:
    """Raises `Lost` if a file that is not hidden is incomplete."""
    for path in folder.rglob("*"):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".jsonl":
                [json.loads(line) for line in path.read_text().splitlines()]
            elif path.suffix == ".png":
                Image.open(path).load()
            elif path.name.endswith(".weights.h5"):
                record = path.with_name(path.name.replace(".weights.h5", ".json"))
                if record.exists() and json.loads(record.read_text())["sha256"] != files.sha256(
                    path
                ):
                    raise ValueError("its SHA-256 is not the recorded one")
            elif path.name == "saved_model.pb":
                json.loads((path.parent / "assets.extra" / "ganzoo.json").read_text())
                assert list((path.parent / "variables").glob("*.index"))
        except Exception as error:
            raise Lost(f"{path.relative_to(folder)} is not whole: {error}") from error


def check_nothing_left(hidden: Iterable[Path]) -> None:
    """Raises `Lost` if there are hidden files other than the lock of a run."""
    if left := [path.name for path in hidden if path.name != ".lock"]:
        raise Lost(f"left behind: {left[0]}")


def damage(path: Path, rng: random.Random) -> None:
    """Truncates a file, flips one of its bits, or empties it."""
    content = bytearray(path.read_bytes())
    how = rng.random()
    if how < 0.4:
        del content[rng.randrange(len(content)) :]
    elif how < 0.9:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    else:
        content.clear()
    path.write_bytes(content)


def mount(target: Path, size: int, *, again: bool = False, read_only: bool = False) -> None:
    """Mounts a file system of `size` bytes in memory, visible to this process and its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_namespace, recursive, private, remount, readonly = 0x20000, 0x4000, 1 << 18, 32, 1
    if not again:
        if libc.unshare(new_namespace) or libc.mount(
            b"none", b"/", None, recursive | private, None
        ):
            raise PermissionError("file systems cannot be mounted here")
        target.mkdir()
    flags = (remount if again else 0) | (readonly if read_only else 0)
    if libc.mount(b"tmpfs", str(target).encode(), b"tmpfs", flags, f"size={size}".encode()):
        raise OSError(ctypes.get_errno(), "mount")


def with_disk(size: int, folder: Path, work: Callable[[Path], None]) -> None:
    """Calls `work` with a small disk, in a separate process with its own mounts."""
    report, pid = folder / "report", os.fork()
    if pid == 0:
        try:
            mount(folder / "disk", size)
            work(folder / "disk")
        except Exception as error:
            report.write_text(f"{type(error).__name__}: {error}")
        os._exit(0)
    os.waitpid(pid, 0)
    if report.exists():
        said = report.read_text()
        raise (Unable if said.startswith("PermissionError") else Lost)(said)
