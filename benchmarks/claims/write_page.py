"""Writes docs/claims.md from the results of the scripts in this folder.

python benchmarks/claims/write_page.py
"""

import inspect
import json
from pathlib import Path

from sections import SECTIONS

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "claims.md"

HEAD = """\
# Claims of papers, tested

Experiments that test claims which papers make about their GANs. `benchmarks/claims/write_page.py`
writes the tables from the results of the scripts that are named in each section. Toy experiments
are repeated with several seeds; all values are those at the end of training.
"""


def results(name: str) -> dict:
    """Returns the results of a script; empty if there are none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def render() -> str:
    """Returns the page, with the sections whose results are available."""
    texts = [HEAD.rstrip()]
    for section in SECTIONS:
        first, *others = map(results, inspect.signature(section).parameters)
        texts += [section(first, *others)] if first else []
    return "\n\n".join(texts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
