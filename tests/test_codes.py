"""The latent space of a generator: codes, truncation, noise, mixing, paths, and what draws them."""

import keras
import numpy as np
import pytest
from PIL import Image

from ganzoo import InputError, cli, layers, networks
from ganzoo.inference import drawing, video
from ganzoo.inference.codes import Codes, layers_of
from ganzoo.inference.sampler import Sampler
from ganzoo.inference.truncated import TruncatedSampler
from ganzoo.networks.published import stylegan2 as published


def random_weights(network):
    """Gives a network weights with which no part of it is next to nothing."""
    rng = np.random.default_rng(0)
    for weight in network.weights:
        values = 0.5 * rng.normal(size=weight.shape)
        weight.assign(np.abs(values) if "variance" in weight.path else values)
    return network


@pytest.fixture(scope="module")
def styled():
    return Sampler(random_weights(networks.stylegan2.generator((16, 16, 1), 4, 6)), 6)


@pytest.fixture(scope="module")
def plain():
    return Sampler(random_weights(networks.dcgan.generator((8, 8, 1), width=4, latent_dim=6)), 6)


@pytest.fixture(scope="module")
def classes():
    latents, label = keras.Input((6,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.Embedding(3, 4)(label)])
    x = keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64, activation="tanh")(x))
    network = random_weights(keras.Model([latents, label], x))
    return Sampler(network, 6, num_classes=3, class_names=("hat", "boot", "bag"))


@pytest.fixture(scope="module")
def styleGAN():
    network = published.generator(8, [8, 8], latent_dim=6, style_dim=6, depth=1, num_classes=3)
    return TruncatedSampler(random_weights(network), 6, num_classes=3)


# --- codes


@pytest.mark.parametrize("name", ["styled", "plain", "classes", "styleGAN"])
@pytest.mark.parametrize("truncation", [None, 0.5])
def test_codes_draw_what_sample_draws(name, truncation, request):
    sampler = request.getfixturevalue(name)
    codes = sampler.codes(5, seed=2, truncation=truncation)
    assert codes.space == ("w" if name in ("styled", "styleGAN") else "z") and len(codes) == 5
    images = sampler.sample(5, seed=2, truncation=truncation)
    assert np.abs(sampler.synthesize(codes, seed=2).astype(int) - images).max() <= 1
    each = sampler.codes(seeds=[2, 7], truncation=truncation)
    alone = sampler.sample(1, seed=7, truncation=truncation)
    assert np.abs(sampler.synthesize(each)[1].astype(int) - alone[0]).max() <= 1


def test_truncation_moves_styles_toward_their_average(styled):
    latents = styled.latents(4, 0)
    whole, half = styled.map(latents), styled.map(latents, truncation=0.5)
    average = np.asarray(styled._average_style())
    np.testing.assert_allclose(half, average + 0.5 * (whole - average), atol=1e-6)
    first = styled.map(latents, truncation=0.5, cutoff=2)
    np.testing.assert_array_equal(first[:, :2], half[:, :2])
    np.testing.assert_array_equal(first[:, 2:], whole[:, 2:])
    with pytest.raises(InputError, match="expected truncation > 0"):
        styled.map(latents, truncation=-1.0)


def test_a_published_network_truncates_as_its_map_does(styleGAN):
    labels = np.array([0, 1, 2])
    latents = styleGAN.latents(3, 0)
    inside = styleGAN.sample(latents=latents, labels=labels, truncation=0.5)
    outside = styleGAN.synthesize(styleGAN.map(latents, labels, truncation=0.5))
    assert np.abs(inside.astype(int) - outside).max() <= 1


def test_a_generator_without_styles_has_no_map(plain):
    with pytest.raises(InputError, match="'mapping' and 'synthesis'"):
        plain.map(plain.latents(2, 0))


@pytest.mark.parametrize("name", ["styled", "styleGAN"])
def test_noise_is_stored_drawn_or_left_out(name, request):
    sampler = request.getfixturevalue(name)
    codes = sampler.codes(1)
    usual, const, none = (sampler.synthesize(codes, noise=x) for x in (None, "const", "none"))
    drawn = [sampler.synthesize(codes, noise="random", seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(usual, const)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    for other in (none, drawn[0], drawn[2]):
        assert (other != usual).any()
    assert (drawn[0] != drawn[2]).any()
    assert layers.noise.chosen("const") == "const"  # afterwards as before
    with pytest.raises(InputError, match="unknown noise 'loud'"):
        sampler.synthesize(codes, noise="loud")


def test_codes_are_kept_in_files_and_fit_one_generator(styled, plain, classes, tmp_path):
    codes = classes.codes(3, labels=["bag", "hat", "boot"])
    codes.save(tmp_path / "codes.npz")
    loaded = Codes.load(tmp_path / "codes.npz")
    np.testing.assert_array_equal(classes.synthesize(loaded), classes.synthesize(codes))
    assert loaded.labels.tolist() == [2, 0, 1]
    for other in (styled, plain):
        with pytest.raises(InputError, match="expected codes of the generator"):
            other.synthesize(loaded)
    with pytest.raises(InputError, match=r"expected codes of shape \(N, 6, 6\), got"):
        styled.synthesize(np.zeros((2, 3, 6)))


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", {"images": np.zeros(3)}, {"values": np.zeros(3), "space": "w"},
     {"values": np.full((1, 6), np.nan), "space": "z", "generator": "x"},
     {"values": np.array([{}], object), "space": "z", "generator": "x"}],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(content, tmp_path):
    path = tmp_path / "codes.npz"
    path.write_bytes(content) if isinstance(content, bytes) else np.savez(path, **content)
    with pytest.raises(InputError, match=r"codes\.npz"):
        Codes.load(path)
    with pytest.raises(InputError, match="cannot read"):
        Codes.load(tmp_path / "missing.npz")


# --- paths and mixing


def test_a_path_leads_through_the_points_and_a_loop_returns(styled, plain):
    codes = styled.codes(3)
    path = codes.path(5)
    assert len(path) == 10
    np.testing.assert_allclose(path.values[[0, 4, 9]], codes.values, atol=1e-6)
    np.testing.assert_allclose(path.values[2], codes.values[:2].mean(0), atol=1e-6)
    loop = plain.codes(3).path(4, closed=True)
    assert len(loop) == 12
    np.testing.assert_allclose(loop.values[[0, 4, 8]], plain.codes(3).values, atol=1e-6)
    steps = np.linalg.norm(np.diff(loop.values, axis=0, append=loop.values[:1]), axis=1)
    assert steps.max() < 2 * steps.min() + 1  # the last frame is as near to the first as others
    with pytest.raises(InputError, match="two points or more"):
        codes[:1].path(5)


def test_between_classes_what_was_learned_of_both_is_mixed(classes, styleGAN):
    codes = classes.codes(2, labels=[0, 2])
    path = codes.path(5)
    np.testing.assert_allclose(path.labels[[0, 2, 4]], [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    images = classes.synthesize(path)
    np.testing.assert_array_equal(images[[0, 4]], classes.synthesize(codes))
    table, kernel, bias = _weights(classes)
    x = np.concatenate([path.values[2], 0.5 * (table[0] + table[2])])
    expected = 127.5 * (1 + np.tanh(x @ kernel + bias))
    assert np.abs(images[2].ravel() - expected).max() <= 1
    loop = classes.codes(3, labels=[0, 1, 2]).path(4, closed=True)
    assert loop.labels.shape == (12, 3) and len(classes.synthesize(loop)) == 12
    np.testing.assert_allclose(loop.labels.sum(1), 1, atol=1e-6)
    assert classes.codes(2, labels=1).path(3).labels.tolist() == [1] * 3
    assert len(styleGAN.codes(2, labels=[0, 1]).path(3)) == 3  # in w there is one code for all


def _weights(sampler):
    """Returns the table of the classes, and kernel and bias of the only other layer."""
    (embedding,) = (x for x in sampler.network.layers if isinstance(x, keras.layers.Embedding))
    (dense,) = (x for x in sampler.network.layers if isinstance(x, keras.layers.Dense))
    return [np.asarray(w) for w in (embedding.embeddings, dense.kernel, dense.bias)]


def test_a_path_between_classes_is_kept_in_a_file(classes, tmp_path):
    path = classes.codes(2, labels=[0, 2]).path(5)
    path.save(tmp_path / "path.npz")
    again = Codes.load(tmp_path / "path.npz")
    np.testing.assert_array_equal(classes.synthesize(again), classes.synthesize(path))
    np.testing.assert_array_equal(again[1:3].labels, path.labels[1:3])


def test_classes_that_no_embedding_knows_have_nothing_between_them():
    latents, label = keras.Input((2,)), keras.Input((1,), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.CategoryEncoding(3)(label)])
    network = keras.Model(
        [latents, label], keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64)(x))
    )
    sampler = Sampler(network, 2, num_classes=3)
    with pytest.raises(InputError, match="no points between two classes"):
        sampler.synthesize(sampler.codes(2, labels=[0, 1]).path(3))


def test_mixing_takes_some_layers_from_the_columns(styled, plain):
    rows, columns = styled.codes(2), styled.codes(3, seed=1)
    mixed = rows.mixed(columns, [0, 2])
    values = mixed.values.reshape(2, 3, 6, 6)
    for layer in range(6):
        one, other = rows.values[:, None, layer], columns.values[None, :, layer]
        expected = other if layer in (0, 2) else one
        np.testing.assert_array_equal(values[:, :, layer], np.broadcast_to(expected, (2, 3, 6)))
    with pytest.raises(InputError, match="layers from 0 to 5, got 6"):
        rows.mixed(columns, [6])
    with pytest.raises(InputError, match="mixing needs one with styles"):
        plain.codes(2).mixed(plain.codes(2), [0])


def test_layers_have_names():
    assert layers_of("coarse", 9) == [0, 1, 2] and layers_of("fine", 10) == [7, 8, 9]
    assert layers_of("4", 9) == [4] and layers_of("4-6", 9) == [4, 5, 6]
    for text in ("9", "6-4", "rough", "", "-1"):
        with pytest.raises(InputError, match="--layers: expected coarse"):
            layers_of(text, 9)


# --- what is written


def picture(path):
    return np.asarray(Image.open(path))


def test_a_matrix_shows_what_is_mixed_and_the_mixtures(styled, tmp_path):
    rows, columns = styled.codes(2), styled.codes(3, seed=1)
    text = drawing.mix(styled, rows, columns, "fine", tmp_path / "mix.png")
    assert text.startswith("2 x 3 images, layers fine")
    cells = picture(tmp_path / "mix.png").reshape(3, 64, 4, 64).swapaxes(1, 2)[:, :, ::4, ::4]
    assert (cells[0, 0] == 255).all()
    np.testing.assert_array_equal(cells[1:, 0], styled.synthesize(rows)[..., 0])
    np.testing.assert_array_equal(cells[0, 1:], styled.synthesize(columns)[..., 0])
    mixed = styled.synthesize(rows.mixed(columns, [4, 5]))
    np.testing.assert_array_equal(cells[1:, 1:].reshape(6, 16, 16), mixed[..., 0])


def test_a_sheet_names_the_seed_and_the_class_of_each_image(classes, tmp_path, monkeypatch):
    seen = {}

    def sheet(images, captions, columns):
        seen.update(captions=captions, columns=columns)
        return drawing.pictures.grid(images)

    monkeypatch.setattr(drawing.pictures, "sheet", sheet)
    drawing.write(classes, tmp_path / "x.png", 4, 0, name="x", seeds=[3, 5], labels=["bag"],
                  sheet=True)  # fmt: skip
    assert seen["captions"] == ["seed 3, bag", "seed 5, bag"]
    drawing.write(classes, tmp_path / "x.png", 4, 0, name="x", sheet=True)
    assert seen["captions"] == ["0, hat", "1, boot", "2, bag", "3, hat"] and seen["columns"] == 3


def test_a_sheet_has_room_for_its_texts():
    images = np.zeros((3, 8, 8, 1), "uint8")
    found = drawing.pictures.sheet(images, ["a", "bb", "ccc"], 3)
    height = (112 // 8) * 8 + 16
    assert found.shape == (height, 3 * 120, 3)
    assert (found[:112, :112] == 0).all() and (found[112:, :112] < 128).any()


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_loop_is_a_video(plain, tmp_path, suffix):
    out = tmp_path / f"loop{suffix}"
    text = drawing.loop(plain, plain.codes(4), out, frames=3, rate=10, columns=2)
    assert text == f"6 frames, 0.6 s: {out}"
    with Image.open(out) as film:
        assert film.n_frames == 6 and film.info["loop"] == 0
        assert film.size[0] == 2 * film.size[1]


def test_a_video_of_another_kind_is_refused(plain, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="expected .gif, .webp, .mp4, got"):
        video.write(tmp_path / "x.avi", iter([]), 0, 10)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'keras-ganzoo\[video\]'"):
        drawing.loop(plain, plain.codes(2), tmp_path / "x.mp4", 2, 10)
    assert not list(tmp_path.iterdir())


def test_what_is_cut_off_leaves_no_file(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(Sampler, "synthesize", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        drawing.loop(plain, plain.codes(2), tmp_path / "x.gif", 2, 10)
    assert not list(tmp_path.iterdir())


# --- commands


@pytest.fixture(scope="module")
def saved(styled, plain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    styled.export(folder / "styled" / "1")
    plain.export(folder / "plain" / "1")
    return folder


def command(*words):
    return cli.main([str(word) for word in words])


def test_a_folder_gets_a_file_of_each_image_and_keeps_what_it_has(saved, tmp_path, monkeypatch):
    out, plain = tmp_path / "many", saved / "plain" / "1"
    out.mkdir()
    (out / "mine.png").write_bytes(b"mine")
    assert command("sample", plain, "--seeds=3,7-8", f"--out={out}") == 0
    names = ["00003.png", "00007.png", "00008.png", "mine.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert command("sample", plain, "--seeds=7", f"--out={tmp_path / 'one.png'}") == 0
    np.testing.assert_array_equal(picture(out / names[1]), picture(tmp_path / "one.png"))

    def full(image, path, form):
        raise OSError("no space left")

    monkeypatch.setattr(drawing.pictures.Image.Image, "save", full)
    assert command("sample", plain, "--num=2", f"--out={out}") != 0
    assert sorted(path.name for path in out.iterdir()) == names


def test_the_commands_draw_from_seeds_or_from_codes(saved, tmp_path, capsys):
    styled, codes = saved / "styled" / "1", tmp_path / "codes.npz"
    assert command("sample", styled, "--seeds=1,4-5", "--truncation=0.7", f"--out={codes}") == 0
    assert command("sample", styled, f"--codes={codes}", f"--out={tmp_path / 'x.png'}") == 0
    with np.load(codes) as file:
        expected = drawing.pictures.grid(file["images"])
    np.testing.assert_array_equal(picture(tmp_path / "x.png"), expected[..., 0])
    assert command("video", styled, f"--codes={codes}", "--frames=2",
                   f"--out={tmp_path / 'x.gif'}") == 0  # fmt: skip
    assert command("mix", styled, "--rows=0-1", "--columns=3", f"--out={tmp_path / 'm.png'}") == 0
    assert (tmp_path / "m.png").exists() and "6 frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["video", "plain", "--seeds=3"], "two points or more"),
        (["video", "plain", "--out=x.avi"], "ends in .gif, .webp or .mp4, got 'x.avi'"),
        (["mix", "plain", "--rows=0", "--columns=1"], "needs one with styles"),
        (["mix", "styled", "--rows=0", "--columns=1", "--layers=9"], "layers from 0 to 5 such as"),
        (["sample", "plain", "--codes=missing.npz"], "cannot read missing.npz"),
        (["sample", "plain", "--seeds=1", "--codes=x.npz"], "neither --seeds"),
        (["sample", "plain", "--sheet", "--out=x.npz"], "--sheet: expected a .png"),
        (["sample", "plain", "--seeds=4-1"], "expected seeds such as 7, 0-15 or 1,5,9"),
        (["video", "plain", "--codes=x.npz", "--seeds=1"], "expected --seeds or --codes, one"),
    ],
)
def test_what_does_not_fit_is_one_line(saved, words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, model, *rest = words
    assert command(name, saved / model / "1", *rest) == 2
    line = capsys.readouterr().err
    assert message in line and line.count("\n") == 1
    assert not list(tmp_path.iterdir())
