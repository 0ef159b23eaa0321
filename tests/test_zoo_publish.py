"""Publishing a run: all of it appears, or nothing changes."""

import json
import os
import shutil

import keras
import pytest

from ganzoo import InputError, cli, zoo
from ganzoo.engine.files import sha256
from ganzoo.evaluation import tables
from ganzoo.evaluation.published import is_biased
from ganzoo.inference.saved_model import about
from ganzoo.metrics import perceptual
from ganzoo.publishing import entry as publishing
from ganzoo.publishing import gallery, measuring
from ganzoo.publishing.card import render
from ganzoo.publishing.entry import publish
from ganzoo.training.recipe import Recipe
from ganzoo.zoo import fingerprint, places

SUMMARY = {
    "steps": 2000,
    "seconds": 600.0,
    "images_per_second": 123.456,
    "best_step": 1800,
    "hardware": "2 CPU cores",
    "versions": {"tensorflow": "2.21.0", "keras": "3.15.1"},
    "metrics": {"fid": {"value": 21.54321, "n_real": 10_000, "seed": 0}, "recall": 0.5},
}
ENTRY = "wgan_gp_fashion_mnist"


SEEN = {"sample": {"images": {"shape": [8], "mean": 3.0, "std": 1.0, "cosines": [0.0]}}}


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = tmp_path / "checkout"
    (root / "saved_models").mkdir(parents=True)
    empty = {"format": 1, "base_url": "https://example.org", "entries": {}}
    (root / "saved_models" / "registry.json").write_text(json.dumps(empty))
    monkeypatch.setattr(places, "PACKAGE", root / "ganzoo")
    monkeypatch.setattr(fingerprint, "alone", lambda folders: [SEEN for _ in folders])
    monkeypatch.setattr(publishing, "write_weights", copied)
    return root


@pytest.fixture
def run(tmp_path):
    run = tmp_path / "run"
    (run / "saved_model" / "variables").mkdir(parents=True)
    (run / "metrics.jsonl").write_text("{}\n")
    (run / "samples.png").write_bytes(b"picture")
    (run / "row.png").write_bytes(b"row")
    (run / "saved_model" / "saved_model.pb").write_bytes(b"first graph")
    (run / "saved_model" / "variables" / "variables.index").write_bytes(b"index")
    carried_out(run)
    return run


def copied(exported, folder):
    """Stands in for `write_weights`, since these runs have no networks."""
    shutil.copytree(exported, folder, dirs_exist_ok=True)
    return "float16"


def carried_out(run, model="wgan_gp", dataset="fashion_mnist", **summary):
    """Writes a recipe, and the summary of its run."""
    Recipe(model=model, dataset=dataset, steps=2000).resolved().save(run / "recipe.toml")
    digest = {"recipe": sha256(run / "recipe.toml")}
    (run / "summary.json").write_text(json.dumps({**SUMMARY, **digest, **summary}))


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_publishes_an_entry_that_verifies(root, run):
    folder = publish(run, ENTRY)
    assert folder == root / "saved_models" / ENTRY / "1"
    assert zoo.fetch(ENTRY) == folder and zoo.verify() == [(ENTRY, None)]
    assert zoo.recipe_path(ENTRY).read_text() == (run / "recipe.toml").read_text()
    facts = zoo.info(ENTRY)
    summary = json.loads((run / "summary.json").read_text())
    assert facts["metrics"] == {**summary, "fingerprint": SEEN, "weights": "float16"}
    assert facts["bytes"] == len(b"first graphindex")
    assert facts["description"] == "wgan_gp trained on fashion_mnist"
    assert not [name for name in tree(root) if "/." in name]


def test_the_card_states_the_figures_the_paper_and_the_command(root, run):
    publish(run, ENTRY)
    card = zoo.info(ENTRY)["card"]
    for words in (
        "Gulrajani et al., 2017", "arXiv:1704.00028", "MIT license", "Published: 24.5, the lowest",
        "python train.py --recipe=wgan_gp_fashion_mnist", "(samples.png)",
        "| fid | 21.54 | n_real 10000, seed 0 |", "| recall | 0.5 | - |",
        "that of step 1,800, the best",
        "2,000 steps, 10 minutes, 123.5 images a second, 2 CPU cores, tensorflow 2.21.0, keras",
        'images = tf.saved_model.load("saved_models/wgan_gp_fashion_mnist/1").sample(16, 0)',
        '{"signature_name": "sample", "inputs": {"num": 16, "seed": 0}}',
    ):  # fmt: skip
        assert words in card, words
    assert "Args:" not in card and "{" + "entry}" not in card


def test_the_card_of_a_translation_loads_images_of_its_size():
    recipe = {"model": "pix2pix", "dataset": "fluent_emoji", "image_size": 64}
    text = render("emoji", 1, recipe, {"steps": 1, "metrics": {}, "kind": "translator"})
    assert 'examples("fluent_emoji", "train", limit=16, image_size=64)\n' in text


@pytest.mark.parametrize("name, classes", [("cgan_mnist", 10), ("sgan_mnist", None)])
def test_a_card_says_how_to_ask_for_a_class_where_one_can(name, classes):
    """SGAN learns from labels, too, but its generator is given none."""
    model = zoo.load_pretrained(name)
    folder, card = zoo.fetch(name), zoo.info(name)["card"]
    assert model.conditional == bool(classes)
    assert about(folder).get("classes") == zoo.info(name)["metrics"].get("classes") == classes
    assert ("labels=9)" in card) == ("takes latents and labels" in card) == bool(classes)


def test_sequences_have_a_card_of_their_own(root, run):
    carried_out(run, "seqgan", "oracle", kind="sequences")
    publish(run, "seqgan_oracle")
    card = zoo.info("seqgan_oracle")["card"]
    for words in (
        "Yu et al., 2017", "tokens = sequences.sample(16, seed=0)", "sequences.lines(16, seed=0)",
        "the darker a token", "Data: none, random numbers",
    ):  # fmt: skip
        assert words in card, words


def test_what_was_trained_on_its_judge_says_so(root, run, monkeypatch):
    monkeypatch.setattr(perceptual, "_maps", lambda name: keras.Sequential())  # none is published
    recipe = Recipe(model="imle", dataset="mnist", steps=2000, learning={"perceptual": "mnist"})
    recipe.resolved().save(run / "recipe.toml")
    digest, fid = sha256(run / "recipe.toml"), {"value": 1.0, "features": "mnist"}
    summary = SUMMARY | {"recipe": digest, "metrics": {"fid_mnist": fid}}
    (run / "summary.json").write_text(json.dumps(summary))
    publish(run, "imle_mnist")
    assert "\nIt was trained to be close" in zoo.info("imle_mnist")["card"]
    assert "- `imle_mnist`: trained to be close to the data" in tables.by_data("models")
    other = Recipe(model="imle", dataset="fashion_mnist", learning={"perceptual": "mnist"})
    assert not is_biased(other.resolved().to_dict())


def test_replaces_a_version_or_adds_one(root, run):
    publish(run, ENTRY)
    (run / "saved_model" / "saved_model.pb").write_bytes(b"second graph")
    (run / "saved_model" / "variables" / "variables.index").unlink()
    assert publish(run, ENTRY).name == "1"
    assert zoo.verify() == [(ENTRY, None)]
    assert publish(run, ENTRY, version=2).name == "2"
    assert zoo.verify() == [(ENTRY, None)] and zoo.info(ENTRY)["version"] == 2
    assert publish(run, ENTRY).name == "2"
    publish(run, f"{ENTRY}_small", root=root)
    assert zoo.list_pretrained() == [ENTRY, f"{ENTRY}_small"]


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("call", range(1, 6))
def test_a_failure_at_any_rename_changes_nothing(root, run, monkeypatch, earlier, call):
    if earlier:
        publish(run, ENTRY)
    (root / "models").mkdir(exist_ok=True)
    before, count = tree(root), 0
    (run / "saved_model" / "saved_model.pb").write_bytes(b"second graph")

    def failing(real):
        def rename(*args):
            nonlocal count
            count += 1
            if count == call:
                raise OSError(28, "No space left on device")
            return real(*args)

        return rename

    with monkeypatch.context() as patch:
        patch.setattr(publishing.os, "rename", failing(os.rename))
        patch.setattr(publishing.os, "replace", failing(os.replace))
        if call <= (5 if earlier else 3):
            with pytest.raises(InputError, match=r"No space left.*Nothing was changed"):
                publish(run, ENTRY)
            assert tree(root) == before
    publish(run, ENTRY)
    assert zoo.verify() == [(ENTRY, None)]


def test_a_publication_that_was_killed_does_not_lose_the_old_one(root, run):
    folder = publish(run, ENTRY)
    folder.rename(folder.with_name(".1.old"))
    folder.with_name(".1.new").mkdir()
    (run / "saved_model" / "big").write_bytes(bytes(10_000_001))
    with pytest.raises(InputError):
        publish(run, ENTRY)
    assert zoo.verify() == [(ENTRY, None)]


def edit(run, before, after):
    """Changes the recipe of a run, and leaves its summary as it is."""
    text = (run / "recipe.toml").read_text()
    assert before in text
    (run / "recipe.toml").write_text(text.replace(before, after))


def foreign(run):
    """Leaves a default out of the recipe, as a version would that did not know it."""
    edit(run, "n_critic = 5\n", "")
    summary = json.loads((run / "summary.json").read_text())
    summary["recipe"] = sha256(run / "recipe.toml")
    (run / "summary.json").write_text(json.dumps(summary))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: (run / "summary.json").unlink(), "expected a finished run with summary.json"),
        (lambda run: (run / "samples.png").unlink(), "samples.png"),
        (lambda run: (run / "row.png").unlink(), "row.png"),
        (lambda run: (run / "saved_model" / "saved_model.pb").unlink(), "saved_model.pb"),
        (lambda run: (run / "summary.json").write_text('{"steps": 1, "metrics": {}}'), "got 1"),
        (lambda run: (run / "summary.json").write_text('{"steps": 2000}'), "'metrics'"),
        (lambda run: (run / "summary.json").write_text("[]"), "summary.json"),
        (lambda run: (run / "summary.json").write_text("{"), "summary.json"),
        (lambda run: (run / "recipe.toml").write_text("model = "), "recipe.toml"),
        (lambda run: edit(run, "batch_size = 64", "batch_size = 32"), "was changed afterwards"),
        (lambda run: carried_out(run, recipe=None), "summary of an older version"),
        (lambda run: foreign(run), "one of another version .*n_critic: None -> 5"),
        (lambda run: (run / "saved_model" / "x").write_bytes(bytes(10_000_001)), "at most 10,000"),
        (lambda run: (run / "saved_model" / ".x").write_bytes(b"x"), "expected a relative path"),
    ],
)
def test_a_run_that_is_not_fit_changes_nothing(root, run, change, message):
    (root / "models").mkdir()
    change(run)
    before = tree(root)
    with pytest.raises(InputError, match=message) as caught:
        publish(run, ENTRY)
    assert tree(root) == before and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["wgan_gp", "dcgan_fashion_mnist", "wgan_gp_fashion_mnistx", f"{ENTRY}_X", "../x", ""]
)
def test_the_name_is_the_recipes(root, run, name):
    with pytest.raises(InputError, match="expected the entry name 'wgan_gp_fashion_mnist'"):
        publish(run, name)


def test_the_data_can_be_had_by_others(root, run):
    for name in ("folder:photos", "npz:x.npz"):
        carried_out(run, dataset=name)
        with pytest.raises(InputError, match="expected a public data set"):
            publish(run, ENTRY)
    nothing = dict.fromkeys(("seconds", "images_per_second", "best_step", "hardware", "versions"))
    carried_out(run, dataset="tfds:omniglot", metrics={}, **nothing)
    publish(run, "wgan_gp_tfds_omniglot")
    assert "It took 2,000 steps, for one seed." in zoo.info("wgan_gp_tfds_omniglot")["card"]


def test_others_can_get_the_teacher_of_a_student(root, run, monkeypatch):
    carried_out(run, model="distilled", dataset="drawn:50:runs/mine")
    with pytest.raises(InputError, match="whose teacher others can get.*got runs/mine"):
        publish(run, "distilled_drawn_mine")
    facts = {
        "title": "ProGAN (Karras et al., 2018)", "family": "progan", "origin": "npm: faces 1.0",
        "sha256": "ab12", "license": "Apache-2.0, as its package states",
    }  # fmt: skip
    monkeypatch.setattr(zoo, "list_imported", lambda: ["faces"])
    known = zoo.info
    monkeypatch.setattr(
        zoo, "info", lambda n: {"metrics": {"imported": facts}} if n == "faces" else known(n)
    )
    carried_out(run, model="distilled", dataset="drawn:50:faces")
    publish(run, "distilled_drawn_faces")
    card = zoo.info("distilled_drawn_faces")["card"]
    assert "ProGAN (Karras et al., 2018), npm: faces 1.0, SHA-256 `ab12`" in card
    assert "`ganzoo import progan:FILE --as=faces`" in card
    assert "Data: Apache-2.0, as its package states." in card


def test_what_an_entry_draws_has_the_license_of_its_data(root, run):
    publish(run, ENTRY)
    carried_out(run, model="distilled", dataset=f"drawn:{ENTRY}")
    publish(run, f"distilled_drawn_{ENTRY}")
    facts = zoo.info(f"distilled_drawn_{ENTRY}")
    assert facts["metrics"]["teacher"]["name"] == ENTRY
    assert "Data: Fashion-MNIST, MIT license" in facts["card"]
    assert "Its teacher is" not in facts["card"]


def test_the_card_says_what_a_run_started_from():
    recipe = Recipe(model="wgan_gp", dataset="fashion_mnist", steps=2000).resolved().to_dict()
    assert "It started from" not in render(ENTRY, 1, recipe, SUMMARY)
    card = render(ENTRY, 1, recipe | {"init": "dcgan_mnist"}, SUMMARY)
    assert "It started from the weights of `dcgan_mnist`." in card


def test_needs_a_checkout(root, run, tmp_path):
    with pytest.raises(InputError, match="expected a checkout"):
        publish(run, ENTRY, root=tmp_path)


def test_each_direction_of_a_translation_is_an_entry(root, run):
    carried_out(run, model="cyclegan")
    (run / "saved_model_y_to_x").mkdir()
    (run / "saved_model_y_to_x" / "saved_model.pb").write_bytes(b"back")
    entry = "cyclegan_fashion_mnist"
    there = publish(run, entry, which="x_to_y")
    back = publish(run, f"{entry}_back", which="y_to_x")
    assert (there / "saved_model.pb").read_bytes() == b"first graph"
    assert (back / "saved_model.pb").read_bytes() == b"back"
    card = zoo.info(f"{entry}_back")["card"]
    assert card == gallery.card_of(f"{entry}_back")
    assert "`y_to_x` of what it exports" in card and 'batch["y"]' in card
    with pytest.raises(InputError, match="unknown export of cyclegan 'up'"):
        publish(run, entry, which="up")
    (run / "saved_model_y_to_x" / "saved_model.pb").unlink()
    with pytest.raises(InputError, match="saved_model_y_to_x: expected saved_model.pb"):
        publish(run, entry, which="y_to_x")


def test_the_classifier_of_a_semi_supervised_gan_is_an_entry(root, run):
    carried_out(run, "sgan", "mnist", kind="generator")
    about = run / "saved_model_classifier" / "assets.extra" / "ganzoo.json"
    about.parent.mkdir(parents=True)
    about.write_text(json.dumps({"kind": "classifier"}))
    (run / "saved_model_classifier" / "saved_model.pb").write_bytes(b"classes")
    folder = publish(run, "sgan_mnist_classifier", which="classifier")
    assert (folder / "saved_model.pb").read_bytes() == b"classes"
    card = zoo.info("sgan_mnist_classifier")["card"]
    assert "classifier.predict(images)" in card and "generator that it was trained against" in card
    publish(run, "sgan_mnist")
    assert ".sample(16, seed=0)" in zoo.info("sgan_mnist")["card"]


def test_what_cannot_be_loaded_without_ganzoo_is_not_published(root, run, monkeypatch):
    (root / "models").mkdir()
    before = tree(root)
    monkeypatch.setattr(fingerprint, "alone", lambda folders: ["OSError: no such op"])
    with pytest.raises(InputError, match="loaded without GanZoo, got OSError: no such"):
        publish(run, ENTRY)
    assert tree(root) == before


def test_the_command_measures_and_what_hinders_that_does_not_hinder_it(
    root, run, monkeypatch, capsys
):
    marks = f"{gallery.BEGIN}\n{gallery.END}\n".format("entries", "entries")
    (root / "README.md").write_text(marks)
    measured = []

    def failing(name, args):
        measured.append(name)
        return 2

    monkeypatch.setattr(measuring, "evaluate_entry", failing)
    line = ["publish", str(run), f"--entry={ENTRY}"]
    assert cli.main([*line, "--unmeasured"]) == 0 and measured == []
    assert cli.main(line) == 0 and measured == [ENTRY]
    assert "published as" in capsys.readouterr().out
    assert f"models/{ENTRY}/row.png" in (root / "docs" / "zoo.md").read_text()
    assert cli.main([*line, "--metrics=fied"]) == 2 and len(measured) == 1
