"""A variant, a data source and a feature space, from one file that is no part of the package."""

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import processes
import pytest

ROOT = Path(__file__).parent.parent
PLUGIN = '''
import keras
import numpy as np

import ganzoo
from ganzoo.data.source import Memory


@keras.saving.register_keras_serializable("plugin")
class Shy(ganzoo.GAN):
    """A GAN whose generator is also told to stay dark."""

    @classmethod
    def learning(cls):
        """The base's.

        Returns:
            shyness: Weight of the mean brightness.
        """
        return super().learning() | {"shyness": 0.25}

    def generator_loss(self, batch):
        dark = keras.ops.mean(batch["fake"])
        return super().generator_loss(batch) | {"dark": self.shyness * dark}


def stripes(request):
    images = np.zeros((40, 8, 8, 1), "uint8")
    images[:, ::2] = np.arange(40, dtype="uint8")[:, None, None, None] * 6
    return Memory("stripes", request.split, images, None, None, request.image_size)


def rows(resize, precision, data_dir):
    return lambda images: images.reshape(len(images), -1)[:, :4].astype("float32")


ganzoo.gans.register("shy", Shy)
ganzoo.data.register(ganzoo.data.SourceKind("stripes", "gray stripes, 8 x 8", stripes))
ganzoo.metrics.register(
    ganzoo.metrics.Space("corner", "four pixels of the corner", "fid_corner", extractor=rows)
)
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "mine.py"
    path.write_text(PLUGIN)
    return path


def train(*flags):
    command = [sys.executable, str(ROOT / "train.py"), *map(str, flags)]
    return processes.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_they_are_in_the_help(plugin):
    done = train(f"--plugin={plugin}", "--help")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "shy: A GAN whose generator is also told to stay dark." in words
    assert "--shyness Weight of the mean brightness. (default: 0.25)" in words
    assert "stripes gray stripes, 8 x 8" in words
    assert "corner four pixels of the corner" in words


def test_they_are_in_a_recipe_and_a_run(plugin, tmp_path):
    run = tmp_path / "run"
    flags = [
        f"--plugin={plugin}", "--model=shy", "--dataset=stripes", "--features=corner",
        "--shyness=0.5", "--steps=4", "--batch_size=8", "--width=8", f"--run_dir={run}",
    ]  # fmt: skip
    done = train(*flags)
    assert done.returncode == 0, done.stderr
    recipe = (run / "recipe.toml").read_text()
    for line in ('model = "shy"', 'dataset = "stripes"', 'features = "corner"', "shyness = 0.5"):
        assert line in recipe
    summary = json.loads((run / "summary.json").read_text())
    assert summary["monitor"] == "fid_corner" and summary["metrics"]["fid_corner"]["value"] >= 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {"g_dark", "fid_corner"} <= rows[-1].keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot read"), ("1 / 0", "ZeroDivisionError"), ("import ganzoo; ganzoo.gans.register"
     "('dcgan', None)", "already a variant 'dcgan'")],
)  # fmt: skip
def test_a_plugin_that_fails_is_one_line(text, said, tmp_path):
    from ganzoo.cli.train import main

    path = tmp_path / "bad.py"
    if text is not None:
        path.write_text(text)
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        assert main([f"--plugin={path}"], "train.py") == 2
    assert said in err.getvalue() and err.getvalue().count("\n") == 1
    assert re.match(r"train\.py: --plugin: ", err.getvalue())
