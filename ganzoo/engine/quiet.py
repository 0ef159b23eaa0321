"""Importing TensorFlow without its messages about its own build."""

import os


def import_tensorflow() -> None:
    """Imports TensorFlow with stderr closed: no log level silences its messages at import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
