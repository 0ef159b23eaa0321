"""Sequences: drawing, roll-outs, the oracle, the poems, BLEU, and SeqGAN's parts."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import ganzoo
from ganzoo import cli, data, metrics, random, testing
from ganzoo.data import oracle, quatrains
from ganzoo.errors import InputError
from ganzoo.inference import rollouts, sequences
from ganzoo.metrics import spaces
from ganzoo.training import run
from ganzoo.training.recipe import Recipe
from ganzoo.training.summary import closing_words

NOISE = {"class_name": "InstanceNoise", "config": {"stddev": 0.1, "steps": 5}}


def counting(vocabulary=7):
    """Returns a generator that is certain: the next token is the last one plus the steps so far."""
    tokens, steps = keras.Input((), dtype="int32"), keras.Input((1,))
    sums = (ops.cast(tokens, "float32") + steps[:, 0]) % vocabulary
    logits = -100.0 * ops.abs(ops.arange(vocabulary, dtype="float32")[None] - sums[:, None])
    return keras.Model([tokens, steps], [logits, steps + 1.0])


def seqgan(**learning):
    parts = {"pretrain": 1, "d_pretrain": 1, "roll_outs": 2, "n_critic": 1} | learning
    return ganzoo.create("seqgan", (5,), vocabulary=7, width=4, seed=3, run_eagerly=True, **parts)


@pytest.mark.parametrize("vocabulary", [5, 11, 12])
def test_tokens_are_chosen_as_often_as_they_are_likely(vocabulary):
    logits = np.random.default_rng(0).normal(size=(1, vocabulary)).astype("float32")
    logits[0, 3] = -np.inf
    uniform = (np.arange(20_000, dtype="float32") + 0.5) / 20_000
    found = ops.convert_to_numpy(sequences.choose(np.repeat(logits, 20_000, 0), uniform))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    np.testing.assert_allclose(
        np.bincount(found, minlength=vocabulary) / 20_000, expected, atol=2e-4
    )
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("length", [2, 5, 6])
def test_roll_outs_go_on_from_each_prefix(length):
    network = counting()
    tokens = tf.constant(np.random.default_rng(0).integers(0, 7, (3, length)), "int32")
    with random.scope(random.key(0)):
        whole = rollouts.completed(network, tokens, 2).numpy()
    assert whole.shape == (length - 1, 6, length)
    given = np.repeat(tokens.numpy(), 2, axis=0)
    for prefix in range(1, length):
        expected = given.copy()
        for place in range(prefix, length):  # `place` steps were made before
            expected[:, place] = (expected[:, place - 1] + place) % 7
        np.testing.assert_array_equal(whole[prefix - 1], expected)


def test_drawing_and_reading_agree():
    sampler = sequences.Sequences(counting(), 4)
    drawn = sampler.sample(3, seed=1)
    assert drawn.tolist() == [[0, 1, 3, 6]] * 3  # from 7: 7 + 0, then + 1, + 2, + 3, modulo 7
    likely = sequences.log_likelihood(sampler.network, drawn)
    np.testing.assert_allclose(likely, np.zeros((3, 4)), atol=1e-5)
    gan = seqgan()
    assert (gan.sample(9, seed=2)[:4] == gan.sample(4, seed=2)).all()
    assert (gan.sample(4, seed=3) != gan.sample(4, seed=2)).any()
    with pytest.raises(InputError, match="num and batch_size"):
        gan.sample(0)


def test_text():
    assert sequences.text(np.array([[1, 0]]), ("a", "b")) == ["ba"]
    assert sequences.text(np.array([[1, 0]]), ("no", "b")) == ["b no"]
    assert sequences.text(np.array([[1, 0]]), None) == ["1 0"]


def test_the_parts_follow_each_other():
    real = np.random.default_rng(0).integers(0, 7, (16, 5)).astype("int32")
    gan = seqgan()
    before = testing.values(testing.weights_of(gan.generator))
    logs = [
        set(gan.fit(real, batch_size=4, steps_per_epoch=1, verbose=0).history) for _ in range(3)
    ]
    assert logs[0] == {"g_mle", "g_grad_norm"}
    assert logs[1] == {"d_adv", "d_grad_norm"}
    assert logs[2] == {"d_adv", "d_grad_norm", "g_policy", "g_grad_norm"}
    assert testing.differ(before, testing.values(testing.weights_of(gan.generator)))
    assert gan.picture({"real": real}, 8).shape == (8, 5, 1)


@pytest.mark.parametrize("execution", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_optimizer_begins_the_policy_anew(execution):
    real = np.random.default_rng(0).integers(0, 7, (16, 5)).astype("int32")
    adam = keras.optimizers.Adam(0.03)
    gan = seqgan(g_optimizer=adam, pretrain=2, d_pretrain=2, steps_per_execution=execution)
    turns = []
    for _ in range(8 // execution):
        gan.fit(real, batch_size=4, steps_per_epoch=execution, verbose=0)
        turns.append(int(gan.g_optimizer.iterations.numpy()))
    assert turns == {1: [1, 2, 2, 2, 1, 2, 3, 4], 2: [2, 2, 2, 4]}[execution]
    assert float(gan.g_optimizer.learning_rate.numpy()) == pytest.approx(0.03)


def test_rewards_are_verdicts_and_the_policy_moves_to_them():
    gan = seqgan(roll_outs=3)
    tokens = tf.constant(gan.sample(4))
    gan.discriminator.set_weights([0 * w for w in gan.discriminator.get_weights()])
    with random.scope(random.key(0)):
        np.testing.assert_allclose(gan.rewards(tokens), np.full((4, 5), 0.5))
    gan.rewards = lambda tokens: ops.cast(tokens == 2, "float32")  # the more of 2 the better
    gan.compile(keras.optimizers.Adam(0.05), pretrain=0, d_pretrain=0)
    for turn in range(15):
        with random.scope(random.key(turn)), tf.GradientTape() as tape:
            gan.generator_step({"fake": sequences.draw(gan.generator, 64, 5)}, tape)
    assert (gan.sampler_of(gan.generator).sample(100) == 2).mean() > 0.4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"roll_outs": 0}, "roll_outs >= 1"),
        ({"augment": NOISE}, "augment is for images"),
        ({"replay": 16}, "replay is for images"),
        ({"penalties": ["r1"]}, "penalties is for images"),
        ({"loss": "relativistic"}, "not relative"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        seqgan(**given)


def test_the_oracle_says_what_it_is(few):
    info = data.info("oracle", "test")
    assert (info.name, info.split, info.num_examples) == ("oracle", "test", 128)


def test_a_split_of_the_oracle_is_always_the_same(monkeypatch):
    monkeypatch.setattr(oracle, "COUNT", 2)
    splits = {"train": [2674, 4078, 254, 4062], "test": [4363, 739, 2399, 2094]}
    for split, start in splits.items():
        np.testing.assert_array_equal(oracle._sequences.__wrapped__(split)[0, :4], start)


def test_the_oracle():
    judge = oracle.oracle()
    own = judge.sample(100, 5)
    assert own.shape == (100, 20) and own.dtype == np.int32 and 0 <= own.min() <= own.max() < 5000
    np.testing.assert_array_equal(own[:30], judge.sample(100, 5)[:30])
    rows = [judge.nll(row[None]) for row in own]
    assert judge.nll(own) == pytest.approx(np.mean(rows), rel=1e-6)
    uniform = np.random.default_rng(0).integers(0, 5000, (100, 20))
    assert 5.5 < judge.nll(own) < 6.2 and 11.0 < judge.nll(uniform) < 11.6
    with pytest.raises(InputError, match="the oracle takes integer tokens"):
        judge.nll(own[:, :3])


def test_bleu_is_that_of_the_literature():
    # The example of Papineni et al., 2002; the figures are those in NLTK's documentation.
    candidate = (
        "It is a guide to action which ensures that the military always obeys the commands of the "
        "party"
    ).split()
    references = [
        "It is a guide to action that ensures that the military will forever heed Party commands",
        "It is the guiding principle which guarantees the military forces always being under the "
        "command of the Party",
        "It is the practical guide for the army always to heed the directions of the party",
    ]
    references = [line.split() for line in references]
    assert metrics.bleu([candidate], references, 4) == pytest.approx(0.5045666840058485)
    assert metrics.bleu([["the"] * 7], [["the", "cat", "is", "on", "the", "mat"]], 1) == (
        pytest.approx(2 / 7)
    )
    tokens = np.arange(12).reshape(3, 4)
    assert metrics.bleu(tokens, tokens, 3) == pytest.approx(1.0)
    distance = spaces.get("bleu").distance
    assert distance(tokens, tokens) == pytest.approx(
        {"bleu_gap": 0.0, "bleu_2": 1.0, "bleu_3": 1.0, "bleu_4": 1.0}
    )
    assert distance(tokens, tokens + 100)["bleu_gap"] == 1.0
    assert metrics.bleu(tokens, tokens + 100, 2) == 0.0
    assert metrics.bleu([[1, 2]], [[1, 2, 3, 4]], 1) == pytest.approx(np.exp(-1))
    with pytest.raises(InputError, match="expected samples"):
        metrics.bleu([], tokens)


def test_poems_are_imported(tmp_path, monkeypatch):
    lines = ["一二三四五，六七八九十。", "甲乙丙丁戊，己庚辛壬癸。"]
    poems = [{"paragraphs": lines}, {"paragraphs": lines[:1]}, {"paragraphs": [lines[1], lines[0]]}]
    folder = tmp_path / "package" / "dist" / "quantangshi"
    folder.mkdir(parents=True)
    (folder / "poet.tang.0.json").write_text(json.dumps(poems), "utf-8")
    with pytest.raises(InputError, match="the 2 quatrains"):
        data.import_files("quatrains", str(tmp_path), str(tmp_path / "data"))
    with pytest.raises(InputError, match="quatrains is not imported"):
        data.info("quatrains", data_dir=str(tmp_path / "data"))
    digest = "b3" * 32
    monkeypatch.setattr(quatrains, "SHA256", digest)
    monkeypatch.setattr(quatrains.hashlib, "sha256", lambda text: _Digest(digest))
    monkeypatch.setattr(quatrains, "_TEST", 1)
    done = data.import_files("quatrains", str(tmp_path), str(tmp_path / "data"))
    assert "1 training and 1 test poems of 20 characters" in done
    info = data.info("quatrains", data_dir=str(tmp_path / "data"))
    assert info.image_shape == (20,) and len(info.vocabulary) == 20
    rows, _ = data.arrays("quatrains", data_dir=str(tmp_path / "data"))
    assert sorted("".join(sequences.text(rows, info.vocabulary))) == sorted(info.vocabulary)
    with pytest.raises(InputError, match="no poet"):
        quatrains.import_files(str(tmp_path / "data"))


class _Digest:
    def __init__(self, text):
        self.text = text

    def hexdigest(self):
        return self.text


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(oracle, "COUNT", 128)
    monkeypatch.setattr(oracle, "VOCABULARY", 200)
    monkeypatch.setattr(oracle, "LENGTH", 5)  # a step has a roll-out from every place
    clear()
    yield
    clear()


def clear():
    """Forgets the oracle and its sequences."""
    oracle._sequences.cache_clear()
    oracle.oracle.cache_clear()


def test_a_run_from_data_to_lines(tmp_path, few, eagerly, capsys):
    learning = {"pretrain": 1, "d_pretrain": 1, "roll_outs": 1, "n_critic": 1}
    recipe = Recipe(model="seqgan", dataset="oracle", steps=3, batch_size=8, steps_per_epoch=1)
    recipe = recipe.replace({"width": 2} | learning).resolved()
    assert recipe.features == "oracle"
    summary = run.train(recipe, tmp_path / "run", verbose=0)
    assert summary["kind"] == "sequences" and summary["monitor"] == "nll_data"
    assert "ganzoo sample" in closing_words(tmp_path / "run", summary)
    rows = [json.loads(x) for x in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [("g_mle" in row, "d_adv" in row, "g_policy" in row) for row in rows] == [
        (True, False, False), (False, True, False), (False, True, True),
    ]  # fmt: skip
    assert all(4.0 < row["nll_oracle"] < 13.0 and 4.0 < row["nll_data"] < 6.0 for row in rows)
    capsys.readouterr()
    assert cli.main(["sample", str(tmp_path / "run"), "--num=2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and all(len(line.split()) == 5 for line in lines)
    assert cli.main(["sample", str(tmp_path / "run"), "--num=2", "--out=x.png"]) == 2
    assert "expected a .txt file for sequences" in capsys.readouterr().err
    with pytest.raises(InputError, match="dcgan learns from images, oracle has sequences"):
        run.build(Recipe(model="dcgan", dataset="oracle").resolved())


def test_the_vocabulary_is_asked_for():
    with pytest.raises(InputError, match="needs vocabulary"):
        ganzoo.create("seqgan", (6,))
