"""Every variant's loss terms against its paper: their values, their direction, their weights."""

import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import batches_of, maker
from formulas import TERMS

import ganzoo
from ganzoo import testing
from ganzoo.engine.sides import networks_of
from ganzoo.layers.spectral import Spectral

PAPERS = tomllib.loads(Path(__file__).parent.joinpath("reference", "papers.toml").read_text())


@pytest.mark.parametrize("name", TERMS)
def test_terms_are_the_papers_and_can_be_descended(name):
    keras.utils.set_random_seed(0)
    larger = {"clip": 0} if name == "wgan" else {}  # scores that are not next to nothing
    gan = testing.untraced(maker(name, **larger)())
    if name == "began":
        gan.k.assign(0.3)
    settle(gan)
    checked = set()
    for step in range(2 if name == "seqgan" else 1):  # which begins with the likelihood alone
        gan.step.assign(step)
        checked |= testing.check_terms(gan, batches_of(name), TERMS[name])
    assert checked == {term for term, formula in TERMS[name].items() if formula}


def settle(gan):
    """Gives spectral normalization its singular vectors, which it finds over many calls."""
    for network in networks_of(gan.generator) + networks_of(gan.discriminator):
        for layer in network._flatten_layers():
            if isinstance(layer, Spectral):
                layer.u.assign(np.linalg.svd(layer._matrix())[2][0])


# --- the arguments of `learning`


def plain(value):
    """Returns a value of `learning` as a dict of all its numbers, or as it is."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (int, float, str)):
        return value
    config = value.get_config() if hasattr(value, "get_config") else vars(value)
    config = {key: item for key, item in config.items() if key not in ("name", "dtype")}
    return {"class_name": type(value).__name__} | config


def part(key, entry):
    """Returns what an entry of the table stands for, as `plain` does."""
    if isinstance(entry, list):
        return [part(key, item) for item in entry]
    if entry == "none":
        return None
    name = entry.get("class_name") if isinstance(entry, dict) else entry
    config = {k: v for k, v in entry.items() if k != "class_name"} if name != entry else {}
    if key.endswith("optimizer"):
        made = keras.optimizers.get({"class_name": name, "config": config})
    elif key in ganzoo.GAN.makers and isinstance(name, str):
        made = ganzoo.GAN.makers[key]({"class_name": name, "config": config})
        made = made[0] if isinstance(made, list) else made
    elif isinstance(name, str):
        made = ganzoo.ema.EMA(**config)
    else:
        return entry
    return plain(made)


def table(name):
    """Returns the arguments of the table for a variant: the paper's, and ours in their place."""
    rows = PAPERS[name]
    rows |= {key: row["ours"] for key, row in rows.get("departures", {}).items()}
    about = ("paper", "where", "departures")
    return {key: part(key, entry) for key, entry in rows.items() if key not in about}


@pytest.mark.parametrize("name", TERMS)
def test_the_arguments_are_the_papers_or_a_departure_is_stated(name):
    ours = {key: plain(value) for key, value in ganzoo.gans.get(name).learning().items()}
    others = ("augment", "replay", "balance", "clip", "unroll", "freeze_d")
    found = table("gan") | dict.fromkeys(others) | table(name)
    assert ours == found


def test_every_departure_has_its_reason():
    assert sorted(PAPERS) == ganzoo.gans.list_variants()
    for name, rows in PAPERS.items():
        assert "arXiv" in rows["paper"] and rows["where"]
        for departure in rows.get("departures", {}).values():
            assert set(departure) == {"ours", "paper", "why"}, name
