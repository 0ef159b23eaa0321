"""Draws the pictures of docs/using.md: runs the commands that the page names.

python benchmarks/quality/using.py
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    page = (ROOT / "docs" / "using.md").read_text()
    for block in re.findall(r"```bash\n(.*?)```", page, re.S):
        for line in block.splitlines():
            print(line, flush=True)
            words = [sys.executable, "-m", "ganzoo", *shlex.split(line)[1:]]
            subprocess.run(words, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
