"""The failure monitor: each failure by a series that shows it, and silence on those that do not."""

import json

import keras
import numpy as np
import pytest

import ganzoo
from ganzoo import callbacks
from ganzoo.callbacks import advice, diagnosis
from ganzoo.errors import InputError
from ganzoo.training.recipe import Recipe, value_of

CHANCE = diagnosis.Chance(1.386, 0.693)
RNG = np.random.default_rng(0)


def windows(count=40, **series):
    """Returns windows of a healthy run, with some of the logs replaced; a run is 100 of them."""
    rng = np.random.default_rng(1)
    logs = {
        "d_adv": 1.2 + 0.1 * rng.normal(size=count),
        "g_adv": 0.9 + 0.1 * rng.normal(size=count),
        "d_grad_norm": 2.0 + 0.1 * rng.normal(size=count),
        "g_grad_norm": 1.0 + 0.1 * rng.normal(size=count),
    }
    logs |= {name: np.broadcast_to(values, count) for name, values in series.items()}
    return [
        {"step": 10 * (i + 1)} | {k: float(v[i]) for k, v in logs.items()} for i in range(count)
    ]


def looks(count=12, first=160, **values):
    usual = {"distance": 0.1, "diversity": 0.9, "bins": 0.9, "turnover": 0.3} | values
    usual = {name: np.broadcast_to(value, count) for name, value in usual.items()}
    return [
        {"step": first + 20 * i} | {name: float(v[i]) for name, v in usual.items()}
        for i in range(count)
    ]


def found(rows, seen=()):
    return diagnosis.found(rows, list(seen), CHANCE, 1000)


def late(value, usual=1.0, count=40, last=5):
    return np.r_[np.full(count - last, usual), np.full(last, value)]


@pytest.mark.parametrize(
    ("series", "failure"),
    [
        ({"d_adv": late(np.nan)}, "nan"),
        ({"g_grad_norm": late(np.inf)}, "nan"),
        ({"d_adv": late(-500.0)}, "divergence"),
        ({"g_adv": late(1e4)}, "divergence"),
        ({"d_adv": late(0.01)}, "d_wins"),
        ({"g_adv": late(0.01)}, "d_fooled"),
        ({"g_grad_norm": late(1e-5)}, "no_gradient"),
        ({"d_grad_norm": late(500.0)}, "large_gradient"),
        ({"d_adv": np.r_[np.full(30, 1.2), 1.2 + 3 * RNG.normal(size=10)]}, "unstable"),
        ({"d_adv": 1.5 + 1.4 * np.sign(np.sin(1.3 * np.arange(40)))}, "oscillation"),
    ],
)
def test_a_failure_is_seen_in_the_logs(series, failure):
    assert failure in found(windows(**series))


@pytest.mark.parametrize(
    ("values", "failure"),
    [
        ({"diversity": 0.02, "bins": 0.05}, "collapse"),
        ({"bins": 0.2}, "missing_modes"),
        ({"bins": 0.5, "turnover": 0.9}, "rotation"),
        ({"distance": 1.2}, "stalled"),
        ({"distance": [0.9, 0.7, 0.9, 0.4, 0.2, 0.5, 0.4, 0.2, 0.6, 0.2, 0.7, 0.5]}, "relapse"),
    ],
)
def test_a_failure_is_seen_in_the_samples(values, failure):
    assert list(found(windows(), looks(**values))) == [failure]


@pytest.mark.parametrize(
    ("logs", "values", "failure"),
    [
        ({"d_adv": 0.15}, {}, "d_wins"),
        ({}, {"bins": 0.5}, "missing_modes"),
        ({}, {"bins": 0.5, "turnover": [0.7, 0.9, 0.8] * 4}, "rotation"),
        ({}, {"bins": 0.7, "turnover": 0.9}, "relapse"),
    ],
)
def test_what_makes_samples_worse_is_named(logs, values, failure):
    worse = {"distance": [0.9, 0.7, 0.9, 0.4, 0.2, 0.5, 0.4, 0.2, 0.6, 0.2, 0.7, 0.5]}
    seen = found(windows(**logs), looks(**worse, **values))
    assert list(seen) == [failure] and "the distance of samples to the data is 0.5" in seen[failure]


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (windows(), looks()),
        (windows(d_adv=late(0.01, last=2)), ()),  # it may pass
        (windows(5, d_adv=0.01), ()),  # as it begins
        (windows(14), looks(6, first=0, diversity=0.0)),  # samples have no form yet
        (windows(), looks(bins=0.95, turnover=0.95)),  # many kinds: not rotating but varied
        (windows(), looks(bins=0.1, distance=np.geomspace(1.0, 0.3, 12))),  # slow, but improving
        (
            windows(),
            looks(distance=[0.9, 0.7, 0.5, 0.4, 0.2, 0.1, 0.06, 0.1, 0.2, 0.1, 0.2, 0.1]),
        ),  # small
        ([], ()),
    ],
)
def test_what_is_no_failure_is_passed_over(rows, seen):
    assert found(rows, seen) == {}


def test_every_failure_has_words_and_a_place_in_the_guide():
    from pathlib import Path

    guide = (Path(ganzoo.__file__).parent.parent / "docs" / "guide.md").read_text()
    for name, failure in diagnosis.FAILURES.items():
        assert failure.title and failure.cause and failure.tricks
        assert f"## {name.replace('_', '-')}" in guide


def test_a_look_knows_copies_from_variety():
    real = RNG.normal(size=(96, 3))
    same = diagnosis.look(RNG.normal(size=(64, 3)), real)
    assert same["diversity"] == pytest.approx(1.0, abs=0.15) and same["bins"] > 0.8
    assert same["distance"] == pytest.approx(0.0, abs=0.1)
    far = diagnosis.look(RNG.normal(size=(64, 3)) + 10.0, real)
    assert far["distance"] > 5.0
    copies = diagnosis.look(np.repeat(real[:1], 64, axis=0), real)
    assert copies["diversity"] < 0.01 and copies["bins"] < 0.1
    moved = diagnosis.look(np.repeat(real[1:2], 64, axis=0), real, copies["nearest"])
    assert moved["turnover"] == 1.0


# --- what it advises


R1 = {"class_name": "R1", "config": {"weight": 0.5}}
ROWS = [
    {"title": "hinge loss", "changes": {"loss": "hinge"}, "recovered": 9, "of": 9},
    {"title": "slower", "changes": None, "recovered": 8, "of": 9},
    {"title": "packing", "changes": {"pack": 2}, "recovered": 7, "of": 9},
    {"title": "R1", "changes": {"penalties": [R1]}, "recovered": 6, "of": 9},
]


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(advice, "cures", lambda: {"collapse": ROWS})


def test_advice_begins_with_the_measured_cures_that_the_game_does_not_have(measured):
    gan = ganzoo.create("gan", (2,), width=4)
    flag = "--penalties='[{class_name=\"R1\", config={weight=0.5}}]'"
    assert advice.tricks("collapse", gan) == [
        "hinge loss: --loss=hinge (9 of 9 games recovered)",
        "slower (8 of 9 games recovered)",
        "packing: --pack=2 (7 of 9 games recovered)",
        f"R1: {flag} (6 of 9 games recovered)",
    ]
    assert value_of(flag.partition("=")[2].strip("'")) == [R1]  # it can be typed
    hinge = ganzoo.create("gan", (2,), width=4, loss="hinge", penalties=["r1"])
    assert [said.split(" (")[0] for said in advice.tricks("collapse", hinge)[:2]] == [
        "slower", "packing: --pack=2",
    ]  # fmt: skip
    assert advice.tricks("nan", gan) == list(diagnosis.FAILURES["nan"].tricks)


def test_a_cure_changes_only_how_a_game_is_trained(measured):
    assert advice.cure("collapse", ganzoo.create("gan", (2,), width=4)) == ROWS[0]
    hinge = ganzoo.create("gan", (2,), width=4, loss="hinge")
    assert advice.cure("collapse", hinge) == ROWS[3]  # neither without changes nor of networks
    assert advice.cure("nan", hinge) is None
    assert advice.cure("collapse", hinge, ["R1"]) is None
    began = ganzoo.create("began", (8, 8, 1), width=4)
    assert advice.cure("collapse", began) == ROWS[3]  # it has no loss that could be replaced


def test_a_run_is_cured_three_times_at_most_and_by_different_cures(measured, tmp_path):
    gan, folder = ganzoo.create("gan", (2,), width=4), tmp_path
    for title, cured in (("hinge loss", "R1"), ("wide", "R1"), ("slow", None)):
        (folder / "cure.json").write_text(json.dumps({"title": title}))
        folder = folder / "cured"
        folder.mkdir()
        monitor = callbacks.FailureMonitor(directory=folder, on_failure="cure")
        monitor.set_model(gan)
        monitor._cure({"collapse": "shown"}, 5)
        note = folder / "cure.json"
        assert (json.loads(note.read_text())["title"] if note.exists() else None) == cured


def test_the_measured_cures_are_recipes_of_known_failures():
    for failure, rows in advice.cures().items():
        assert failure in diagnosis.FAILURES
        for row in rows:
            assert 0 < row["recovered"] <= row["of"] and row["title"]
            Recipe(model="gan").replace(row["changes"] or {}).resolved()


# --- the callback


def broken(**learning):
    keras.utils.set_random_seed(0)
    d_optimizer = keras.optimizers.SGD(1e6)
    return ganzoo.create("lsgan", (2,), width=8, d_optimizer=d_optimizer, **learning)


def fit(gan, monitor, epochs=2, **kwargs):
    data = ganzoo.data.load("ring8", batch_size=8, seed=0, repeat=True)
    gan.fit(data, steps_per_epoch=50, epochs=epochs, verbose=0, callbacks=[monitor], **kwargs)


def test_a_broken_run_gets_an_alarm_that_names_the_cause(tmp_path, capsys):
    monitor = callbacks.FailureMonitor(directory=tmp_path, on_failure="stop")
    gan = broken()
    fit(gan, monitor)
    (alarm, *_) = [json.loads(x) for x in (tmp_path / "alarms.jsonl").read_text().splitlines()]
    assert alarm["failure"] in ("nan", "divergence") and int(gan.step) < 20
    assert "D's learning rate, 1e+06, is" in alarm["cause"]
    said = capsys.readouterr().out
    assert "ALARM at step" in said and said.count("cause") == 1 and alarm["evidence"] in said


def test_a_rollback_goes_on_from_the_best_checkpoint_with_half_the_rate(tmp_path):
    gan = ganzoo.create("lsgan", (2,), width=8, d_optimizer=keras.optimizers.SGD(1e-3))
    checkpoint = callbacks.Checkpoint(tmp_path)
    monitor = callbacks.FailureMonitor(on_failure="rollback", checkpoint=checkpoint)
    data = ganzoo.data.load("ring8", batch_size=8, seed=0, repeat=True)
    gan.fit(data, steps_per_epoch=10, epochs=1, verbose=0, callbacks=[checkpoint])
    good = [w.numpy() for w in gan.weights]
    gan.discriminator.layers[-1].kernel.assign_add(
        np.full_like(gan.discriminator.layers[-1].kernel, np.nan)
    )
    fit(gan, monitor, epochs=1)
    assert monitor.seen["alarms"][0]["rolled_back_to"] == 10
    assert np.isfinite(np.concatenate([w.numpy().ravel() for w in gan.weights])).all()
    assert len(good) == len(gan.weights) and int(gan.step) == 60
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(5e-4)


def test_what_was_seen_is_taken_up_again(tmp_path):
    """A run that is resumed after an epoch sees what the uninterrupted one sees."""
    whole = callbacks.FailureMonitor(RNG.normal(size=(96, 2)))
    gan = broken()
    gan.d_optimizer.learning_rate = 1e-3
    fit(gan, whole)
    keras.utils.set_random_seed(0)
    gan = broken()
    gan.d_optimizer.learning_rate = 1e-3
    real = whole.real
    data = ganzoo.data.load("ring8", batch_size=8, seed=0, repeat=True)
    gan.fit(data, steps_per_epoch=50, epochs=2, verbose=0, callbacks=[
        callbacks.FailureMonitor(real, tmp_path),
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: setattr(gan, "stop_training", True)
        ),
    ])  # fmt: skip
    assert int(gan.step) == 50
    again = callbacks.FailureMonitor(real, tmp_path)
    data = ganzoo.data.load("ring8", batch_size=8, seed=0, repeat=True, start_batch=50)
    gan.fit(data, steps_per_epoch=50, epochs=2, initial_epoch=1, verbose=0, callbacks=[again])
    assert again.seen["windows"][-1] == whole.seen["windows"][-1]
    assert len(again.seen["looks"]) == len(whole.seen["looks"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on_failure": "stopp"}, "stop"),
        ({"on_failure": "rollback"}, "checkpoint"),
        ({"on_failure": "cure"}, "directory"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        callbacks.FailureMonitor(**arguments)
