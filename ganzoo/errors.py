"""Errors of the user, in one line: what was expected, what was given, and what to try."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A wrong flag, argument or file. Commands print it as one line and exit with status 2."""


class WorkerLost(RuntimeError):
    """Another worker of the same training has ended or cannot be reached."""


def is_whole(value: object, low: int, high: float = float("inf")) -> bool:
    """Returns whether a value is an int, not a bool, from `low` to `high`."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Checks that an argument is an integer, at least `low` and at most `high`.

    Raises:
        InputError: If it is not.
    """
    if not is_whole(value, low, float("inf") if high is None else high):
        to = "" if high is None else f" to {high}"
        raise InputError(f"{name} must be a whole number from {low}{to}, got {value!r}.")


def unknown(kind: str, name: object, choices: Iterable[str]) -> InputError:
    """Returns the error for an unknown `name`, which suggests the most similar valid one.

    Args:
        kind: What `name` is the name of, e.g. `"variant"`.
        name: The unknown name.
        choices: The valid names.
    """
    choices = list(choices)
    matches = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f" Did you mean {matches[0]!r}?" if matches else ""
    more = f" and {len(choices) - 30} more" if len(choices) > 30 else ""
    return InputError(f"unknown {kind} {name!r}.{hint} Valid: {', '.join(choices[:30])}{more}.")
