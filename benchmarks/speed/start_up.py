"""Start-up of train.py: the time to its first step, and peak memory.

    python benchmarks/speed/start_up.py

Runs `python train.py --steps=40` three times in fresh directories and writes
benchmarks/results/start_up.json. The first step counts as done when the progress bar, which is only
drawn in a terminal, first moves.
"""

import contextlib
import json
import os
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOVED = re.compile(rb"[1-9]\d*/40\b")


def once() -> dict:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "train.py", "--steps=40", f"--run_dir={directory}/run"]
        ours, theirs = pty.openpty()
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=theirs)
        os.close(theirs)
        seen, first = b"", None
        with contextlib.suppress(OSError):  # how a terminal ends
            while chunk := os.read(ours, 4096):
                seen += chunk
                if first is None and MOVED.search(seen):
                    first = time.perf_counter() - start
        os.close(ours)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, f"train.py ended with status {status}"
    return {
        "first_step_seconds": round(first, 2),
        "whole_seconds": round(time.perf_counter() - start, 2),
        "peak_memory_mb": round(usage.ru_maxrss / 1024),
    }


def main():
    runs = [once() for _ in range(3)]
    results = {key: statistics.median(r[key] for r in runs) for key in runs[0]} | {"runs": runs}
    out = ROOT / "benchmarks" / "results" / "start_up.json"
    out.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))
    print(f"written: {out}")


if __name__ == "__main__":
    main()
