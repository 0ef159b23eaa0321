"""What to try against a failure: the cures that were measured, and what experience says.

`cures.json` beside this file is written by `benchmarks/cures/write_page.py` from games that fail,
each treated with every trick (docs/cures.md).
"""

import functools
import json
from pathlib import Path

from ganzoo.callbacks import diagnosis
from ganzoo.errors import InputError

MOST = 4  # cures that are named


def tricks(failure: str, gan) -> list[str]:
    """Returns what to try against a failure of `diagnosis.FAILURES`, the most promising first.

    Measured cures come first, with the share of the games that they let recover, without those that
    the game has already or that its variant does not take.
    """
    measured = [_said(cure) for cure in cures().get(failure, ()) if _fits(cure, gan)]
    return [*measured[:MOST], *diagnosis.FAILURES[failure].tricks][:MOST]


def cure(failure: str, gan, tried=()) -> dict | None:
    """Returns the best measured cure that changes only how a game is trained; None if none fits.

    Its `changes` are those of a recipe, its `title` says what it is; it is none of the titles that
    were tried.
    """
    for row in cures().get(failure, ()):
        learned = row["changes"] and all(name in gan.makers for name in row["changes"])
        if learned and row["title"] not in tried and _fits(row, gan):
            return row
    return None


@functools.cache
def cures() -> dict:
    """Returns the measured cures of each failure, the best first."""
    return json.loads((Path(__file__).parent / "cures.json").read_text())


def _said(cure: dict) -> str:
    changes = cure["changes"] or {}
    flags = " ".join(f"--{name}={_flag(value)}" for name, value in changes.items())
    share = f"{cure['recovered']} of {cure['of']} games recovered"
    return f"{cure['title']}{flags and ': '}{flags} ({share})"


def _flag(value) -> str:
    """Returns a value as a flag takes it, quoted for the shell where it must be."""
    return f"'{_toml(value)}'" if isinstance(value, (dict, list)) else str(value)


def _toml(value) -> str:
    """Returns a value as TOML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_toml(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _fits(cure: dict, gan) -> bool:
    """Returns whether a game does not have a cure yet, and its variant takes it."""
    changes = cure["changes"] or {}
    parts = {name: value for name, value in changes.items() if name in gan.makers}
    if "loss" in parts and not gan.compares:
        return False
    try:
        return not parts or any(
            _kinds(gan.made(name, value)) != _kinds(getattr(gan, name, None))
            for name, value in parts.items()
        )
    except InputError:
        return False


def _kinds(part):
    """Returns what two parts must share to be the same trick."""
    if isinstance(part, (list, tuple)):
        return {type(item).__name__ for item in part}
    return type(part).__name__ if hasattr(part, "get_config") else part
