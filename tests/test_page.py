"""The page without a server: what is in its file, and what is refused."""

import base64
import json
import re

import keras
import numpy as np
import pytest
from cases import maker

from ganzoo import cli
from ganzoo.demo import browser


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Models to show, and a script in the place of TensorFlow.js."""
    keras.utils.set_random_seed(0)
    root = tmp_path_factory.mktemp("page")
    for name in ("cgan", "pix2pix", "classifier"):
        maker(name)().sampler.export(root / name / "1")
    runtime = root / browser.RUNTIME
    runtime.parent.mkdir(parents=True)
    runtime.write_text("const end = '</script>'; /*STYLE*/")
    return root


def page(folders, capsys, *names: str) -> str:
    words = [str(folders / name / "1") for name in names]
    out = folders / "page.html"
    assert cli.main(["page", *words, f"--tfjs={folders}", f"--out={out}"]) == 0
    assert f"{out}: {', '.join(words)} (" in capsys.readouterr().out
    return out.read_text("utf-8")


def test_the_file_has_all_that_the_page_needs(folders, capsys):
    text = page(folders, capsys, "cgan", "pix2pix")
    assert text.count("</script>") == 3 and "const end = '<\\/script>'; /*STYLE*/" in text
    assert not re.search(r"(src|href)=|https?://", text)
    models = json.loads(re.search(r'type="application/json">(.+)</script>', text)[1])
    generator, translator = models
    assert generator["kind"] == "generator" and generator["classes"] == ["0", "1", "2"]
    assert generator["inputs"] == {"latents": [8], "labels": []}
    assert translator["kind"] == "translator" and translator["examples"] == []
    assert translator["ink"] == "white" and len(translator["inputs"]["images"]) == 3
    for one in models:
        (group,) = one["model"]["weightsManifest"]
        sizes = [
            int(np.prod(row["shape"])) * (2 if "quantization" in row else 4)
            for row in group["weights"]
        ]
        assert len(base64.b64decode(one["weights"])) == sum(sizes)


def test_an_entry_has_its_license_and_examples(folders, capsys):
    name = "pix2pix_edges_fashion_mnist"
    out = folders / "entry.html"
    assert cli.main(["page", name, f"--tfjs={folders}", f"--out={out}"]) == 0
    text = out.read_text("utf-8")
    (model,) = json.loads(re.search(r'type="application/json">(.+)</script>', text)[1])
    assert model["name"] == name and "Fashion-MNIST, MIT license" in model["about"]
    assert model["ink"] == "white" and len(model["examples"]) in (0, browser.EXAMPLES)
    assert all(x.startswith("data:image/png;base64,") for x in model["examples"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["{}/cgan/1", "--tfjs={}/none"], "npm install @tensorflow/tfjs"),
        (["{}/classifier/1", "--tfjs={}"], "expected a generator or translator of images"),
        (["{}/cgan/1", "--tfjs={}", "--out={}/page.txt"], "a name that ends in .html"),
        (["cgan_mnits", "--tfjs={}"], "Did you mean 'cgan_mnist'"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_line(folders, capsys, words, expected):
    words = [word.format(folders) for word in words]
    words += [] if "--out" in words[-1] else [f"--out={folders}/refused.html"]
    assert cli.main(["page", *words]) == 2
    said = capsys.readouterr().err
    assert expected in said and said.count("\n") == 1
    assert not (folders / "refused.html").exists() and not (folders / "page.txt").exists()
