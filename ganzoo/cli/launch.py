"""`ganzoo launch`: starts several workers on this machine, as if on several machines."""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from ganzoo.cli.parser import whole
from ganzoo.errors import InputError

GRACE = 40.0  # seconds that workers have to end by themselves after one of them failed


def add(command) -> None:
    """Adds the command."""
    parser = command(
        "launch", launch, "start a program as several workers on this machine",
        "ganzoo launch --workers=2 -- train.py --strategy=multiworker --model=wgan_gp",
        "\nTF_CONFIG tells each worker about the others. If one fails, all are stopped, and its "
        "exit status\nis returned.",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=whole(1, 64), default=2, metavar="N", help="their number (default: 2)"
    )
    parser.add_argument(
        "--restarts", type=whole(0, 1000), default=0, metavar="N",
        help="how often all workers are restarted after one failed (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="-- PROGRAM", help="the program and its flags"
    )


def launch(args: argparse.Namespace) -> int:
    """Starts the workers, waits for them, and restarts them up to `--restarts` times."""
    program = args.program[1:] if args.program[:1] == ["--"] else args.program
    if not program:
        raise InputError("launch: expected a program after --, as in: -- train.py --model=dcgan")
    if program[0].endswith(".py"):
        program = [sys.executable, *program]
    for start in range(args.restarts + 1):
        workers = Workers(program, args.workers)
        with workers.stopped_by_signals():
            status = workers.wait()
        if status == 0 or workers.asked:
            break
        if start < args.restarts:
            print(f"ganzoo launch: restart {start + 1} of {args.restarts}.", file=sys.stderr)
    return status


class Workers:
    """Processes of one program, each with its own TF_CONFIG.

    The output of the first worker is passed through; lines of the others start with their number.
    """

    def __init__(self, program: list[str], count: int):
        self.asked = False  # whether a signal asked to stop
        addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
        self.processes, self.threads = [], []
        for index in range(count):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            streams = {} if index == 0 else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            try:
                process = subprocess.Popen(
                    program, env=os.environ | {"TF_CONFIG": json.dumps(config)}, **streams
                )
            except OSError as error:
                self._stop(signal.SIGKILL)
                raise InputError(f"launch: cannot start {program[0]}: {error.strerror}.") from error
            self.processes.append(process)
            if index:
                self.threads.append(threading.Thread(target=_relay, args=(index, process.stdout)))
                self.threads[-1].start()

    def wait(self) -> int:
        """Waits for all workers; if one fails, stops the others and returns its status."""
        failed, failed_at = None, 0.0
        while any(process.poll() is None for process in self.processes):
            if failed is None:
                failed, failed_at = self._failed(), time.monotonic()
            elif time.monotonic() - failed_at > GRACE:
                self._stop(signal.SIGKILL)
            time.sleep(0.1)
        for thread in self.threads:
            thread.join()
        failed = self._failed() if failed is None else failed
        if failed is None:
            return 0
        status = self.processes[failed].returncode
        if not self.asked:
            print(f"ganzoo launch: worker {failed} ended with status {status}.", file=sys.stderr)
        return status if status > 0 else 128 - status

    @contextlib.contextmanager
    def stopped_by_signals(self):
        """Within this context, forwards Ctrl-C and SIGTERM to the workers; the second one kills."""

        def pass_on(number, frame):
            self._stop(signal.SIGKILL if self.asked else number)
            self.asked = True

        before = {n: signal.signal(n, pass_on) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _failed(self) -> int | None:
        codes = [process.poll() for process in self.processes]
        return next((i for i, code in enumerate(codes) if code not in (None, 0)), None)

    def _stop(self, how: int) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(how)


def free_ports(count: int) -> list[int]:
    """Returns free ports of this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


def _relay(index: int, stream) -> None:
    with stream:
        for line in stream:
            text = line.decode(errors="replace").rstrip()
            sys.stdout.write(f"[worker {index}] {text}\n")  # whole: the first worker writes, too
            sys.stdout.flush()
