"""`ganzoo evaluate`: figures with all their settings, kept one by one, and the zoo's table."""

import dataclasses
import functools
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo import InputError, cli, data, metrics, zoo
from ganzoo.data import toys
from ganzoo.engine import files
from ganzoo.evaluation import figures, published, tables
from ganzoo.evaluation.evaluator import METRICS, Evaluation
from ganzoo.inference import saved_model
from ganzoo.inference.classifier import TrainedClassifier
from ganzoo.inference.sampler import Sampler
from ganzoo.metrics import spaces
from ganzoo.publishing import card, entry, gallery
from ganzoo.training import run
from ganzoo.training.recipe import Recipe
from ganzoo.zoo import places

ROOT = Path(__file__).parent.parent
REAL, _ = data.arrays("fashion_mnist_10k", "train", limit=64)
STATED = {"features", "resize", "precision", "against", "n_real", "n_fake", "seed", "seconds"}


class Means:
    """Feature network: the means of the quarters; as probabilities of classes, their shares."""

    calls = 0

    def __init__(self, resize="legacy", precision="float32", data_dir=None):
        self.resize, self.precision, self.digest = resize, precision, f"means-{resize}"

    def __call__(self, images):
        type(self).calls += len(images)
        middle = [side // 2 for side in images.shape[1:3]]
        parts = [
            half for row in np.split(images, middle[:1], 1) for half in np.split(row, middle[1:], 2)
        ]
        return np.stack([part.mean((1, 2, 3)) for part in parts], axis=1).astype("float32") / 255


class Classes(Means):
    calls = 0

    def probabilities(self, features):
        return (features + 1e-6) / (features + 1e-6).sum(1, keepdims=True)


class Judge:
    """A classifier that takes everything for class 0."""

    measurable, image_shape, num_classes = True, (28, 28, 1), 10
    measured = TrainedClassifier.measured

    def features(self, images):
        return np.zeros((len(images), 3))

    def probabilities(self, features):
        return np.eye(10)[np.zeros(len(features), int)]

    def classes(self, images):
        return np.zeros(len(images), int)


class Generator:
    """Real images with noise, or points about the modes of a ring."""

    measurable = True
    measured = Sampler.measured

    def __init__(self, points=False):
        self.points, self.drawn = points, []

    def sample(self, num, seed=0):
        self.drawn.append(num)
        rng = np.random.default_rng(seed)
        if self.points:
            return rng.normal(toys.MIXTURES["ring8"].centers[rng.integers(0, 3, num)], 0.01)
        noise = rng.integers(0, 60, (num, 28, 28, 1))
        return (REAL[np.arange(num) % len(REAL)] // 2 + noise).astype(np.uint8)


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """Small networks in place of Inception's and the zoo's; a place for what is cached."""
    for name, extractor in (("inception", Means), ("fashion_mnist", Classes)):
        row = dataclasses.replace(spaces.SPACES[name], extractor=extractor)
        monkeypatch.setitem(spaces.SPACES, name, row)
    monkeypatch.setenv("GANZOO_DATA", str(tmp_path / "data"))
    Means.calls = Classes.calls = 0


@pytest.fixture
def held_out(monkeypatch):
    """Gives the embedded set a test split: its own images, in another order."""

    def whole(real, which, split="train", *args, **options):
        return real(which, "train", *args, **options)

    for name in ("info", "arrays", "load"):
        monkeypatch.setattr(data, name, functools.partial(whole, getattr(data, name)))


def measured(metric_names=None, features=None, known=None, model=None, num=48, **options):
    """Returns all facts, and the evaluation that yielded them."""
    draw = (model or Generator()).sample
    judge = Evaluation(draw, num, options.pop("against", "fashion_mnist_10k"), **options)
    facts = {}
    for some in judge.facts(metric_names, features, known):
        facts |= some
    return facts, judge


def test_facts_state_all_that_they_depend_on(held_out):
    names = ["fid", "fid_infinity", "kid", "prdc"]
    facts, _ = measured(names, ["inception", "fashion_mnist"], seed=3, resize="clean")
    plain = ["fid", "fid_infinity", "kid", "precision", "recall", "density", "coverage"]
    assert sorted(facts) == sorted([*plain, *(f"{name}_fashion_mnist" for name in plain)])
    for name, fact in facts.items():
        assert fact.keys() == {"value", *STATED} | ({"std"} if name.startswith("kid") else set())
        assert fact["against"] == "fashion_mnist_10k test" and fact["seed"] == 3
        assert (fact["n_real"], fact["n_fake"]) == (48, 48)
        assert (fact["resize"], fact["precision"]) == ("clean", "float32")
        assert fact["features"] == ("fashion_mnist" if "fashion" in name else "inception")
        assert isinstance(fact["value"], float)
    json.dumps(facts)


def test_figures_are_those_of_the_metrics():
    facts, judge = measured(["fid", "kid", "prdc", "swd", "pairwise", "ms_ssim"], ["inception"])
    fake, real = (Means()(judge.samples), judge.real("inception"))
    assert facts["fid"]["value"] == metrics.fid(real, fake) > 0
    assert (facts["kid"]["value"], facts["precision"]["value"]) == (
        metrics.kid(real, fake).mean, metrics.precision_recall(real, fake).precision,
    )  # fmt: skip
    pixels = judge.real("pixels")
    assert facts["swd"]["value"] == metrics.sliced_wasserstein(pixels, judge.samples)
    assert facts["ms_ssim"]["value"] == metrics.ms_ssim_diversity(judge.samples)
    assert facts["ms_ssim"]["of_real"] == pytest.approx(metrics.ms_ssim_diversity(pixels), rel=1e-3)
    assert "resize" not in facts["swd"] and facts["swd"]["features"] == "pixels"
    one = np.mean([np.sqrt((((a - b) / 255.0) ** 2).mean()) for a, b in _pairs(judge.samples)])
    assert facts["pairwise"]["value"] == pytest.approx(one)


def _pairs(images):
    images = images.astype(float)
    return ((a, b) for i, a in enumerate(images) for j, b in enumerate(images) if i != j)


def test_features_are_computed_once_ever():
    model = Generator()
    measured(["fid", "kid", "prdc"], ["inception"], model=model)
    assert Means.calls == 48 + 48 and model.drawn == [1, 48]
    measured(["fid"], ["inception"])
    assert Means.calls == 2 * 48
    other = Generator()
    other.sample = functools.partial(other.sample, seed=1)
    measured(["fid"], ["inception"], model=other)
    assert Means.calls == 3 * 48


def test_classes():
    names = ["inception_score", "histogram", "ms_ssim"]
    facts, judge = measured(names, ["inception", "fashion_mnist"])
    assert sorted(facts) == [f"{name}_fashion_mnist" for name in sorted(names)]
    probabilities = judge.probabilities("fashion_mnist", Classes()(judge.samples))
    score = metrics.inception_score(probabilities)
    assert facts["inception_score_fashion_mnist"]["value"] == score.mean
    histogram = facts["histogram_fashion_mnist"]
    shares = metrics.class_histogram(probabilities, 4)
    np.testing.assert_allclose(histogram["shares"], shares, rtol=1e-3)
    assert histogram["value"] == metrics.histogram_kl(shares) and "against" not in histogram
    similar = facts["ms_ssim_fashion_mnist"]
    labels, counts = np.unique(probabilities.argmax(1), return_counts=True)
    assert similar["classes"] == len(labels[counts > 1]) and 0 < similar["value"] < 1
    assert similar["against"] == "fashion_mnist_10k train"


def test_a_class_of_one_sample_has_no_pair():
    found, classes = figures._within_classes(REAL[:5], np.eye(3)[[0, 0, 2, 1, 1]], seed=0)
    assert classes == 2 and found == pytest.approx(
        np.mean(metrics.ms_ssim(REAL[[0, 3]], REAL[[1, 4]])), rel=1e-6
    )


def test_neighbours():
    train, _ = data.arrays("fashion_mnist_10k", "train", limit=300)
    np.savez("both.npz", x_train=train, x_test=REAL)
    facts, judge = measured(["neighbours"], ["inception"], against="npz:both.npz")
    fact = facts["neighbours"]
    assert fact["training"] == "npz:both.npz train, 300 images"
    assert fact["features"] == "pixels" and fact["against"] == "npz:both.npz test"
    assert fact["value"] == metrics.copied(judge.samples, train, judge.real("pixels"))
    assert judge.picture.shape == (16 * 28, 6 * 28, 1)
    np.testing.assert_array_equal(judge.picture[:28, :28], judge.samples[0])
    found = metrics.nearest(judge.samples[:2], train, k=5).indices
    np.testing.assert_array_equal(judge.picture[28:56, -28:], train[found[1, -1]])
    facts, judge = measured(["neighbours"], ["fashion_mnist"], against="npz:both.npz")
    assert facts["neighbours_fashion_mnist"]["features"] == "fashion_mnist"
    found = metrics.nearest(judge.samples[:2], train, Classes(), k=5).indices
    np.testing.assert_array_equal(judge.picture[28:56, -28:], train[found[1, -1]])


def test_both_sides_are_cut_to_one_number_where_it_matters(monkeypatch):
    np.savez("few.npz", images=REAL[:20])
    monkeypatch.setitem(METRICS, "pairwise", METRICS["pairwise"]._replace(most=10))
    names = ["fid", "prdc", "swd", "pairwise"]
    facts, judge = measured(names, ["inception"], against="npz:few.npz")
    numbers = {name: (fact["n_real"], fact["n_fake"]) for name, fact in facts.items()}
    assert numbers == dict.fromkeys(facts, (20, 20)) | {"fid": (20, 48), "pairwise": (10, 10)}
    real, rows = judge.real("inception"), Means()(judge.samples)
    assert facts["fid"]["value"] == metrics.fid(real, rows)
    assert facts["recall"]["value"] == metrics.precision_recall(real, rows[:20]).recall
    ten = metrics.pairwise_distance(judge.samples[:10].reshape(10, -1) / (255 * 28))
    assert facts["pairwise"]["value"] == pytest.approx(ten)


def test_copies_are_found(monkeypatch):
    train, held = REAL[:40], REAL[40:]
    np.savez("both.npz", x_train=train, x_test=held)
    facts, judge = measured(
        ["neighbours"], ["inception"], against="npz:both.npz", num=24,
        model=type("Copies", (), {"sample": lambda self, num: train[:num]})(),
    )  # fmt: skip
    assert facts["neighbours"]["value"] == 1 and judge.split == "test"
    np.testing.assert_array_equal(judge.picture[:, :28], judge.picture[:, 28:56])


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_points():
    facts, _ = measured(model=Generator(points=True), against="ring8", num=200)
    assert sorted(facts) == ["high_quality", "modes", "swd"]
    assert (facts["modes"]["value"], facts["modes"]["of"]) == (3, 8)
    assert facts["high_quality"]["value"] > 0.9 and facts["modes"]["mixture"] == "ring8"
    assert facts["swd"]["against"] == "ring8 test" and facts["swd"]["features"] == "points"


def test_defaults_suit_the_samples(held_out, monkeypatch):
    judge = Evaluation(Generator().sample, 48, "fashion_mnist_10k")
    usual = ["fid", "kid", "prdc", "ms_ssim", "neighbours", "swd"]
    monkeypatch.setattr(zoo, "list_pretrained", lambda: [])
    assert judge.defaults() == (usual, [])
    entry = "classifier_fashion_mnist"
    monkeypatch.setattr(zoo, "list_pretrained", lambda: [entry])
    assert judge.defaults() == (usual, ["fashion_mnist"])
    train = Evaluation(Generator().sample, 48, "fashion_mnist_10k", "train")
    assert "neighbours" not in train.defaults()[0]


def test_real_images_take_the_samples_shape():
    def draw(num):
        return np.repeat(Generator().sample(num), 3, axis=-1)[:, 2:-2, 2:-2]

    judge = Evaluation(draw, 20, "fashion_mnist_10k")
    assert judge.real("pixels").shape == (20, 24, 24, 3)
    (fact,) = next(judge.facts(["swd"])).values()
    assert fact["against"] == "fashion_mnist_10k train at 24x24x3"


def test_what_is_known_is_left_out():
    model = Generator()
    known, _ = measured(["kid", "swd"], ["inception"])
    assert measured(["kid", "swd"], ["inception"], known, model)[0] == {}
    assert model.drawn == [1]  # no samples were needed
    assert list(measured(["kid", "swd"], ["inception"], {"kid": known["kid"]})[0]) == ["swd"]
    for change in ({"seed": 1}, {"num": 47}, {"resize": "clean"}):
        assert "kid" in measured(["kid"], ["inception"], known, **change)[0], change


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (["fidd"], {}, "unknown metric 'fidd'. Did you mean 'fid'"),
        (["fid"], {"features": ["incepton"]}, "Did you mean 'inception'"),
        (["prdc"], {"num": 5}, "prdc: expected at least 6 samples and real images, got 5 and 5"),
        (["modes"], {}, "modes is a metric of points, but the samples are pixels"),
        (["histogram"], {}, "histogram: expected --features with classes"),
        (["neighbours"], {}, "expected real images that are not in the training set"),
        (["swd"], {"against": "ring8"}, "ring8 has points, but the samples are images"),
        (["swd"], {"against": "fashion"}, "unknown data set 'fashion'"),
        (["swd"], {"split": "tset"}, "'tset'"),
    ],
)
def test_wrong_wishes_get_one_line(names, options, said):
    features = options.pop("features", ["inception"])
    with pytest.raises(InputError) as caught:
        measured(names, features, **options)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert Means.calls == 0


# The command.


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with a generator, a classifier, and a README."""
    entries = {}
    for name, model in (("dcgan_fashion_mnist_10k", "dcgan"), ("judge", "wgan")):
        folder = tmp_path / "saved_models" / name / "1"
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(name.encode())
        fact = {"bytes": len(name), "sha256": hashlib.sha256(name.encode()).hexdigest()}
        entry = {"version": 1, "description": name, "bytes": len(name)}
        entries[name] = entry | {"files": {"saved_model.pb": fact}}
        models = tmp_path / "models" / name
        models.mkdir(parents=True)
        recipe = f'model = "{model}"\ndataset = "fashion_mnist_10k"\nsteps = 9\n'
        (models / "recipe.toml").write_text(recipe)
        summary = {"steps": 9000, "seconds": 600.0, "metrics": {"error": {"value": 0.1}}}
        (models / "metrics.json").write_text(json.dumps(summary))
    registry = {"format": 1, "base_url": "https://x.invalid", "entries": entries}
    (tmp_path / "saved_models" / "registry.json").write_text(json.dumps(registry))
    place = f"{gallery.BEGIN}\nold\n{gallery.END}\n".format("entries", "entries")
    (tmp_path / "README.md").write_text(f"Before.\n{place}After.\n")
    monkeypatch.setattr(gallery, "FEATURED", ("dcgan_fashion_mnist_10k", "absent"))
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "ganzoo")

    def load(path):
        return Generator() if "dcgan" in str(path) or "runs" in str(path) else Judge()

    monkeypatch.setattr(saved_model, "load", load)
    return tmp_path


def refused(capsys, *argv):
    assert cli.main(["evaluate", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("ganzoo: ") and err.count("\n") == 1
    return err


ONE = ["evaluate", "dcgan_fashion_mnist_10k", "--num=30"]
ALL = ["evaluate", "--all", "--num=30", "--metrics=kid,swd", "--features=inception"]


def test_an_entry_is_measured_and_its_figures_are_shown(root, capsys):
    assert cli.main([*ONE, "--metrics=kid,swd"]) == 0
    out = capsys.readouterr().out
    path = Path("dcgan_fashion_mnist_10k_evaluation") / "evaluation.json"
    written = json.loads(path.read_text())
    assert written["name"] == "dcgan_fashion_mnist_10k" and list(written["metrics"]) == [
        "kid",
        "swd",
    ]
    value = written["metrics"]["swd"]["value"]
    assert f"{value:.4g}" in out and "against fashion_mnist_10k train, n_real 30" in out
    assert str(path) in out
    assert cli.main([*ONE, "--metrics=neighbours", "--out=there"]) == 2  # it has no test split


def test_a_run_a_folder_and_an_archive(root, capsys):
    run = root / "runs" / "x"
    (run / "saved_model").mkdir(parents=True)
    (run / "recipe.toml").write_text('dataset = "fashion_mnist_10k"\n')
    assert "Try: ganzoo export runs/x" in refused(capsys, "runs/x", "--metrics=swd")
    (run / "saved_model" / "saved_model.pb").write_bytes(b"graph")
    assert cli.main(["evaluate", "runs/x", "--metrics=swd", "--num=20"]) == 0
    assert (run / "evaluation.json").is_file()
    samples = Generator().sample(20, seed=0)
    np.savez("drawn.npz", images=samples)
    (root / "pngs").mkdir()
    for i, image in enumerate(samples):
        Image.fromarray(image[..., 0]).save(root / "pngs" / f"{i:02}.png")
    for name, stem in (("drawn.npz", "drawn"), ("pngs", "pngs")):
        assert cli.main(["evaluate", name, "--metrics=swd", "--against=fashion_mnist_10k"]) == 0
        found = json.loads((root / f"{stem}_evaluation" / "evaluation.json").read_text())
        expected = json.loads((run / "evaluation.json").read_text())["metrics"]["swd"]
        assert found["metrics"]["swd"] | {"seconds": 0} == expected | {"seconds": 0}


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], ["NAME_OR_PATH or --all", "none"]),
        (["x", "--all"], ["both"]),
        (["--all", "--out=x"], ["--out"]),
        (["x", "--only=y"], ["--only", "--all"]),
        (["--all", "--only=dcgan_fashion_mnist_10"], ["Did you mean 'dcgan_fashion_mnist_10k'"]),
        (["dcgan_fashion_mnist_10"], ["Did you mean 'dcgan_fashion_mnist_10k'"]),
        (["empty"], ["--against"]),
        (["empty", "--against=fashion_mnist_10k"], ["no images"]),
        (["bad.npz", "--against=fashion_mnist_10k"], ["bad.npz"]),
        (["none.npz", "--against=fashion_mnist_10k"], ["none.npz", "does not exist"]),
        (["few.npz", "--against=fashion_mnist_10k", "--num=9"], ["expected 9 images, got 3"]),
        (["few.npz", "--against=fashion_mnist_10k"], ["at least 6 samples", "got 3"]),
        (["few.npz", "--metrics=fid,kidd"], ["Did you mean 'kid'"]),
        (["few.npz", "--features=pixel"], ["unknown features 'pixel'"]),
        (["few.npz", "--resize=cleen"], ["clean"]),
        (["few.npz", "--agains=x"], ["Did you mean '--against'"]),
        (["few.npz", "--num=0"], ["whole number from 1"]),
    ],
)
def test_a_wrong_line_gets_one_line(root, capsys, argv, words):
    (root / "empty").mkdir()
    (root / "bad.npz").write_bytes(b"PK no archive")
    np.savez("few.npz", images=REAL[:3])
    line = refused(capsys, *argv)
    assert all(word in line for word in words), line


def part(text, what):
    """Returns what the README has between the marks of one of its written parts."""
    return text.partition(f"{gallery.BEGIN.format(what)}\n")[2].partition(gallery.END.format(what))[
        0
    ]


def test_all_fills_the_facts_the_cards_and_the_table(root, capsys):
    assert cli.main(ALL) == 0
    out = capsys.readouterr().out
    assert "judge:\naccuracy " in out
    facts = json.loads((root / "models/judge/metrics.json").read_text())["metrics"]["accuracy"]
    labels = data.arrays("fashion_mnist_10k")[1]
    assert facts["value"] == (labels == 0).mean() and facts["n_real"] == 10_000
    facts = json.loads((root / "models/dcgan_fashion_mnist_10k/metrics.json").read_text())
    assert facts["steps"] == 9000 and list(facts["metrics"]) == ["error", "kid", "swd"]
    assert facts["evaluated"] == gallery.digest("dcgan_fashion_mnist_10k")
    card = (root / "models/dcgan_fashion_mnist_10k/README.md").read_text()
    assert card == gallery.card_of("dcgan_fashion_mnist_10k") and "| kid |" in card
    readme = (root / "README.md").read_text()
    assert readme.startswith("Before.\n<!-- entries") and readme.endswith("-->\nAfter.\n")
    assert part(readme, "entries") == tables.short(["dcgan_fashion_mnist_10k"], "models")
    assert "\nold\n" not in readme
    page = (root / "docs" / "zoo.md").read_text()
    row = "| [`judge`](../models/judge/README.md) | ![judge](../models/judge/row.png) |\n"
    assert row in page and tables.by_data("../models") in page
    kid, swd = (facts["metrics"][name] for name in ("kid", "swd"))
    assert f"| {1000 * kid['value']:.2f} ± {1000 * kid['std']:.2f} | {swd['value']:.3g} |" in page
    assert "| 9,000 | 10 |" in page and "`judge`" not in tables.by_data("../models")
    assert "- KID x 1000: inception features, legacy resize, float32, 30 samples, 30 real" in page


def test_the_table_shows_every_kind_of_figure_and_how_it_was_measured(root):
    inception = {"features": "inception", "resize": "legacy", "n_fake": 10_000, "against": "a test"}
    first = {
        "fid": {"value": 21.543, **inception},
        "fid_infinity": {"value": 9.0, **inception},
        "fid_mnist": {"value": 1.25, **inception, "features": "mnist"},
        "kid": {"value": 0.01234, "std": 0.00056, **inception},
        "recall": None,
    }
    second = {"modes": {"value": 7, "of": 8, "features": "points"}, "fid": {"value": None}, "x": 3}
    for name, facts in (("dcgan_fashion_mnist_10k", first), ("judge", second)):
        path = root / "models" / name / "metrics.json"
        hardware = {"hardware": "a GPU"} if name == "judge" else {}
        path.write_text(json.dumps({"steps": 12_000, "metrics": facts} | hardware))
    lines = tables.by_data("../models").splitlines()
    heads = "`fashion_mnist_10k` | FID | FID, own features | KID x 1000 | modes | steps | minutes"
    assert lines[0] == f"| {heads} |"
    assert lines[2].endswith("| 21.5 | 1.25 | 12.34 ± 0.56 | - | 12,000 | - |")
    assert lines[3].endswith("| - | - | - | 7 of 8 | 12,000 | - |")
    assert lines[5:] == [
        "- FID, KID x 1000 (`dcgan_fashion_mnist_10k`): inception features, legacy resize, 10,000 "
        "samples; against a test.",
        "- FID, own features (`dcgan_fashion_mnist_10k`): mnist features, legacy resize, 10,000 "
        "samples; against a test.",
        "- modes (`judge`): points.",
        "- minutes (`judge`): a GPU.",
    ]


def test_the_table_shows_the_published_figure_of_the_same_loss_and_data(root):
    path = root / "models/judge/recipe.toml"
    recipe = Recipe(model="wgan", dataset="fashion_mnist", features="pixels").resolved()
    recipe.save(path)
    for name in ("dcgan_fashion_mnist_10k", "judge"):
        facts = {"steps": 9, "metrics": {"fid": {"value": 20.0, "features": "inception"}}}
        facts["seeds"] = [{"seed": 1, "fid": 21.04, "fid_without_averaging": 25.0}]
        (root / "models" / name / "metrics.json").write_text(json.dumps(facts))
    lines = tables.by_data("../models").splitlines()
    assert lines[0] == "| `fashion_mnist` | published FID | FID | steps | minutes |"
    assert lines[2].endswith("[`judge`](../models/judge/README.md) | 21.5 | 20 | 9 | - |")
    assert lines[4].startswith("- published FID: the lowest") and "1711.10337" in lines[4]
    assert lines[7] == "| `fashion_mnist_10k` | FID | steps | minutes |"
    card = gallery.card_of("judge")
    assert "Published: 21.5, the lowest" in card
    assert "averaged no weights" in card and "averages G with a decay of 0.999." in card
    assert "gave an FID of 21.0 with seed 1 (25.0 without averaging)." in card
    assert "All hyperparameters are those of `wgan`." in card


@pytest.mark.parametrize(
    ("model", "changes", "loss"),
    [
        ("dcgan", {}, "non_saturating"), ("gan", {"loss": "minimax"}, "minimax"),
        ("dcgan", {"loss": "wasserstein", "clip": 0.01}, "clipped"),
        ("dcgan", {"loss": "wasserstein"}, None), ("wgan", {"clip": 0}, None),
        ("wgan", {"loss": "least_squares"}, None), ("wgan_gp", {}, "gradient_penalty"),
        ("lsgan", {"loss": "hinge"}, None), ("dragan", {}, "dragan"), ("pacgan", {}, None),
        ("unrolled", {}, None), ("cgan", {}, None), ("infogan", {}, None), ("began", {}, "began"),
        ("stylegan2", {}, None),
    ],
)  # fmt: skip
def test_the_loss_decides_what_is_comparable(model, changes, loss):
    recipe = Recipe(model=model, dataset="fashion_mnist").replace(changes).resolved()
    assert published.loss_of(recipe.to_dict()) == loss


def test_a_card_lists_what_was_changed():
    recipe = Recipe(model="wgan", dataset="fashion_mnist").replace(
        {"clip": 0.05, "learning.g_optimizer": {"class_name": "RMSprop",
                                                "config": {"learning_rate": 3e-4}}}
    )  # fmt: skip
    summary = {"steps": 1, "metrics": {}, "versions": {"jax": "1"}}
    text = card.render("mine", 1, recipe.resolved().to_dict(), summary)
    assert "| `learning.clip` | 0.01 | 0.05 |" in text
    assert "| `learning.g_optimizer.config.learning_rate` | 5e-05 | 0.0003 |" in text
    assert "d_optimizer" not in text and "python train.py --backend=jax --recipe=mine" in text


def test_all_goes_on_where_it_stopped(root, capsys, monkeypatch):
    path = root / "models/dcgan_fashion_mnist_10k/metrics.json"
    assert cli.main([*ALL, "--metrics=swd"]) == 0
    before = json.loads(path.read_text())["metrics"]["swd"]
    monkeypatch.setattr(metrics, "sliced_wasserstein", lambda *args, **options: 7.0)
    assert cli.main(ALL) == 0
    facts = json.loads(path.read_text())["metrics"]
    assert facts["swd"] == before and "kid" in facts
    capsys.readouterr()
    assert cli.main(ALL) == 0 and "nothing to do" in capsys.readouterr().out
    assert cli.main([*ALL, "--force"]) == 0
    assert json.loads(path.read_text())["metrics"]["swd"]["value"] == 7.0


def test_figures_of_other_weights_are_dropped(root):
    path = root / "models/dcgan_fashion_mnist_10k/metrics.json"
    assert cli.main(ALL) == 0
    registry = json.loads((root / "saved_models/registry.json").read_text())
    entry = registry["entries"]["dcgan_fashion_mnist_10k"]
    weights = root / "saved_models/dcgan_fashion_mnist_10k/1/saved_model.pb"
    weights.write_bytes(b"trained further, here.."[: entry["bytes"]])
    entry["files"]["saved_model.pb"]["sha256"] = files.sha256(weights)
    (root / "saved_models/registry.json").write_text(json.dumps(registry))
    assert gallery.known("dcgan_fashion_mnist_10k") == {}
    assert cli.main([*ALL, "--metrics=swd"]) == 0
    assert list(json.loads(path.read_text())["metrics"]) == ["error", "swd"]  # no old KID


def test_one_entry_that_fails_does_not_stop_the_others(root, capsys):
    shutil.copytree(root / "models/dcgan_fashion_mnist_10k", root / "models/a_dcgan")
    shutil.copytree(root / "saved_models/dcgan_fashion_mnist_10k", root / "saved_models/a_dcgan")
    registry = json.loads((root / "saved_models/registry.json").read_text())
    registry["entries"]["a_dcgan"] = registry["entries"]["dcgan_fashion_mnist_10k"]
    (root / "saved_models/registry.json").write_text(json.dumps(registry))
    (root / "models/a_dcgan/recipe.toml").write_text('model = "dcgan"\ndataset = "fashion"\n')
    assert cli.main(ALL) == 2
    assert "ganzoo: a_dcgan: unknown data set 'fashion'" in capsys.readouterr().err
    assert "kid" in (root / "models/dcgan_fashion_mnist_10k/metrics.json").read_text()


@pytest.mark.parametrize("argv", [[*ONE, "--metrics=swd,kid"], [*ALL, "--metrics=swd,kid"]])
def test_an_interrupt_keeps_what_was_done(root, capsys, monkeypatch, argv):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setitem(METRICS, "kid", METRICS["kid"]._replace(measure=interrupt))
    assert cli.main(argv) == 130
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "interrupted; 1 metrics are saved" in err
    room = root / ("models/dcgan_fashion_mnist_10k/metrics.json" if "--all" in argv else
                   "dcgan_fashion_mnist_10k_evaluation/evaluation.json")  # fmt: skip
    found = json.loads(room.read_text())["metrics"]
    assert "swd" in found and "kid" not in found
    assert not [name for name in os.listdir(room.parent) if name.startswith(".")]
    assert "--all" not in argv or "| SWD |" in (root / "docs/zoo.md").read_text()


def test_all_needs_a_checkout_and_a_place_for_the_table(root, capsys):
    (root / "README.md").write_text("No table.\n")
    assert cli.main([*ALL, "--metrics=swd"]) == 2
    assert "README.md: expected one line <!-- entries" in capsys.readouterr().err
    (root / "ganzoo" / "_models").mkdir(parents=True)
    shutil.copy(root / "saved_models/registry.json", root / "ganzoo/_models/registry.json")
    assert "expected a checkout" in refused(capsys, "--all")


def test_help_names_every_metric_and_feature_space(capsys):
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--help"])
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in [*METRICS, *spaces.networks()])


# This checkout.


def test_the_readme_and_the_zoo_page_show_what_the_files_say():
    readme = (ROOT / "README.md").read_text("utf-8")
    table = tables.short(list(gallery.FEATURED), "models")
    assert part(readme, "entries") == table, "run: ganzoo evaluate --all"
    page = gallery.PAGE.format(
        pictures=gallery.pictures("../models"), figures=tables.by_data("../models")
    )
    assert (ROOT / "docs" / "zoo.md").read_text("utf-8") == page, "run: ganzoo evaluate --all"


@pytest.mark.parametrize("name", zoo.list_pretrained())
def test_the_card_shows_what_the_files_say(name):
    assert zoo.info(name)["card"] == gallery.card_of(name)


@pytest.mark.parametrize("num, drawn", [(None, 26_000), (48, 48)])
def test_modes_are_of_as_many_samples_as_is_usual(monkeypatch, num, drawn):
    model = Generator()
    monkeypatch.setattr(model, "sample", lambda n: np.zeros((n, 28, 28, 3), "uint8"))
    monkeypatch.setattr(metrics, "stacked_modes", lambda x: metrics.modes.StackedModes(len(x), 0.0))
    facts, judge = measured(["stacked"], model=model, num=num, against="stacked:fashion_mnist_10k")
    assert facts["stacked_modes"]["value"] == facts["stacked_modes"]["n_fake"] == drawn
    assert judge.num == (num or 10_000)  # of all other metrics


def test_a_run_is_measured_without_its_average(tmp_path, eagerly, capsys):
    recipe = Recipe(model="gan", dataset="ring8", steps=2, steps_per_epoch=1, batch_size=8)
    trained = recipe.replace({"width": 4, "latent_dim": 4, "ema": 0.9, "precision": "float32"})
    run.train(trained, tmp_path / "run", verbose=0)
    command = ["evaluate", str(tmp_path / "run"), "--metrics=swd", "--num=200"]
    assert cli.main(command) == 0 and cli.main([*command, "--without_averaging"]) == 0
    facts = json.loads((tmp_path / "run" / "evaluation.json").read_text())["metrics"]
    both = facts["swd"]["value"], facts["swd_without_averaging"]["value"]
    assert both[0] != both[1] and set(facts) == {"swd", "swd_without_averaging"}
    assert entry.measured(tmp_path / "run") == facts
    summary = tmp_path / "run" / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text()) | {"steps": 3}))
    assert entry.measured(tmp_path / "run") == {}  # of a run that went on
    assert cli.main(["evaluate", "dcgan_fashion_mnist", "--without_averaging"]) == 2
    assert "expected a run" in capsys.readouterr().err
    run.train(trained.replace({"ema": 0}), tmp_path / "plain", verbose=0)
    assert cli.main(["evaluate", str(tmp_path / "plain"), "--without_averaging"]) == 2
    assert "no average" in capsys.readouterr().err


def test_figures_without_averaging_have_columns_of_their_own():
    assert tables.column_of("fid") == "FID"
    assert tables.column_of("fid_without_averaging") == "FID without averaging"
    assert tables.column_of("fid_mnist") == "FID, own features"
    own = "FID, own features, without averaging"
    assert tables.column_of("fid_mnist_without_averaging") == own
    assert tables.column_of("fid_infinity") is None
