"""Results of claims, kept row by row, so that a script that is stopped loses none."""

import json
from pathlib import Path


def read(path: Path) -> dict:
    """Returns the rows of a file of results; none if it is not there."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, row: dict) -> None:
    """Adds a row to a file of results, or replaces it; the others stay."""
    path.write_text(json.dumps(read(path) | {name: row}, indent=1) + "\n")
