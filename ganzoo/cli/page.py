"""`ganzoo page`: a page in one file that runs generators in the browser, without a server."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo.engine.quiet import import_tensorflow

SHOWN = ("biggan_fashion_mnist", "cgan_mnist", "pix2pix_edges_fashion_mnist")


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    write = command(
        "page", _page, "write a page that runs generators in the browser, without a server",
        "ganzoo page dcgan_mnist --out=digits.html",
        "\nThe file can be opened from a disk, or put on any web server. It contains TensorFlow.js:"
        "\n`npm install @tensorflow/tfjs` first.", wait="Writing the page",
    )  # fmt: skip
    write.add_argument(
        "names", metavar="NAME_OR_PATH", nargs="*", default=SHOWN,
        help="generators of images and translators: names from `ganzoo list`, SavedModels or runs "
        f"(default: {', '.join(SHOWN)})",
    )  # fmt: skip
    write.add_argument(
        "--out", type=Path, metavar="PATH", default=Path("ganzoo.html"),
        help="where to write it (default: ganzoo.html)",
    )  # fmt: skip
    write.add_argument(
        "--tfjs", type=Path, metavar="PATH", default=Path(),
        help="the folder in which TensorFlow.js was installed, or its tf.min.js (default: this "
        "folder)",
    )  # fmt: skip


def _page(args: argparse.Namespace) -> int:
    import_tensorflow()
    from ganzoo.demo import browser
    from ganzoo.engine import files

    browser.write(list(args.names), args.out, args.tfjs)
    print(f"{args.out}: {', '.join(args.names)} ({files.size(args.out) / 1e6:.1f} MB)")
    return 0
