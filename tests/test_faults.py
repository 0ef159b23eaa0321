"""Faults at random moments, by benchmarks/reliability/faults.py: the quick kinds; all if slow.

They are made in a process of its own: it forks, which a process that has computed must not.
"""

import json
import os
import sys
from pathlib import Path

import processes
import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "reliability" / "faults.py"
QUICK = "killed_export,damaged_saved_model"


def lost(out: Path, *flags) -> dict:
    """Returns what was lost, by kind, and how many cases there were in all."""
    done = processes.run(
        [sys.executable, str(SCRIPT), f"--out={out}", *flags],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True, text=True,
    )  # fmt: skip
    assert out.exists(), done.stderr
    rows = json.loads(out.read_text())
    return {kind: row["lost"] for kind, row in rows.items()} | {
        "cases": sum(row["cases"] for row in rows.values())
    }


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_in_a_few_cases(tmp_path, seed):
    found = lost(tmp_path / "f.json", f"--kinds={QUICK}", "--cases=1", f"--seed={seed}")
    cases = found.pop("cases")
    assert not any(found.values()), found
    assert cases == 2


@pytest.mark.slow
def test_nothing_is_lost_in_hundreds(tmp_path):
    found = lost(tmp_path / "f.json", "--seed=2")
    cases = found.pop("cases")
    assert not any(found.values()), found
    assert cases >= 200
