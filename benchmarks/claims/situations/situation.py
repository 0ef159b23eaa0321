"""Situations: what a person brings, and what is to become of it."""

import contextlib
import dataclasses
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganzoo.errors import InputError


@dataclasses.dataclass(frozen=True)
class Situation:
    """What a person brings, and what is to become of it.

    Attributes:
        kind: The kind of trouble.
        door: Where it goes in.
        what: What it is.
        run: Function of an empty folder that returns whether the result is right.
        refused: Part of the line that refuses it; None if it is to work.
    """

    kind: str
    door: str
    what: str
    run: Callable[[Path], bool]
    refused: str | None = None

    @property
    def name(self) -> str:
        """A name for a test."""
        return f"{self.kind}, {self.door}: {self.what}"

    def outcome(self) -> tuple[str, str]:
        """Returns "works", "refused" or "neither", and what was said."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            try:
                right = self.run(Path(folder))
            except InputError as error:
                said = str(error).replace(folder, "PATH")
                fits = self.refused is not None and self.refused in said and "\n" not in said
                return ("refused" if fits else "neither"), said
            except Exception as error:
                return "neither", f"{type(error).__name__}: {error}".replace(folder, "PATH")
        return ("works" if right and self.refused is None else "neither"), ""


SITUATIONS: list[Situation] = []


def situation(kind: str, door: str, what: str, refused: str | None = None):
    """Adds a function of an empty folder as a situation."""

    def add(run):
        SITUATIONS.append(Situation(kind, door, what, run, refused))
        return run

    return add


def same(found, expected) -> bool:
    """Returns whether two arrays have the same shape and values."""
    return np.shape(found) == np.shape(expected) and bool(np.allclose(found, expected, atol=1e-5))
