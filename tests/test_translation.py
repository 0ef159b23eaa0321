"""Translation: networks, what the games say and refuse, translators, and the command."""

import sys
from pathlib import Path

import keras
import numpy as np
import processes
import pytest
import tensorflow as tf
from PIL import Image

import ganzoo
from ganzoo import GAN, cli, metrics, random, schedules
from ganzoo.callbacks import Evaluate
from ganzoo.errors import InputError
from ganzoo.inference import saved_model
from ganzoo.inference.translator import Translator
from ganzoo.networks import translation as networks

ROOT = Path(__file__).parent.parent
SHAPE = (12, 12, 1)


def images(count=8, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), "uint8")


def made(name, shape=SHAPE, **given):
    return ganzoo.create(
        name, shape, width=4, **({"blocks": 1} if name != "pix2pix" else {}) | given
    )


@pytest.fixture(scope="module")
def pix2pix():
    return made("pix2pix")


@pytest.fixture(scope="module")
def cyclegan():
    return made("cyclegan")


@pytest.fixture(scope="module")
def unit():
    return made("unit")


# --- Networks


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (33, 40, 3), (256, 256, 1)], ids=str)
def test_networks_of_any_size(shape):
    for network in (networks.unet(shape, 2), networks.resnet(shape, 2, blocks=1)):
        assert network.output_shape == (None, *shape)


@pytest.mark.parametrize("field", networks.PATCHES)
def test_a_logit_sees_a_patch_and_no_more(field):
    """Each convolution of kernel k and stride s widens the field by (k - 1) times its step."""
    network = networks.patch((256, 256, 1), 2, field)
    seen, step = 1, 1
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            seen += (layer.kernel_size[0] - 1) * step
            step *= layer.strides[0]
    assert seen == field


def test_a_field_that_there_is_not_is_named():
    with pytest.raises(InputError, match="1, 16, 34, 70, 142, 286, got 50"):
        networks.patch((32, 32, 1), 2, 50)


# --- Games


def test_pix2pix_says_its_terms(pix2pix):
    """The distance is the plain mean; D is given the pair."""
    batch = {key: tf.constant(images(seed=i) / 127.5 - 1, "float32") for i, key in enumerate("xy")}
    batch |= pix2pix.generate(batch)
    terms = pix2pix.generator_loss(batch)
    expected = 100 * np.abs(batch["fake"] - batch["y"]).mean()
    np.testing.assert_allclose(terms["l1"], expected, rtol=1e-5)
    assert [tuple(x.shape[1:]) for x in pix2pix.discriminator.inputs] == [SHAPE, SHAPE]


def test_both_images_of_a_pair_are_augmented_alike():
    gan = made("pix2pix", augment="diff_augment")
    gan.discriminator = keras.Model(gan.discriminator.inputs, gan.discriminator.inputs)
    one = tf.constant(images() / 127.5 - 1, "float32")
    with random.scope(random.key(0)):
        seen = gan.discriminate(one, {"condition": one})
    np.testing.assert_array_equal(*seen)
    assert np.abs(seen[0] - one).max() > 0.1


def test_cyclegan_says_its_terms():
    """With generators that give their input, both ways are the identity."""
    gan = made("cyclegan")
    inputs = keras.Input(SHAPE)
    gan.generator = dict.fromkeys(("x_to_y", "y_to_x"), keras.Model(inputs, inputs))
    x, y = (tf.constant(images(seed=i) / 127.5 - 1, "float32") for i in range(2))
    batch = {"x": x, "y": y}
    batch |= gan.generate(batch)
    terms = gan.generator_loss(batch)
    assert float(terms["cycle"]) == float(terms["identity"]) == 0.0
    np.testing.assert_array_equal(batch["fake_y"], x)
    gan.identity_weight = 0
    assert "identity" not in gan.generator_loss(batch)


def test_unit_shares_its_innermost_layers(unit):
    paths = [unit.path(unit.generator, direction) for direction in unit.directions]
    ids = [{id(weight) for weight in path.weights} for path in paths]
    shared = [unit.generator[name].weights for name in ("shared_encoder", "shared_decoder")]
    assert {id(weight) for weights in shared for weight in weights} == ids[0] & ids[1]


def test_unit_draws_about_the_mean(unit):
    x = tf.constant(images() / 127.5 - 1, "float32")
    with random.scope(random.key(0)):
        mean, latents = unit.encode(x, "x")
    noise = (latents - mean).numpy()
    assert abs(noise.mean()) < 0.1 and abs(noise.std() - 1) < 0.1


def test_each_side_has_a_pool_of_its_own():
    gan = made("cyclegan", replay=16)
    pools = [gan.replay, *gan.replay.others]
    fakes = {key: tf.fill((4, *SHAPE), value) for key, value in (("fake_x", 1.0), ("fake_y", 2.0))}
    with random.scope(random.key(0)):
        shown = gan.replay.fakes(gan, fakes)
    assert {key: float(value[0, 0, 0, 0]) for key, value in shown.items()} == {
        "fake_x": 1.0, "fake_y": 2.0,
    }  # fmt: skip
    assert [float(pool.images.numpy().max()) for pool in pools] == [1.0, 2.0]


def test_what_does_not_fit_is_a_sentence(pix2pix, cyclegan):
    x = images(4)
    for given, words in (({"real": x}, "'x' and 'y'"), ({"x": x, "y": x[:, :8]}, "shape")):
        with pytest.raises(InputError, match=words):
            pix2pix.fit(given, batch_size=4, verbose=0)
    with pytest.raises(InputError, match="drop it"):
        made("cyclegan", penalties=["r1"])
    for call in (pix2pix.sample, cyclegan.sampler.sample):
        with pytest.raises(InputError, match="images from images"):
            call(4)
    with pytest.raises(InputError, match="x_to_y"):
        pix2pix.translate(x, "y_to_x")
    with pytest.raises(InputError, match="N, 12, 12, 1"):
        pix2pix.translate(x[:, :8])
    with pytest.raises(InputError, match="not latents"):
        made("pix2pix", latents="sphere")


# --- Measures and pictures


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan", "unit"])
def test_measure_and_picture(name, request):
    gan = request.getfixturevalue(name)
    x, y = images(20), images(20, seed=1)
    examples = {"x": x, "y": y, "real": y}
    found = gan.measure(Evaluate(examples, num=10))
    assert set(found) == {"swd", *(["l1", "ssim"] if name == "pix2pix" else ["cycle_l1"])}
    assert np.isfinite(list(found.values())).all()
    picture = gan.picture(examples)
    assert picture.shape == (8 * 12, 6 * 12, 1)
    # From the first to the last, sixteen; or eight of each side.
    truth = y[0] if name == "pix2pix" else gan.translate(gan.translate(x[[0]]), "y_to_x")[0]
    np.testing.assert_array_equal(picture[:12, :12], x[0])
    np.testing.assert_array_equal(picture[:12, 24:36], truth)
    row = slice(-12, None) if name == "pix2pix" else slice(36, 48)
    np.testing.assert_array_equal(picture[row, 36:48], x[-1])


def test_l1_against_its_definition():
    a, b = images(70, (5, 6, 3)), images(70, (5, 6, 3), seed=1)
    expected = np.abs(a.astype(float) - b).reshape(70, -1).mean(1) / 255
    np.testing.assert_allclose(metrics.l1(a, b), expected, rtol=1e-12)


def test_ssim_against_tensorflow():
    a = images(3, (20, 17, 3))
    b = np.clip(a + np.random.default_rng(2).normal(0, 30, a.shape), 0, 255).astype("uint8")
    expected = tf.image.ssim(tf.constant(a, tf.float64), tf.constant(b, tf.float64), 255).numpy()
    np.testing.assert_allclose(metrics.ssim(a, b), expected, rtol=1e-4)
    np.testing.assert_allclose(metrics.ssim(a, a), 1)
    with pytest.raises(InputError, match="W >= 11"):
        metrics.ssim(a[:, :10], b[:, :10])


# --- Translators


def test_translating_is_a_function_of_the_seed(pix2pix):
    x = images()
    again = pix2pix.translate(x, seed=1)
    np.testing.assert_array_equal(pix2pix.translate(x, seed=1), again)
    assert np.any(pix2pix.translate(x, seed=2) != again)  # dropout
    np.testing.assert_array_equal(pix2pix.translate(x / np.float32(127.5) - 1, seed=1), again)
    assert again.shape == (8, *SHAPE) and again.dtype == "uint8"


def test_each_direction_is_exported_and_trained_further(cyclegan, tmp_path, eagerly):
    x = images()
    for direction in cyclegan.directions:
        cyclegan.export(tmp_path / direction, direction)
        loaded = saved_model.load(tmp_path / direction)
        assert isinstance(loaded, Translator) and loaded.direction == direction
        meant = cyclegan.translate(x, direction)
        np.testing.assert_allclose(loaded.translate(x).astype(int), meant, atol=1)
        served = tf.saved_model.load(str(tmp_path / direction))
        np.testing.assert_allclose(served.translate(x, 0).numpy().astype(int), meant, atol=1)
        found = served(x / np.float32(127.5) - 1)["images"].numpy()
        assert found.shape == (8, *SHAPE) and np.abs(found).max() <= 1
    gan = ganzoo.gans.Pix2Pix(loaded, networks.patch(SHAPE, 4, conditional=True))
    gan.compile()
    gan.fit({"x": x, "y": x}, batch_size=8, verbose=0)


def test_own_networks(eagerly):
    inputs = keras.Input((16, 16, 3))
    generator = keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(inputs))
    gan = ganzoo.gans.Pix2Pix(generator, networks.patch((16, 16, 3), 4, 1, conditional=True))
    gan.compile(l1_weight=10.0)
    x = images(shape=(16, 16, 3))
    logs = gan.fit({"x": x, "y": 255 - x}, batch_size=4, verbose=0).history
    assert np.isfinite(list(logs.values())).all()


def test_the_rate_stays_and_then_falls():
    rate = {"class_name": "LinearDecay", "config": {"rate": 2e-4, "begin": 100, "end": 200}}
    made = GAN.made("g_optimizer", {"class_name": "Adam", "config": {"learning_rate": rate}})
    schedule = made._learning_rate
    assert isinstance(schedule, schedules.LinearDecay)
    found = [float(schedule(step)) for step in (0, 100, 150, 200, 300)]
    np.testing.assert_allclose(found, [2e-4, 2e-4, 1e-4, 0, 0], atol=1e-9)
    from ganzoo.training.recipe import spec

    again = GAN.made("g_optimizer", spec(made))
    assert again._learning_rate.get_config() == schedule.get_config()
    with pytest.raises(InputError, match="begin < end"):
        bad = rate | {"config": {"rate": 2e-4, "begin": 5, "end": 5}}
        GAN.made("g_optimizer", {"class_name": "Adam", "config": {"learning_rate": bad}})


# --- The command


@pytest.fixture(scope="module")
def run(pix2pix, cyclegan, tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    pix2pix.export(path / "one" / "saved_model")
    cyclegan.export(path / "two" / "saved_model")
    cyclegan.export(path / "two" / "saved_model_y_to_x", "y_to_x")
    (path / "in" / "below").mkdir(parents=True)
    Image.fromarray(images(1)[0, ..., 0]).save(path / "in" / "a.png")
    Image.new("RGB", (30, 20), "red").save(path / "in" / "below" / "b.jpg")
    (path / "in" / "c.txt").write_text("no image")
    return path


def test_translate_an_image_and_a_folder(run, pix2pix, capsys):
    assert cli.main(["translate", f"{run}/one", f"{run}/in/a.png", f"--out={run}/a.png"]) == 0
    np.testing.assert_array_equal(
        np.asarray(Image.open(run / "a.png")), pix2pix.translate(images(1))[0, ..., 0]
    )
    back = ["--direction=y_to_x", f"--out={run}/out"]
    assert cli.main(["translate", f"{run}/two", f"{run}/in", *back]) == 0
    assert "2 images, y_to_x" in capsys.readouterr().out
    assert Image.open(run / "out" / "below" / "b.png").size == (12, 12)
    assert sorted(path.name for path in (run / "out").rglob("*.*")) == ["a.png", "b.png"]


WRONG = {
    "one nothing.png --out=x.png": "no nothing.png",
    "one in/a.png --out=x.jpg": "ends in .png",
    "one in/a.png --out=x.png --direction=y_to_x": "only translates x_to_y",
    "one in/a.png --out=x.png --direction=back": "unknown direction 'back'",
    "one in/c.txt --out=x.png": "cannot read in/c.txt",
    "three in --out=out": "three",
}


@pytest.mark.parametrize(("words", "reason"), WRONG.items())
def test_a_wrong_word_is_one_line(run, words, reason, monkeypatch, capsys):
    monkeypatch.chdir(run)
    assert cli.main(["translate", *words.split()]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize("name", ["pix2pix", pytest.param("cyclegan", marks=pytest.mark.slow)])
def test_train_from_the_command_line(name, tmp_path):
    flags = ["--dataset=edges:fashion_mnist_10k", "--image_size=12", "--width=2", "--steps=2"]
    flags += ["--batch_size=8", "--precision=float32"] + ["--blocks=1"] * (name != "pix2pix")
    command = [sys.executable, ROOT / "train.py", f"--model={name}", *flags]
    done = processes.run(
        [*command, f"--run_dir={tmp_path}/run"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert f"ganzoo translate {tmp_path}/run" in done.stdout
    assert (tmp_path / "run" / "samples.png").is_file()
    assert (tmp_path / "run" / "saved_model_y_to_x").is_dir() == (name == "cyclegan")
