"""How much is done of what takes long: the code counts, and whoever wants to know listens."""

import contextlib
import contextvars
from collections.abc import Callable, Iterable, Iterator, Sized

_listener: contextvars.ContextVar = contextvars.ContextVar("listener", default=None)


@contextlib.contextmanager
def heard(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Has a function called with the number of things done, and that of all, while it is open."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def counted(items: Iterable, total: int | None = None) -> Iterator:
    """Yields the items and counts those that are done.

    What is counted inside of it, for one of the items, is not heard.

    Args:
        items: What there is to do.
        total: Their number; by default their length.
    """
    listener = _listener.get()
    if listener is None:
        yield from items
        return
    total = len(items) if total is None and isinstance(items, Sized) else total
    _listener.set(None)
    try:
        for done, item in enumerate(items):
            listener(done, total)
            yield item
    finally:
        _listener.set(listener)
