"""Plugins: Python files that register variants, data sources or feature spaces."""

import runpy
from collections.abc import Sequence

from ganzoo.errors import InputError


def value_of(argv: Sequence[str], flag: str) -> str | None:
    """Returns the value of a flag that must be known before the others can be defined."""
    values = [word.partition("=")[2] for word in argv if word.startswith(f"--{flag}=")]
    return values[-1] if values else None


def load_plugins(argv: Sequence[str]) -> None:
    """Runs the Python file of --plugin, which registers what it defines.

    Raises:
        InputError: If it cannot be read, or fails.
    """
    if (path := value_of(argv, "plugin")) is None:
        return
    try:
        runpy.run_path(path, run_name="ganzoo_plugin")
    except OSError as error:
        raise InputError(f"--plugin: cannot read {path}: {error.strerror}.") from error
    except Exception as error:  # of whatever kind: it is somebody else's program
        raise InputError(f"--plugin: {path} failed: {type(error).__name__}: {error}") from error
