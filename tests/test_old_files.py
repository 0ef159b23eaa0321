"""Files written before the rooms were built load unchanged: registered names are frozen strings.

`reference/before_rooms` was written by the last commit with all modules in one folder: the config
of every variant and of every part, a trained and compiled GAN with samples, a run that was stopped.
"""

import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo.cli.train import main
from ganzoo.training import run
from ganzoo.training.recipe import Recipe, differences

OLD = Path(__file__).parent / "reference" / "before_rooms"
with zipfile.ZipFile(OLD / "configs.zip") as archive:
    VARIANTS, PARTS = (json.loads(archive.read(f"{name}.json")) for name in ("variants", "parts"))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_made_from_its_old_config(name):
    cls = ganzoo.gans.get(name)
    gan = keras.saving.deserialize_keras_object(VARIANTS[name])
    assert type(gan) is cls
    assert gan.compiled and gan.loss.__class__ is not dict


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_made_from_its_old_config(name):
    part = keras.saving.deserialize_keras_object(PARTS[name])
    again = keras.saving.serialize_keras_object(part)
    for key in ("class_name", "registered_name"):
        assert again[key] == PARTS[name][key]
    drop = ("name", "dtype")
    assert {k: v for k, v in again["config"].items() if k not in drop} == {
        k: v for k, v in PARTS[name]["config"].items() if k not in drop
    }


def test_a_saved_gan_samples_and_trains_as_before(eagerly):
    assert ganzoo.gans.WGANGP  # which registers the class
    gan = keras.saving.load_model(OLD / "wgan_gp.keras")
    samples = np.load(OLD / "wgan_gp_samples.npy").astype(int)
    assert np.abs(gan.sample(4, seed=1).astype(int) - samples).max() <= 1
    assert int(gan.step.numpy()) == 2 and len(gan.penalties) == 2
    images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), "uint8")
    gan.fit(images, batch_size=4, epochs=1, steps_per_epoch=1, verbose=0)
    assert int(gan.step.numpy()) == 3


def test_a_run_continues(tmp_path):
    shutil.copytree(OLD / "run", tmp_path / "run")
    recipe = Recipe.load(tmp_path / "run" / "recipe.toml")
    assert differences(recipe, recipe.resolved()) == []
    assert main([f"--run_dir={tmp_path}/run", "--steps=4"], "train.py") == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["steps"] == 4
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert rows[0] == (OLD / "run" / "metrics.jsonl").read_text().strip()  # not trained again
    run.best(tmp_path / "run").export(tmp_path / "exported")


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "models").rglob("*.toml")))
def test_every_recipe_is_read(path):
    recipe = Recipe.load(path)
    assert recipe.resolved().model == recipe.model
