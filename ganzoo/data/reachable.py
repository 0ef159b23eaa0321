"""A quick check whether a host answers, as TFDS hangs for minutes when offline."""

import socket
import threading
import urllib.parse
import urllib.request


def reachable(url: str, timeout: float = 4.0) -> bool:
    """Returns whether the host of `url`, or the proxy for it, accepts a connection.

    Args:
        url: Absolute URL, http or https.
        timeout: Timeout in seconds, including the name lookup.
    """
    parts = urllib.parse.urlsplit(url)
    if proxy := urllib.request.getproxies().get(parts.scheme):
        parts = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    answered = threading.Event()

    def connect():
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            socket.create_connection((parts.hostname, port), timeout).close()
        except (OSError, ValueError, UnicodeError):
            return
        answered.set()

    # In a thread, as name lookups have no timeout; a daemon, so that it does not delay the exit.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(timeout)
    return answered.is_set()
