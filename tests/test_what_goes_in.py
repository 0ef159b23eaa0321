"""Every situation of docs/what_goes_in.md: it works with the right value, or a line refuses it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks" / "claims"))
import what_goes_in  # noqa: E402


@pytest.mark.parametrize("one", what_goes_in.SITUATIONS, ids=lambda one: one.name)
def test_it_works_or_is_refused(one):
    outcome, said = one.outcome()
    assert outcome == ("works" if one.refused is None else "refused"), said


def test_the_page_is_of_these_situations():
    text = (ROOT / "docs" / "what_goes_in.md").read_text()
    assert f"each of these {len(what_goes_in.SITUATIONS)} situations" in text
    assert "0 are neither" in text and len(what_goes_in.SITUATIONS) >= 120
    for one in what_goes_in.SITUATIONS:
        assert f"| {one.door} | {one.what} |" in text
