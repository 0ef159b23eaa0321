"""Every part with every variant: it trains, or refuses with a sentence. A few here, all if slow."""

import json
from pathlib import Path

import pytest
from cases import loaded

import ganzoo

ROOT = Path(__file__).parent.parent
composition = loaded(ROOT / "benchmarks/quality/composition.py")

VARIANTS = ganzoo.list_variants()
PAIRS = [(variant, part) for part in composition.PARTS for variant in VARIANTS]
SMALL = ("gan", "acgan", "lsgan", "wgan", "vae", "imle", "dragan", "aae", "pacgan", "rgan")
NORMS = " norm"  # of which test_tricks.py has each
FEW = [
    (SMALL[i % len(SMALL)], part)
    for i, part in enumerate(composition.PARTS)
    if not part.endswith(NORMS)
]


def check(variant, part):
    refusal = composition.play(variant, part)
    assert refusal is None or ("\n" not in refusal and len(refusal) < 300), refusal
    return refusal


@pytest.mark.parametrize(("variant", "part"), FEW)
def test_a_part_trains_or_is_refused(variant, part, monkeypatch):
    monkeypatch.setattr(composition, "IMAGES", (8, 8, 1))
    check(variant, part)


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "part"), PAIRS)
def test_every_part_trains_or_is_refused_by_every_variant(variant, part):
    check(variant, part)


def test_the_table_is_of_all_of_them():
    results = json.loads(composition.RESULTS.read_text())
    assert set(results) == set(composition.PARTS)
    assert all(set(row) == set(VARIANTS) for row in results.values())
    assert composition.PAGE.read_text() == composition.render(results)
