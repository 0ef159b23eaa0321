"""TensorFlow without the lines that it writes about its own build."""

import os


def import_tensorflow() -> None:
    """Imports TensorFlow with stderr shut: no log level silences what it says while it loads."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
