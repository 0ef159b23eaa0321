"""`ganzoo demo`: a page in the browser where generators are tried."""

import argparse
from collections.abc import Callable

from ganzoo.cli.parser import whole
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    show = command(
        "demo", _demo, "try generators on a page in the browser", "ganzoo demo dcgan_mnist",
        "\nIt runs on this machine until Ctrl-C, and needs keras-ganzoo[demo].",
    )  # fmt: skip
    show.add_argument(
        "name", metavar="NAME_OR_PATH", nargs="?",
        help="what is shown first: a name from `ganzoo list`, a SavedModel or a run",
    )  # fmt: skip
    show.add_argument("--port", type=whole(1, 65535), default=7860, help="(default: 7860)")
    show.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 for other machines, too (default: 127.0.0.1)",
    )  # fmt: skip
    show.add_argument("--quiet", action="store_true", help="open no browser")


def _demo(args: argparse.Namespace) -> int:
    import_tensorflow()
    try:
        from ganzoo.demo import page
    except ImportError as error:
        raise InputError(
            f"the demo needs the package {error.name}: pip install 'keras-ganzoo[demo]'."
        ) from None
    made = page.build(args.name)
    try:
        made.queue().launch(
            server_name=args.host, server_port=args.port, quiet=True, prevent_thread_lock=True,
            inbrowser=not args.quiet, show_error=True,
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            f"--port: cannot listen on {args.host}:{args.port} ({error}): give another one."
        ) from None
    print(f"GanZoo runs on http://{args.host}:{args.port}; Ctrl-C ends it.", flush=True)
    made.block_thread()
    return 0
