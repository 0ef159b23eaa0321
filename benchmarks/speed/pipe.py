"""A worker process with another interpreter, which is idle between requests.

Messages are a line of JSON, followed by a length and a .npy for each of its `arrays`.
"""

import io
import json
import os
import struct
import subprocess
import sys

import numpy as np  # and no TensorFlow here: workers have their own libraries


def send(pipe, message: dict, *arrays: np.ndarray) -> None:
    pipe.write(json.dumps(message | {"arrays": len(arrays)}).encode() + b"\n")
    for array in arrays:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        pipe.write(struct.pack("<Q", buffer.tell()) + buffer.getvalue())
    pipe.flush()


def receive(pipe) -> tuple[dict, list[np.ndarray]]:
    if not (line := pipe.readline()):
        raise EOFError
    message, arrays = json.loads(line), []
    for _ in range(message.pop("arrays")):
        (length,) = struct.unpack("<Q", pipe.read(8))
        arrays.append(np.load(io.BytesIO(pipe.read(length)), allow_pickle=False))
    return message, arrays


def serve(make) -> None:
    """Reads requests from stdin and writes answers to stdout, in a worker.

    `make()` returns a greeting and the function that answers: (request, arrays) -> (answer,
    arrays). An exception becomes the answer's `error`, and the worker continues.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to stderr
    try:
        greeting, answer = make()
    except ImportError as error:
        return send(answers, {"error": f"{sys.executable} cannot import torch ({error})"})
    send(answers, greeting)
    while True:
        try:
            request, arrays = receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            found, arrays = answer(request, arrays)
            send(answers, found, *arrays)
        except Exception as error:
            send(answers, {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]})


class Worker:
    """The client of the worker, in its parent process.

    Attributes:
        greeting: Its first message.
    """

    def __init__(self, *command: str):
        pipe = subprocess.PIPE
        try:
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        except OSError as error:
            sys.exit(f"--torch_python: cannot run {command[0]!r} ({error.strerror}).")
        self.greeting = self._answer()[0]

    def ask(self, message: dict, *arrays) -> tuple[dict, list[np.ndarray]]:
        """Returns the worker's answer."""
        send(self.process.stdin, message, *arrays)
        return self._answer()

    def close(self) -> None:
        """Ends the worker."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self):
        try:
            message, arrays = receive(self.process.stdout)
        except EOFError:
            sys.exit("the torch worker died: see above what it said.")
        if "cannot import torch" in message.get("error", ""):
            sys.exit(f"{message['error']}: give --torch_python=PYTHON, one which can.")
        if "error" in message:
            raise RuntimeError(message["error"])
        return message, arrays
