"""A line on the terminal that says what is waited for, and how much of it is done."""

import contextlib
import sys
from collections.abc import Iterator

from ganzoo.engine import progress


@contextlib.contextmanager
def shown(what: str) -> Iterator[None]:
    """Shows what is waited for on stderr, if that is a terminal; an empty text shows nothing."""
    if not what or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # late: it takes a tenth of a second
    from rich.live import Live
    from rich.spinner import Spinner

    # What is printed appears above the line on the same terminal; else it goes where it should.
    to_terminal = sys.stdout.isatty()
    line = Spinner("dots", f"{what} ...")

    def said(done: int, total: int | None) -> None:
        line.update(text=f"{what} ... {done:,} of {total:,}" if total else f"{what} ... {done:,}")

    live = Live(line, console=Console(stderr=True), transient=True, redirect_stdout=to_terminal)
    with live, progress.heard(said):
        yield
