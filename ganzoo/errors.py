"""What a person did wrong, said in one line: what was expected, what came, what to try."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A wrong flag, name, file or archive. Commands print it as one line and exit with status 2."""


class WorkerLost(RuntimeError):
    """Another worker of the same training ended, or cannot be reached."""


def is_whole(value: object, low: int, high: float = float("inf")) -> bool:
    """Returns whether a value is an int, no bool, from `low` to `high`."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Complains, by its name, of a value that is no whole number from `low`, to `high` if given.

    Raises:
        InputError: If it is none.
    """
    if not is_whole(value, low, float("inf") if high is None else high):
        to = "" if high is None else f" to {high}"
        raise InputError(f"{name} must be a whole number from {low}{to}, got {value!r}.")


def unknown(kind: str, name: object, choices: Iterable[str]) -> InputError:
    """Returns the error for a `name` that is none of `choices`, with the nearest valid choice.

    Args:
        kind: What was named, e.g. `"variant"`; it is printed.
        name: What came.
        choices: The valid names.
    """
    choices = list(choices)
    near = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    more = f" and {len(choices) - 30} more" if len(choices) > 30 else ""
    return InputError(f"unknown {kind} {name!r}.{hint} Valid: {', '.join(choices[:30])}{more}.")
