"""A generator as a data set, and a student that learns from it."""

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import data, random
from ganzoo.data import drawn
from ganzoo.errors import InputError
from ganzoo.inference import saved_model
from ganzoo.training import flags, run
from ganzoo.training.recipe import Recipe

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """Returns the folder of a conditional generator."""
    gan = ganzoo.create("cgan", SHAPE, num_classes=3, width=4, latent_dim=5, ema=0)
    for weight in gan.generator.trainable_variables:  # untrained images are next to gray
        weight.assign(8.0 * weight if "kernel" in weight.path else weight)
    folder = tmp_path_factory.mktemp("teacher") / "1"
    gan.export(folder)
    return folder


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(drawn, "PART", 8)


def test_a_generator_is_a_data_set(teacher, tmp_path, small, monkeypatch):
    source = data.open(f"drawn:20:{teacher}", data_dir=str(tmp_path))
    found, generator = source.examples(None), saved_model.load(teacher)
    assert source.info.num_examples == 20 and source.info.teacher_dim == 5
    assert source.info.num_classes == 3 and found["latents"].shape == (20, 5)
    again = generator.sample(latents=found["latents"], labels=found["label"])
    np.testing.assert_array_equal(found["real"], again)
    assert len(np.unique(found["latents"], axis=0)) == 20
    batch = next(iter(source.load(4)))
    assert set(batch) == {"real", "latents", "label"} and batch["latents"].dtype == tf.float32
    test = data.open(f"drawn:20:{teacher}", "test", data_dir=str(tmp_path)).examples(None)
    assert len(test["real"]) == 2 and test["latents"][0, 0] not in found["latents"]
    monkeypatch.setattr(drawn, "COUNT", 30)
    larger = data.open(f"drawn:{teacher}", image_size=16, data_dir=str(tmp_path)).info
    assert larger.image_shape == (16, 16, 1) and larger.num_examples == 30


def test_what_was_drawn_is_kept(teacher, tmp_path, small, monkeypatch):
    first = data.arrays(f"drawn:20:{teacher}", data_dir=str(tmp_path))[0]
    numbers = []
    draw = drawn._drawn
    monkeypatch.setattr(drawn, "_drawn", lambda g, s, n: numbers.append(n) or draw(g, s, n))
    (middle,) = tmp_path.glob("drawn/*_train_0001.npz")
    middle.unlink()  # as if it had been interrupted
    again = data.arrays(f"drawn:30:{teacher}", data_dir=str(tmp_path))[0]
    assert numbers == [1, 3]
    np.testing.assert_array_equal(first, again[:20])
    middle.write_bytes(b"half")
    with pytest.raises(InputError, match="is damaged or cannot be read"):
        data.arrays(f"drawn:20:{teacher}", data_dir=str(tmp_path))


def test_parts_keep_images_and_latents_together(teacher, tmp_path, small):
    training, validation = data.open(f"drawn:80:{teacher}", data_dir=str(tmp_path)).divided()
    generator = saved_model.load(teacher)
    for part in (training, validation):
        some = part.examples(5)
        again = generator.sample(latents=some["latents"], labels=some["label"])
        np.testing.assert_array_equal(some["real"], again)
    assert training.info.num_examples + validation.info.num_examples == 80


@pytest.mark.parametrize(
    "name, split, said",
    [
        ("drawn:5:{}", "test", "expected at least 10 images"),
        ("drawn:{}", "validation", "split of drawn images"),
        ("drawn:nothing_of_this_name", "train", "nothing_of_this_name"),
        ("drawn:classifier_mnist", "train", "expected a generator, got a classifier"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, split, said, teacher, tmp_path):
    with pytest.raises(InputError, match=said):
        data.open(name.format(teacher), split, data_dir=str(tmp_path))


def test_a_student_learns_from_its_teacher(teacher, tmp_path, small, monkeypatch):
    monkeypatch.setenv("GANZOO_DATA", str(tmp_path))
    changes = {"model": "distilled", "dataset": f"drawn:160:{teacher}", "width": 8}
    changes |= {"steps": 60, "batch_size": 16, "steps_per_epoch": 30, "precision": "float32"}
    recipe = Recipe().replace(changes | {"learning.g_optimizer.class_name": "adam"})
    recipe = recipe.replace({"learning.g_optimizer.config": {"learning_rate": 3e-3}, "ema": 0.8})
    summary = run.train(recipe.resolved(), tmp_path / "run", verbose=0)
    student = saved_model.load(tmp_path / "run" / "saved_model")
    assert student.latent_dim == 5 and student.num_classes == 3
    held_out = saved_model.load(teacher).sample(64, seed=3) / 127.5
    errors = [np.sqrt(np.mean((student.sample(64, seed=seed) / 127.5 - held_out) ** 2))
              for seed in (3, 4)]  # fmt: skip
    assert errors[0] < 0.7 * errors[1], errors
    assert summary["metrics"]["error"]["value"] == pytest.approx(errors[0], rel=0.5)
    assert (tmp_path / "run" / "samples.png").is_file()


def test_a_student_needs_latents(teacher, tmp_path):
    with pytest.raises(InputError, match=r"distilled learns from what a generator drew.*drawn:"):
        run.build(Recipe(model="distilled", dataset="fashion_mnist_10k").resolved())
    gan = ganzoo.create("distilled", SHAPE, teacher_dim=5, width=4, run_eagerly=True)
    with pytest.raises(InputError, match="batches of `real` and `latents`"):
        gan.fit(np.zeros((8, *SHAPE), "uint8"), batch_size=4, verbose=0)
    with pytest.raises(InputError, match="'distilled' needs teacher_dim"):
        ganzoo.create("distilled", SHAPE)


def test_features_may_be_compared(monkeypatch):
    gan = ganzoo.create(
        "distilled", (28, 28, 1), teacher_dim=5, width=4, perceptual="fashion_mnist"
    )
    rng = np.random.default_rng(0)
    batch = {"real": rng.uniform(-1, 1, (2, 28, 28, 1)).astype("float32")}
    batch |= {"fake": batch["real"] * 0.5}
    rows = [gan.perceptual(batch[key]) for key in ("real", "fake")]
    expected = 10.0 * np.mean(np.sum((np.asarray(rows[0]) - rows[1]) ** 2, axis=1))
    got = gan.generator_loss({k: tf.constant(v) for k, v in batch.items()})
    assert float(got["distance"]) == pytest.approx(expected, rel=1e-4)


def test_d_may_judge_what_fresh_latents_give():
    options = {"teacher_dim": 5, "width": 4, "seed": 1, "run_eagerly": True}
    batch = {
        "real": tf.random.stateless_uniform((4, *SHAPE), (0, 1), -1.0, 1.0),
        "latents": tf.random.stateless_normal((4, 5), (0, 2)),
    }
    for fresh in (False, True):
        gan = ganzoo.create("distilled", SHAPE, **options, fresh_latents=fresh)
        drawn = gan.generator(batch["latents"], training=True)
        with random.scope(random.key(3)):
            made = gan.generate(batch)
        assert np.allclose(made["fake"], drawn, atol=1e-5) != fresh
        got = gan.generator_loss(batch | made)  # the distance is always that of the pairs
        expected = 10.0 * np.mean((np.asarray(batch["real"]) - drawn) ** 2)
        assert float(got["distance"]) == pytest.approx(expected, rel=1e-4)
        assert float(got["adv"]) == pytest.approx(
            float(gan.loss.generator(gan.discriminator(made["fake"], training=True))), rel=1e-4
        )


def test_a_teacher_is_short_for_its_data_set():
    values = flags.defined()
    values(["train.py", "--model=distilled", "--teacher=dcgan_mnist"])
    assert flags.changes(values)[0] == {"model": "distilled", "dataset": "drawn:dcgan_mnist"}
    values(["train.py", "--teacher=dcgan_mnist", "--dataset=mnist"])
    with pytest.raises(InputError, match="--teacher stands for --dataset=drawn:TEACHER"):
        flags.changes(values)
