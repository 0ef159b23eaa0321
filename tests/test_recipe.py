"""Recipes: plain data, strict, and stable."""

import copy
import tomllib

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo import ema, gans, losses, penalties
from ganzoo.engine.hyperparameters import TABLES
from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError
from ganzoo.training import flags, recipe, run
from ganzoo.training.recipe import Recipe, differences, spec, value_of

PLAIN = {
    "model": "wgan_gp",
    "dataset": "folder:/some where/ü",
    "split": "test",
    "image_size": [32, 48],
    "channels": 3,
    "num_labels": 10,
    "steps": 1200,
    "batch_size": 16,
    "steps_per_epoch": 100,
    "steps_per_execution": 4,
    "seed": 7,
    "precision": "float32",
    "features": "pixels",
    "evaluate_every": 50,
    "architecture": {"width": 8, "latent_dim": 16},
    "learning": {
        "loss": {"class_name": "Hinge", "config": {"flip": 0.1}},
        "penalties": [{"class_name": "R1", "config": {"weight": 2.0}}, "dragan"],
        "ema": 0.99,
        "g_optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-4}},
    },
}


def full():
    """Returns plain data with every field, of the caller's own."""
    return copy.deepcopy(PLAIN)


def one_line(caught):
    return "\n" not in str(caught.value)


def test_toml_round_trip_keeps_every_field(tmp_path):
    given = Recipe.from_dict(full())
    assert given.to_dict() == PLAIN
    assert tomllib.loads(given.to_toml()) == PLAIN
    given.save(tmp_path / "a.toml")
    assert Recipe.load(tmp_path / "a.toml") == given
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]


def test_fields_that_are_not_set_are_not_written():
    data = Recipe().to_dict()
    assert "image_size" not in data and "steps_per_epoch" not in data
    assert Recipe.from_dict(data) == Recipe()


@pytest.mark.parametrize("name", ganzoo.list_variants())
def test_resolving_is_stable_for_every_variant(name, tmp_path):
    resolved = Recipe(model=name).resolved()
    resolved.save(tmp_path / "a.toml")
    assert copy.deepcopy(resolved).resolved() == resolved
    again = Recipe.load(tmp_path / "a.toml").resolved()
    assert differences(resolved, again) == [] and again == resolved


@pytest.mark.parametrize("name", ["wgan_gp", "acgan", "imle", "stylegan2", "unrolled", "vaegan"])
def test_a_resolved_recipe_makes_the_canonical_variant(name, tmp_path):
    resolved = Recipe(model=name).replace({"width": 4, "latent_dim": 16}).resolved()
    resolved.save(tmp_path / "a.toml")
    loaded = Recipe.load(tmp_path / "a.toml")
    labels = {"num_classes": 3} if gans.takes_labels(name) else {}
    gan = gans.create(name, (8, 8, 1), **labels, **loaded.architecture, **loaded.learning)
    canonical = gans.create(name, (8, 8, 1), **labels, width=4, latent_dim=16)
    for side in ("g_optimizer", "d_optimizer"):
        made, meant = (described(getattr(g, side)) for g in (gan, canonical))
        assert made | {"name": ""} == meant | {"name": ""}
    assert type(gan.loss) is type(canonical.loss)
    assert described(gan.loss) == described(canonical.loss)
    assert gan.n_critic == canonical.n_critic and gan.ema.decay == canonical.ema.decay
    assert [(type(p), p.weight, p.interval) for p in gan.penalties] == [
        (type(p), p.weight, p.interval) for p in canonical.penalties
    ]
    assert gan.latent_dim == 16
    ours, theirs = (networks_of(g.generator) for g in (gan, canonical))
    assert [n.count_params() for n in ours] == [n.count_params() for n in theirs]


def described(part) -> dict:
    """Returns the config of a part, or nothing where a variant has none."""
    return part.get_config() if part is not None else {}


def test_resolving_writes_every_default_out_and_keeps_what_was_given():
    resolved = Recipe.from_dict(full()).resolved()
    assert resolved.architecture == PLAIN["architecture"]
    learning = resolved.learning
    assert {"d_optimizer", "n_critic"} <= learning.keys()
    assert learning["n_critic"] == 5
    assert learning["ema"] == {"class_name": "EMA", "config": {"decay": 0.99, "side": "g"}}
    assert [p["class_name"] for p in learning["penalties"]] == ["R1", "DRAGAN"]
    assert learning["penalties"][0]["config"]["weight"] == 2.0
    assert learning["penalties"][1]["config"]["weight"] == 10.0
    assert learning["loss"]["config"]["flip"] == 0.1
    assert learning["g_optimizer"]["config"]["learning_rate"] == 3e-4
    # The rest is as given.
    for key in ("model", "dataset", "image_size", "steps", "seed", "precision"):
        assert getattr(resolved, key) == PLAIN[key]


def test_one_penalty_needs_no_list():
    resolved = Recipe(learning={"penalties": "r1"}).resolved()
    assert [p["class_name"] for p in resolved.learning["penalties"]] == ["R1"]


def test_no_penalties_is_a_choice():
    resolved = Recipe(model="wgan_gp", learning={"penalties": []}).resolved()
    assert resolved.learning["penalties"] == []


def test_resolving_leaves_the_recipe_alone():
    given = Recipe.from_dict(full())
    given.resolved()
    assert given.to_dict() == PLAIN


def test_building_leaves_the_recipe_alone(tmp_path):
    """A second `run.train` with the same recipe finds the run that the first one began."""
    given = Recipe().resolved()
    run.claim(tmp_path, given)
    gans.create("gan", (8, 8, 1), width=4, latent_dim=4, **given.learning)
    run.claim(tmp_path, given)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_precision_is_resolved(precision, monkeypatch):
    monkeypatch.setattr("ganzoo.training.precision.has_bfloat16", lambda: True)
    assert Recipe(precision=precision).resolved().precision == precision
    assert Recipe().resolved().precision == "mixed_bfloat16"


def test_a_switch_may_be_written_as_in_python():
    for written, meant in (("True", True), ("False", False), (True, True)):
        made = Recipe(model="distilled").replace({"fresh_latents": written})
        assert made.resolved().learning["fresh_latents"] is meant


@pytest.mark.parametrize(
    "data, message",
    [
        ({"modle": "gan"}, "Did you mean 'model'"),
        ({"batchsize": 3}, "Did you mean 'batch_size'"),
        ({"architecture": {"widht": 3}}, "architecture.*Did you mean 'width'"),
        ({"learning": {"penalty": []}}, "learning.*Did you mean 'penalties'"),
        ({"architecture": 3}, "architecture: expected a table"),
        ({"learning": []}, "learning: expected a table"),
        (
            {"model": "distilled", "learning": {"fresh_latents": "--augment=ada"}},
            "fresh_latents: expected true or false, got .--augment=ada",
        ),
        (
            {"model": "bigan", "architecture": {"stochastic": "maybe"}},
            "stochastic: expected true or false",
        ),
        ({"steps": "many"}, "steps: expected int, got 'many'"),
        ({"steps": 1.5}, "steps: expected int, got 1.5"),
        ({"steps": True}, "steps: expected int, got True"),
        ({"model": 3}, "model: expected str, got 3"),
        ({"image_size": "32"}, "image_size: expected .*int.*, got '32'"),
        ({"channels": "rgb"}, "channels: expected .*int.*, got 'rgb'"),
        ({"steps": 0}, "steps: expected at least 1"),
        ({"batch_size": -1}, "batch_size: expected at least 1"),
        ({"steps_per_epoch": 0}, "steps_per_epoch: expected at least 1"),
        ({"steps": 10, "steps_per_execution": 4}, "multiple of steps_per_execution=4"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_does_not_fit_is_one_line(data, message):
    with pytest.raises(InputError, match=message) as caught:
        Recipe.from_dict(data)
    assert one_line(caught)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": "dcgann"}, "Did you mean 'dcgan'"),
        ({"style": 0.1}, "dcgan 'style'"),  # a key of vaegan alone
        ({"precision": "bfloat16"}, "Did you mean 'mixed_bfloat16'"),
        ({"loss": "hingee"}, "Did you mean 'hinge'"),
        ({"loss": {"class_name": "Hinge", "config": {"flip": 3}}}, "flip"),
        ({"penalties": ["r11"]}, "Did you mean 'r1'"),
        ({"penalties": 3}, "penalt"),
        ({"ema": 1.5}, "decay"),
        ({"replay": -1}, "capacity"),
        ({"n_critic": "two"}, "n_critic"),
        ({"n_critic": 1.5}, "n_critic"),
        ({"g_optimizer": "adamm"}, "g_optimizer"),
        ({"g_optimizer": {"class_name": "Adam", "config": {"rate": 1e-3}}}, "g_optimizer"),
    ],
)
def test_what_a_variant_does_not_take_is_one_line(changes, message):
    with pytest.raises(InputError, match=message) as caught:
        Recipe().replace(changes).resolved()
    assert one_line(caught)


@pytest.mark.parametrize(
    "arguments", [{"clip": -1.0}, {"clip": "much"}, {"width": 0}, {"width": True}]
)
def test_what_a_variant_cannot_be_built_with_is_one_line(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))) as caught:
        gans.create("wgan", (8, 8, 1), **({"width": 4, "latent_dim": 4} | arguments))
    assert one_line(caught)


@pytest.mark.parametrize(
    "text, message",
    [
        ("steps = = 3", "no TOML"),
        ('modle = "gan"', "Did you mean 'model'"),
        ("steps = 0", "at least"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path, text, message):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        Recipe.load(tmp_path / "a.toml")
    assert "a.toml" in str(caught.value) and one_line(caught)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x01")
    for path in (tmp_path, tmp_path / "none.toml", tmp_path / "binary.toml"):
        with pytest.raises(InputError) as caught:
            Recipe.load(path)
        assert str(path) in str(caught.value) and one_line(caught)


def test_replace_takes_flags_and_dotted_paths():
    given = Recipe.from_dict(full())
    changed = given.replace(
        {
            "steps": 8,
            "width": 64,
            "ema": 0.5,
            "learning.n_critic": 2,
            "learning.g_optimizer.config.learning_rate": 1e-4,
            "architecture.latent_dim": 3,
            "learning.d_optimizer.class_name": "SGD",
        }
    )
    assert (changed.steps, changed.architecture) == (8, {"width": 64, "latent_dim": 3})
    assert changed.learning["ema"] == 0.5 and changed.learning["n_critic"] == 2
    assert changed.learning["g_optimizer"] == {
        "class_name": "Adam", "config": {"learning_rate": 1e-4},
    }  # fmt: skip
    assert changed.learning["d_optimizer"] == {"class_name": "SGD"}
    assert changed.learning["loss"] == PLAIN["learning"]["loss"]
    assert given.to_dict() == PLAIN  # untouched, to its depths


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"stepss": 3}, "Did you mean 'steps'"),
        ({"learning.emma": 3}, "Did you mean 'ema'"),
        ({"lerning.ema": 3}, "Did you mean 'learning'"),
        ({"steps.deep": 3}, "steps is not a table"),
        ({"learning.loss.config.flip.x": 3}, "flip is not a table"),
        ({"learning.penalties.weight": 3}, "penalties is not a table"),
        ({"steps": "3"}, "steps: expected int"),
    ],
)
def test_replace_refuses_in_one_line(changes, message):
    with pytest.raises(InputError, match=message) as caught:
        Recipe.from_dict(full()).replace(changes)
    assert one_line(caught)


def test_every_key_of_a_recipe_is_a_flag_with_help():
    fields = {field.name for field in recipe.dataclasses.fields(Recipe)}
    assert fields - set(TABLES) == set(recipe.meanings())
    text = flags.help_text("")
    for name in flags.keys():
        assert f"--{name} " in text, name


@pytest.mark.parametrize("name", ganzoo.list_variants())
def test_every_hyperparameter_of_a_variant_is_a_key_and_has_a_meaning(name):
    resolved = Recipe(model=name).resolved()
    known = gans.hyperparameters(name)
    for table in TABLES:
        assert set(getattr(resolved, table)) <= {k for k, v in known.items() if v.table == table}
    for parameter in known.values():
        assert parameter.meaning.endswith(".") and parameter.meaning[0].isupper(), parameter
    assert known.keys() <= set(flags.keys())


def test_differences_name_what_changed_and_how():
    old = Recipe.from_dict(full())
    assert differences(old, Recipe.from_dict(full())) == []
    new = old.replace({"steps": 8, "learning.loss.config.flip": 0.2, "noise": 0.1})
    assert differences(old, new) == [
        "steps: 1200 -> 8",
        "learning.loss.config.flip: 0.1 -> 0.2",
        "architecture.noise: None -> 0.1",
    ]
    assert differences(new, old)[0] == "steps: 8 -> 1200"


def test_a_run_directory_of_another_recipe_is_refused_with_the_differences(tmp_path):
    run.claim(tmp_path, Recipe(steps=5))  # a start that failed: there is nothing to lose
    run.claim(tmp_path, Recipe())
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000004.json").write_text("{}")
    run.claim(tmp_path, Recipe())
    with pytest.raises(InputError, match="steps: 2000 -> 8"):
        run.claim(tmp_path, Recipe(steps=8))
    with pytest.raises(InputError, match="batch_size: 64 -> 8"):
        run.claim(tmp_path, Recipe(steps=4000, batch_size=8))
    assert Recipe.load(tmp_path / "recipe.toml") == Recipe()
    (tmp_path / "summary.json").write_text("{}")
    run.claim(tmp_path, Recipe(steps=4000))  # goes on
    assert Recipe.load(tmp_path / "recipe.toml").steps == 4000
    assert not (tmp_path / "summary.json").exists()  # of the end that is none anymore


@pytest.mark.parametrize(
    "text, value",
    [
        ("2e-4", 2e-4),
        ("12", 12),
        ("true", True),
        ("hinge", "hinge"),
        ('"hinge"', "hinge"),
        ("[]", []),
        ('["r1"]', ["r1"]),
        ("[32, 48]", [32, 48]),
        ('{class_name="SGD", config={}}', {"class_name": "SGD", "config": {}}),
        ("folder:/a b", "folder:/a b"),
        ("ring8", "ring8"),
        ("", ""),
    ],
)  # fmt: skip
def test_value_of_a_flag_is_toml_or_text(text, value):
    found = value_of(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("rate", [2e-4, 1e-4, 5e-5, 0.1, 3e-4, 0.0002123])
def test_spec_shortens_what_optimizers_store_in_float32(rate):
    optimizer = keras.optimizers.Adam(rate, beta_1=0.5)
    assert spec(optimizer) == {
        "class_name": "Adam", "config": {"learning_rate": rate, "beta_1": 0.5},
    }  # fmt: skip
    text = Recipe(learning={"g_optimizer": spec(optimizer)}).to_toml()
    assert f"{rate!r}\n" in text or f"{rate:g}" in text
    again = keras.optimizers.get(spec(optimizer))
    assert np.float32(again.learning_rate) == np.float32(rate)


def test_spec_of_parts_makes_equal_parts():
    for part, get in [
        (losses.NonSaturating(real_label=0.9, flip=0.1), losses.get),
        (penalties.R1(2.5, interval=16), penalties.get),
        (ema.EMA(0.99), ema.get),
    ]:
        data = spec(part)
        assert tomllib.loads(recipe.tomli_w.dumps(data)) == data
        again = get(data)
        assert type(again) is type(part)
        assert spec(again) == data
    assert spec(losses.NonSaturating(real_label=0.9))["config"]["real_label"] == 0.9
    assert spec([1, "a", losses.Hinge()]) == [
        1,
        "a",
        {"class_name": "Hinge", "config": {"flip": 0.0}},
    ]


def test_label_ranges_survive_toml(tmp_path):
    given = Recipe(
        learning={"loss": {"class_name": "NonSaturating", "config": {"real_label": [0.7, 1.2]}}}
    )
    resolved = given.resolved()
    resolved.save(tmp_path / "a.toml")
    assert Recipe.load(tmp_path / "a.toml").resolved() == resolved


def test_a_learning_rate_schedule_can_be_written_and_resolved_again(tmp_path):
    rate = {
        "module": "keras.optimizers.schedules",
        "class_name": "CosineDecay",
        "config": {"initial_learning_rate": 2e-4, "decay_steps": 100},
    }
    optimizer = {"class_name": "Adam", "config": {"learning_rate": rate}}
    resolved = Recipe(learning={"g_optimizer": optimizer}).resolved()
    resolved.save(tmp_path / "a.toml")
    again = Recipe.load(tmp_path / "a.toml").resolved()
    assert differences(resolved, again) == []
    made = keras.optimizers.get(again.learning["g_optimizer"])
    assert float(made._learning_rate(50)) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("model", "name"), [("dcgan", "ema"), ("cyclegan", "replay"), ("wgan", "clip"),
                        ("unrolled", "unroll"), ("sgan", "d_ema")],
)  # fmt: skip
def test_what_is_switched_off_stays_off(model, name, tmp_path):
    """Though it is on by default: in a recipe, and in a saved model."""
    resolved = Recipe(model=model).replace({name: 0, "width": 4}).resolved()
    assert resolved.learning[name] == 0 and resolved.resolved() == resolved
    labels = {"num_classes": 3} if gans.takes_labels(model) else {}
    small = {"blocks": 1} if model == "cyclegan" else {}
    gan = gans.create(
        model, (8, 8, 1), **labels, **(resolved.architecture | small), **resolved.learning
    )
    gan.save(tmp_path / "gan.keras")
    for each in (gan, keras.saving.load_model(tmp_path / "gan.keras")):
        assert not getattr(each, name)
