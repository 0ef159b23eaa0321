"""Python programs in processes that have TensorFlow loaded, which spares nine seconds for each.

`run` and `Popen` are those of `subprocess` for a command of this interpreter: a script, `-m` or
`-c`. The process is forked from a server that has imported TensorFlow and computed nothing. It gets
its environment, folder, streams and arguments, and ends as a fresh one would. It is for tests that
need a process, not for those of what is imported when, or of how a process begins.
"""

import atexit
import gc
import inspect
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
from multiprocessing import reduction
from pathlib import Path
from unittest import mock

LOADED = ["tensorflow", "keras", "numpy", "matplotlib.pyplot", "PIL.Image", "h5py"]
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(LOADED)


class Popen(subprocess.Popen):
    """`subprocess.Popen` of a process forked from the server."""

    def _execute_child(self, *args):
        given = inspect.signature(super()._execute_child).bind(*args).arguments
        interpreter, *words = map(os.fspath, given["args"])
        assert interpreter == sys.executable, "processes are of this interpreter"
        fds = [given["c2pwrite"], given["errwrite"]]
        fds = [Fd(place if fd == -1 else fd) for place, fd in enumerate(fds, 1)]
        environment = dict(os.environ if given["env"] is None else given["env"])
        folder = os.fspath(given["cwd"] or os.getcwd())
        rest = fds, given["preexec_fn"], given["start_new_session"]
        self._process = SERVER.Process(
            target=_become, args=(words, folder, environment, *rest), daemon=True
        )
        self._process.start()
        self.pid, self._child_created = self._process.pid, True
        ends = "p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite"
        self._close_pipe_fds(*(given[name] for name in ends))

    def _internal_poll(self, *args, **kwargs):
        if self.returncode is None:
            self.returncode = self._process.exitcode
        return self.returncode

    def _wait(self, timeout):
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._internal_poll() is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout)
            self._process.join(left)
        return self.returncode


def run(command, **options) -> subprocess.CompletedProcess:
    """Runs a program to its end, as `subprocess.run` does."""
    with mock.patch.object(subprocess, "Popen", Popen):
        return subprocess.run(command, **options)


class Fd:
    """A file descriptor; in the new process its copy."""

    def __init__(self, number: int):
        self.number = number

    def __reduce__(self):
        copy = reduction.DupFd(self.number)
        return type(copy).detach, (copy,)


def _become(words, folder, environment, fds, before, session) -> None:
    """Runs the program in this new process, and ends it."""
    for stream, number in enumerate(fds, 1):
        os.dup2(number, stream)
    for number in {*fds} - {1, 2}:
        os.close(number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if session:
        os.setsid()
    if before:
        before()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)
    gc.freeze()  # what is loaded stays
    status = _status(words)
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    if status is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status)


def _status(words: list[str]) -> int | None:
    """Runs the program; returns its exit status, None if it ends by an interrupt."""
    try:
        _run(*words)
        return 0
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        print(error.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        traceback.print_exc()
        return None
    except BaseException:
        traceback.print_exc()
        return 1


def _run(first: str, *rest: str) -> None:
    """Does what an interpreter does with the words after its name."""
    if first == "-P":
        first, *rest = rest
    else:
        here = first not in ("-m", "-c")
        sys.path.insert(0, str(Path(first).resolve().parent) if here else os.getcwd())
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.argv = list(rest)
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")
