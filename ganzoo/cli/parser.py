"""A wrong command line gets one line: what was expected, what came, the nearest valid name."""

import argparse
from collections.abc import Callable, Sequence

from ganzoo.errors import InputError, unknown


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InputError`, where argparse prints its usage and exits."""

    def __init__(self, **options):
        """Takes the options of `argparse.ArgumentParser`."""
        super().__init__(
            allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    def error(self, message: str):
        """Raises the error."""
        raise InputError(f"{message}. See: {self.prog} --help")


def parse(top: Parser, commands: dict[str, Parser], argv: Sequence[str]) -> argparse.Namespace:
    """Parses a command line, after a look for names that argparse would not find the nearest of.

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
    for word in rest:
        if word == "--":
            break
        flag = word.split("=")[0]
        if flag.startswith("--") and flag not in parser._option_string_actions:
            flags = [name for name in parser._option_string_actions if name.startswith("--")]
            raise unknown("flag", flag, flags)
    return top.parse_args(argv)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Returns the type of an argument that is a whole number from `low` to `high`."""

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
    """Is the type of an argument that is a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def labels(text: str) -> list[int]:
    """Is the type of an argument such as `0,1,2`."""
    return [whole(0, 2**31 - 1)(part) for part in text.split(",")]
