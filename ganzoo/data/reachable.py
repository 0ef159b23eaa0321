"""A quick look at whether a host answers, since TFDS offline hangs for minutes."""

import socket
import threading
import urllib.parse
import urllib.request


def reachable(url: str, timeout: float = 4.0) -> bool:
    """Tells whether the host of `url`, or the proxy in front of it, takes a connection.

    Args:
        url: Absolute, http or https.
        timeout: Seconds, name lookup included.
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

    # A thread, as the lookup of a name takes no timeout; a daemon, so that it holds nobody up.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(timeout)
    return answered.is_set()
