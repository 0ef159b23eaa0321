"""The `ganzoo` command: one module per command, in `COMMANDS`. It may import every other room.

A command's module is light: its parser, its checks. What it runs is imported when it runs, so that
`ganzoo list` does not wait for TensorFlow. A wrong value, flag, name or file gets one line on
stderr and exit status 2. To add a command, write a module with `add(command)` and list it here.
"""

import argparse
import builtins
import os
import sys
import textwrap
from collections.abc import Callable, Sequence

from ganzoo import __version__
from ganzoo.cli import (
    data,
    demo,
    edit,
    evaluate,
    export,
    import_weights,
    info,
    launch,
    list,
    mix,
    page,
    project,
    publish,
    push,
    sample,
    train,
    train_all,
    translate,
    verify,
    video,
    waiting,
)
from ganzoo.cli.parser import Parser, parse
from ganzoo.engine.environment import VARIABLES
from ganzoo.errors import InputError

COMMANDS = {
    "look around": (list, info, demo, page),
    "use a generator": (sample, mix, edit, video, project, translate, export),
    "train": (train, train_all, launch, data),
    "measure": (evaluate, verify),
    "share": (import_weights, push, publish),
}


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """Returns the parser of the whole command line, and that of each command by name."""
    top = Parser(
        prog="ganzoo",
        description="The zoo of pretrained GANs: use, measure, train them.",
        usage="ganzoo [-h] [--version] COMMAND ...",
    )
    top.add_argument("--version", action="version", version=f"ganzoo {__version__}")
    commands = top.add_subparsers(
        prog="ganzoo", metavar="COMMAND", required=True, help=argparse.SUPPRESS
    )
    lines: builtins.list[str] = []

    def command(
        name: str, run: Callable, summary: str, example: str, more: str = "", *, wait: str = ""
    ) -> Parser:
        text = f"{summary[0].upper()}{summary[1:]}.{more}\n\nExample: {example}"
        parser = commands.add_parser(name, description=text)
        parser.set_defaults(run_command=run, wait=wait)
        lines.append(f"    {name:<10} {summary}")
        return parser

    for title, modules in COMMANDS.items():
        lines.append(f"\n{title}:")
        for module in modules:
            module.add(command)
    lines.append("\nenvironment:")
    for name, meaning in VARIABLES.items():
        lines += [f"    {name}", *textwrap.wrap(meaning, 72, initial_indent=" " * 8,
                                                subsequent_indent=" " * 8)]  # fmt: skip
    lines.append("\n`ganzoo COMMAND --help` explains a command.\n")
    top.more_help = lambda: "\n".join(lines)
    return top, commands.choices


def complete(top: Parser, commands: dict[str, Parser]) -> None:
    """Answers a shell that asks, by argcomplete, what could follow, and ends."""
    import argcomplete

    for parser in commands.values():
        for action in parser._actions:
            if action.metavar in ("NAME", "NAME_OR_PATH"):
                action.completer = _names
    argcomplete.autocomplete(top)


def _names(**_) -> builtins.list[str]:
    from ganzoo import zoo

    return [*zoo.list_pretrained(), *zoo.list_imported()]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 1 (verify), 2 (wrong input) or 130."""
    try:
        top, commands = parsers()
        if "_ARGCOMPLETE" in os.environ:
            complete(top, commands)
        args = parse(top, commands, sys.argv[1:] if argv is None else argv)
        with waiting.shown(args.wait):
            status = args.run_command(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `ganzoo list | head -1`; keep the last flush quiet, too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except (InputError, OSError) as error:
        print("ganzoo:", " ".join(str(error).split()), file=sys.stderr)
        return 2
