"""Draws the pictures of docs/using.md: runs the commands that the page names.

    python benchmarks/quality/using.py [--only=progan_faces]

Commands with an entry that has to be imported, and was not, are left out.
"""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

from ganzoo import zoo

IMPORTED = {"progan_faces"}
ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", help="only commands with this word")
    args = parser.parse_args()
    missing = IMPORTED - {*zoo.list_imported()}
    page = (ROOT / "docs" / "using.md").read_text()
    for block in re.findall(r"```bash\n(.*?)```", page, re.S):
        for line in block.splitlines():
            if args.only not in line or missing & {*line.split()}:
                print(f"left out: {line}", flush=True)
                continue
            print(line, flush=True)
            words = [sys.executable, "-m", "ganzoo", *shlex.split(line)[1:]]
            subprocess.run(words, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
