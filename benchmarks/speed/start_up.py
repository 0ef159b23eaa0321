"""Start-up of train.py: the time to its first step, and peak memory.

    python benchmarks/speed/start_up.py

Runs `python train.py --steps=40` three times in fresh directories and writes
benchmarks/results/start_up.json. The first step counts as done when the progress bar first moves.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def once() -> dict:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "train.py", "--steps=40", f"--run_dir={directory}/run"]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        seen, first = b"", None
        while chunk := os.read(process.stdout.fileno(), 4096):
            seen += chunk
            if first is None and b"step" in seen:
                first = time.perf_counter() - start
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
