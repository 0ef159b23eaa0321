"""Projection: codes that draw a given image, and what the command writes."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from ganzoo import InputError, cli, editing, networks
from ganzoo.editing import files, projection
from ganzoo.inference.codes import Codes
from ganzoo.inference.sampler import Sampler
from ganzoo.layers import noise as noises
from ganzoo.metrics import learned_perceptual as lpips


class Pixels:
    """Stands in for LPIPS, whose weights are large: the squared difference of pixels."""

    def maps(self, images):
        return [images]

    def rows(self, images):
        return keras.ops.reshape(images, (len(images), -1))

    def between(self, ours, theirs):
        return keras.ops.mean(keras.ops.square(ours[0] - theirs[0]), axis=(1, 2, 3))


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch):
    monkeypatch.setattr(lpips.LPIPS, "cached", lambda network, data_dir: Pixels())


def random_weights(network, scale=0.3):
    rng = np.random.default_rng(0)
    for weight in network.weights:
        values = scale * rng.normal(size=weight.shape)
        weight.assign(np.abs(values) if "variance" in weight.path else values)
    return network


@pytest.fixture(scope="module")
def styled():
    keras.utils.set_random_seed(0)
    return Sampler(networks.stylegan2.generator((16, 16, 1), 4, 6), 6)


@pytest.fixture(scope="module")
def plain():
    latents = keras.Input((4,))
    x = keras.layers.Reshape((16, 16, 1))(keras.layers.Dense(256, activation="tanh")(latents))
    return Sampler(random_weights(keras.Model(latents, x)), 4)


@pytest.fixture(scope="module")
def classes():
    latents, label = keras.Input((4,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.Embedding(3, 4)(label)])
    x = keras.layers.Reshape((16, 16, 3))(keras.layers.Dense(768, activation="tanh")(x))
    network = random_weights(keras.Model([latents, label], x))
    embedding = next(layer for layer in network.layers if layer.weights)
    embedding.embeddings.assign(5 * embedding.embeddings)  # classes that are far apart
    return Sampler(network, 4, num_classes=3)


@pytest.mark.parametrize(
    ("name", "space"), [("styled", "w+"), ("styled", "w"), ("plain", None), ("classes", "z")]
)
def test_a_generators_own_images_are_found_again(name, space, request):
    generator = request.getfixturevalue(name)
    targets = generator.sample(3, seed=99)
    seen = []
    found = editing.project(generator, targets, steps=60, space=space,
                            progress=lambda step, loss: seen.append((step, loss)))  # fmt: skip
    first = np.square(found.film[0].astype(float) - targets).mean()
    last = np.square(found.images.astype(float) - targets).mean()
    assert last < 0.3 * first and found.psnr.mean() > 18
    np.testing.assert_array_equal(generator.synthesize(found.codes), found.images)
    assert [step for step, _ in seen] == list(range(1, 61)) and seen[-1][1] < seen[0][1]
    assert found.steps == 60 and len(found.film) == 8 and found.lpips.shape == (3,)
    if space == "w":
        assert (found.codes.values == found.codes.values[:, :1]).all()


def test_images_are_projected_each_on_its_own(plain):
    targets = plain.sample(3, seed=99)
    both = editing.project(plain, targets, steps=30)
    alone = editing.project(plain, targets[:1], steps=30)
    assert np.abs(both.images[0].astype(int) - alone.images[0]).mean() < 20


def test_the_class_is_that_of_the_nearest_samples_or_the_given_one(classes):
    targets = classes.sample(6, seed=99, labels=[0, 1, 2, 0, 1, 2])
    found = editing.project(classes, targets, steps=2)
    assert (found.codes.labels == [0, 1, 2, 0, 1, 2]).mean() > 0.8
    given = editing.project(classes, targets, steps=2, labels=[2] * 6)
    assert given.codes.labels.tolist() == [2] * 6


def test_large_images_are_reduced_before_they_are_compared():
    images = np.arange(2 * 64 * 128 * 3, dtype="float32").reshape(2, 64, 128, 3)
    assert projection._reduced(images, 128) is images
    reduced = np.asarray(projection._reduced(images, 32))
    assert reduced.shape == (2, 16, 32, 3)
    np.testing.assert_allclose(reduced.mean(), images.mean(), rtol=1e-3)


def test_an_interrupt_keeps_what_was_found(plain):
    def stop(step, loss):
        if step == 7:
            raise KeyboardInterrupt

    found = editing.project(plain, plain.sample(1), steps=100, progress=stop)
    assert found.steps == 7 and found.images.shape == (1, 16, 16, 1)


@pytest.mark.parametrize(
    ("targets", "options", "message"),
    [
        (np.zeros((1, 8, 8, 1), "uint8"), {}, r"expected images \(16, 16, 1\) of uint8"),
        (np.zeros((1, 16, 16, 1)), {}, "of uint8"),
        (np.zeros((1, 16, 16, 1), "uint8"), {"space": "w"}, "unknown space of this generator 'w'"),
        (np.zeros((1, 16, 16, 1), "uint8"), {"network": "alexnet"}, "images of 32 pixels or more"),
    ],
)
def test_what_does_not_fit_is_refused(plain, targets, options, message):
    with pytest.raises(InputError, match=message):
        editing.project(plain, targets, **options)


# --- photos and files


def test_a_photo_is_cropped_to_the_middle_and_resized(tmp_path):
    picture = np.zeros((20, 60, 3), "uint8")
    picture[:, 20:40] = (250, 10, 10)
    Image.fromarray(picture).save(tmp_path / "x.png")
    photo = files.photo(tmp_path / "x.png", (10, 10, 3))
    assert photo.shape == (10, 10, 3) and (photo[:, 1:-1, 0] > 200).all()
    assert files.photo(tmp_path / "x.png", (8, 12, 1)).shape == (8, 12, 1)


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_photo_that_cannot_be_read(tmp_path, content):
    if content is not None:
        (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(InputError, match="cannot read the photo"):
        files.photo(tmp_path / "x.png", (8, 8, 1))


def test_the_command_leaves_pictures_codes_and_figures(plain, tmp_path, capsys):
    plain.export(tmp_path / "saved" / "1")
    for number, image in enumerate(plain.sample(2, seed=99)):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{number}.png")
    out, model = tmp_path / "out", tmp_path / "saved" / "1"
    words = ["project", str(tmp_path / "0.png"), str(tmp_path / "1.png"), f"--into={model}"]
    assert cli.main([*words, f"--out={out}", "--steps=40"]) == 0
    assert "PSNR" in capsys.readouterr().out
    codes, report = Codes.load(out / "codes.npz"), json.loads((out / "projection.json").read_text())
    assert len(codes) == 2 and report["steps"] == 40 and set(report["images"]) == {"0", "1"}
    shown = np.asarray(Image.open(out / "projection.png"))
    assert shown.shape[0] == shown.shape[1]  # two targets above what was found
    film = np.asarray(Image.open(out / "film.png"))
    assert film.shape[1] == film.shape[0] * 9 // 2
    drawn = tmp_path / "drawn.png"
    assert cli.main(["sample", str(model), f"--codes={out / 'codes.npz'}", f"--out={drawn}"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.png", "--into=pix2pix_fluent_emoji"], "got a translator"),
        (["missing.png", "--into=dcgan_fashion_mnist"], "cannot read the photo missing.png"),
    ],
)
def test_what_is_wrong_is_one_line(words, message, capsys):
    assert cli.main(["project", *words, "--out=x"]) == 2
    line = capsys.readouterr().err
    assert message in line and line.count("\n") == 1


# --- noise maps


@pytest.fixture(scope="module")
def noisy():
    keras.utils.set_random_seed(0)
    network = networks.stylegan2.generator((16, 16, 1), 4, 6)
    for weight in network.weights:
        if "strength" in weight.path:
            weight.assign(0.5)
    return Sampler(network, 6)


def test_noise_maps_are_found_too_and_kept_with_the_codes(noisy, tmp_path):
    codes, rng = noisy.codes(2, seed=9), np.random.default_rng(0)
    codes.noise = {name: rng.normal(size=(2, *value.shape)).astype("float32")
                   for name, value in noises.maps(noisy.network).items()}  # fmt: skip
    targets = noisy.synthesize(codes)
    assert np.abs(targets.astype(int) - noisy.synthesize(codes, noise="const")).mean() > 1
    plain, found = (editing.project(noisy, targets, steps=60, noise=noise) for noise in (0, 1))
    assert found.codes.noise.keys() == codes.noise.keys() and plain.codes.noise is None
    assert found.psnr.mean() > plain.psnr.mean() + 1
    for maps in found.codes.noise.values():
        np.testing.assert_allclose(maps.mean((1, 2, 3)), 0, atol=1e-4)
        np.testing.assert_allclose(maps.var((1, 2, 3)), 1, atol=1e-3)
    found.codes.save(tmp_path / "codes.npz")
    again = Codes.load(tmp_path / "codes.npz")
    np.testing.assert_array_equal(noisy.synthesize(again), found.images)
    np.testing.assert_array_equal(noisy.synthesize(again[1:]), found.images[1:])
    path = again.path(3, closed=True)
    np.testing.assert_array_equal(noisy.synthesize(path)[[0, 3]], found.images)
    assert len(noisy.synthesize(again.mixed(again, [0]))) == 4


def test_neighbors_in_noise_maps_are_not_alike():
    rng = np.random.default_rng(0)
    white = keras.ops.convert_to_tensor(rng.normal(size=(1, 16, 16, 1)).astype("float32"))
    shifted = [np.roll(white, 1, axis) for axis in (1, 2)]
    half = white[:, ::2, ::2] + white[:, 1::2, ::2] + white[:, ::2, 1::2] + white[:, 1::2, 1::2]
    half = np.asarray(half) / 2
    expected = sum(256 * (np.asarray(white) * x).mean() ** 2 for x in shifted)
    expected += sum(64 * (half * np.roll(half, 1, axis)).mean() ** 2 for axis in (1, 2))
    assert float(projection._correlation(white)) == pytest.approx(expected, rel=1e-4)
    smooth = keras.ops.ones((1, 16, 16, 1))
    assert float(projection._correlation(smooth)) == pytest.approx(2 * 256 + 2 * 64 * 2**4)


def test_a_generator_without_noise_is_refused(plain):
    with pytest.raises(InputError, match="this generator adds none"):
        editing.project(plain, plain.sample(1), steps=2, noise=True)


def test_it_starts_from_what_the_generators_encoder_says(plain):
    class Knows:
        """An encoder that knows the latents."""

        def encode(self, images):
            return known.values

    known = plain.codes(2, seed=5)
    targets = plain.synthesize(known)
    plain.kept = {"encoder": Knows}
    try:
        found = editing.project(plain, targets, steps=1)
    finally:
        plain.kept = {}
    assert np.abs(found.codes.values - known.values).max() < 0.01 and found.psnr.min() > 35
