"""Files of results, written row by row, so that an interrupted script loses none."""

import json
from pathlib import Path


def read(path: Path) -> dict:
    """Returns the rows of a file of results; empty if it does not exist."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, row: dict) -> None:
    """Adds or replaces a row in a file of results."""
    path.write_text(json.dumps(read(path) | {name: row}, indent=1) + "\n")
