"""The `ganzoo` command: one module per command, in `COMMANDS`. It may import every other room.

A command's module is light: its parser, its checks. What it runs is imported when it runs, so that
`ganzoo list` does not wait for TensorFlow. A wrong value, flag, name or file gets one line on
stderr and exit status 2. To add a command, write a module with `add(command)` and list it here.
"""

import os
import sys
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
    project,
    publish,
    sample,
    train,
    train_all,
    translate,
    verify,
    video,
)
from ganzoo.cli.parser import Parser, parse
from ganzoo.errors import InputError

COMMANDS = (
    list, info, sample, mix, edit, video, project, translate, demo, evaluate, train, export, verify,
    import_weights, publish, data, train_all, launch,
)  # fmt: skip


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """Returns the parser of the whole command line, and that of each command by name."""
    top = Parser(prog="ganzoo", description="The zoo of pretrained GANs: use, measure, train them.")
    top.add_argument("--version", action="version", version=f"ganzoo {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable, summary: str, example: str, more: str = "") -> Parser:
        text = f"{summary[0].upper()}{summary[1:]}.{more}\n\nExample: {example}"
        parser = commands.add_parser(name, help=summary, description=text)
        parser.set_defaults(run_command=run)
        return parser

    for module in COMMANDS:
        module.add(command)
    return top, commands.choices


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 1 (verify), 2 (wrong input) or 130."""
    try:
        args = parse(*parsers(), sys.argv[1:] if argv is None else argv)
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
