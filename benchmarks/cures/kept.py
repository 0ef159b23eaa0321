"""Files of results with a row on each line, which several processes may write."""

import fcntl
import json
from pathlib import Path

from ganzoo.engine import files

LOCK = Path(__file__).parent / ".lock"


def read(path: Path) -> dict:
    """Returns the rows of a file of results by their names; empty if it does not exist."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, row: dict) -> None:
    """Adds or replaces a row of a file of results."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read(path) | {name: row}
        lines = [f"{json.dumps(key)}: {json.dumps(rows[key])}" for key in sorted(rows)]
        files.write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def columns(rows: list[dict]) -> dict:
    """Returns rows with the same keys as one dict of lists."""
    return {name: [row[name] for row in rows] for name in rows[0]}
