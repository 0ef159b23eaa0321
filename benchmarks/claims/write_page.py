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


def render() -> str:
    """Returns the page, with the sections whose results are available."""
    results = {path.stem: json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")}
    texts = [HEAD.rstrip()]
    for section in SECTIONS:
        first, *others = inspect.signature(section).parameters
        if first in results:
            texts.append(section(*(results.get(name, {}) for name in (first, *others))))
    return "\n\n".join(texts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
