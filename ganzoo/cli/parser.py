"""Parsers for the commands: a wrong command line gets one line, with the nearest valid name."""

import argparse
from collections.abc import Callable, Sequence

from ganzoo.errors import InputError, unknown

# Help of --which, for commands on what may have several exports.
WHICH = "of several exports: x_to_y or y_to_x of a translator, generator or classifier of sgan"


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InputError`, where argparse prints its usage and exits.

    Attributes:
        more_help: Function whose text is added to the help, computed only when it is printed.
        takes_all: Whether what follows is taken as it is, as `flags`: another program's.
    """

    more_help: Callable[[], str] | None = None
    takes_all = False

    def __init__(self, **options):
        """Takes the options of `argparse.ArgumentParser`."""
        super().__init__(
            allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    def format_help(self) -> str:
        """Returns the help."""
        return super().format_help() + (self.more_help() if self.more_help else "")

    def error(self, message: str):
        """Raises the error."""
        raise InputError(f"{message}. See: {self.prog} --help")


def parse(top: Parser, commands: dict[str, Parser], argv: Sequence[str]) -> argparse.Namespace:
    """Parses a command line; first it looks for unknown names, to suggest the nearest valid ones.

    Args:
        top: The parser of the whole command line.
        commands: The parser of each command, by name.
        argv: The words after the program's name.

    Raises:
        InputError: If the command line is wrong.
    """
    if not argv:
        raise InputError(
            f"expected a command ({', '.join(commands)}), got none. See: ganzoo --help"
        )
    parser, rest = top, argv
    if not argv[0].startswith("-"):
        if argv[0] not in commands:
            raise unknown("command", argv[0], commands)
        parser, rest = commands[argv[0]], argv[1:]
    if parser.takes_all:
        defaults = {name: parser.get_default(name) for name in ("run_command", "wait")}
        return argparse.Namespace(**defaults, flags=rest)
    for word in rest:
        if word == "--":
            break
        flag = word.split("=")[0]
        if flag.startswith("--") and flag not in parser._option_string_actions:
            flags = [name for name in parser._option_string_actions if name.startswith("--")]
            raise unknown("flag", flag, flags)
    return top.parse_args(argv)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Returns the argument type of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            message = f"expected a whole number from {low} to {high}, got {text!r}"
            raise argparse.ArgumentTypeError(message)
        return value

    return parse


def positive(text: str) -> float:
    """The argument type of numbers above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def labels(text: str) -> list[int | str]:
    """The argument type of lists of classes, by number or name, such as `0,1,2` or `boot,bag`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise argparse.ArgumentTypeError(
            f"expected classes such as 0,1,2 or boot,bag, got {text!r}"
        )
    return [int(part) if part.isdecimal() else part for part in parts]


def seeds(text: str) -> list[int]:
    """The argument type of seeds: `7`, a range such as `0-15`, or several, `1,5,8-11`."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        both = [whole(0, 2**31 - 1)(end) for end in ((first, last) if dash else (first, first))]
        if both[0] > both[1] or both[1] - both[0] >= 10_000:
            raise argparse.ArgumentTypeError(
                f"expected seeds such as 7, 0-15 or 1,5,9, got {text!r}"
            )
        found += range(both[0], both[1] + 1)
    return found
