"""The demo: what it draws, and the page by its own interface, as a browser calls it."""

import socket
import sys

import keras
import numpy as np
import pytest
from cases import maker
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from ganzoo import cli
from ganzoo.demo import page, studio
from ganzoo.errors import InputError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Generators without and with classes and with styles, and a translator."""
    keras.utils.set_random_seed(0)
    root, found, rng = tmp_path_factory.mktemp("demo"), {}, np.random.default_rng(0)
    for name in ("dcgan", "cgan", "stylegan2", "pix2pix", "classifier"):
        model = maker(name)().sampler
        for weight in model.network.weights if name in ("dcgan", "cgan") else ():
            if len(weight.shape) > 1:  # so that images differ, as after a training
                weight.assign(rng.normal(0.0, 0.3, weight.shape))
        model.export(root / name / "1")
        found[name] = str(root / name / "1")
    Image.new("RGB", (20, 30), "white").save(root / "photo.png")
    return found | {"photo": str(root / "photo.png")}


@pytest.fixture(scope="module")
def client(folders):
    """The page on a server of its own, and what calls it."""
    made = page.build(folders["cgan"])
    made.queue().launch(server_port=free(), quiet=True, prevent_thread_lock=True)
    yield Client(made.local_url, verbose=False)
    made.close()


def free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_samples_are_those_of_their_seeds(folders):
    both = studio.samples(folders["dcgan"], 3, 4, None, 1.0)
    later = studio.samples(folders["dcgan"], 4, 1, None, 1.0)
    assert both.dtype == np.uint8 and both.shape == (512, 512, 3)
    expected = both[:256, 256:][::32, ::32]  # the second of four
    np.testing.assert_array_equal(later[::64, ::64], expected)


def test_a_class_and_a_truncation_change_what_is_drawn(folders):
    drawn = {
        (label, variety): studio.samples(folders["cgan"], 0, 4, label, variety).tobytes()
        for label in ("0", "1") for variety in (1.0, 0.2)
    }  # fmt: skip
    assert len(set(drawn.values())) == 4
    assert studio.classes(folders["cgan"]) == ["0", "1", "2"]
    assert studio.classes(folders["dcgan"]) == []


@pytest.mark.parametrize("name", ["dcgan", "stylegan2"])
def test_a_sample_is_moved_along_directions(folders, name):
    still = studio.edited(folders[name], 1, None, 1.0, 0, 0, 0)
    moved = studio.edited(folders[name], 1, None, 1.0, 3, 0, 0)
    left, right = np.split(still, 2, axis=1)
    np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(np.split(moved, 2, axis=1)[0], left)
    assert (np.split(moved, 2, axis=1)[1] != left).any()


def test_styles_are_mixed_where_there_are_some(folders):
    assert studio.mixes(folders["stylegan2"]) and not studio.mixes(folders["dcgan"])
    picture = pixels(studio.mixed(folders["stylegan2"], 0, 4, "coarse", 1.0))
    side = picture.shape[0] // 5
    assert picture.shape == (5 * side, 5 * side, 3)
    with pytest.raises(InputError, match="one code for all layers"):
        studio.mixed(folders["dcgan"], 0, 4, "coarse", 1.0)


def test_the_page_draws_films_and_translates(client, folders):
    assert pixels(client.predict(folders["cgan"], 0, 4, "1", 1.0, api_name="/samples")).shape[0]
    moved = client.predict(folders["cgan"], 0, studio.ANY, 1.0, 2, 0, 0, api_name="/edited")
    assert pixels(moved).shape == (384, 768, 3)
    film = client.predict(folders["cgan"], 0, 2, "2", 1.0, api_name="/film")
    with Image.open(film) as loop:
        assert loop.n_frames == 2 * studio.FRAMES


def test_a_picture_is_translated(folders):
    given = folders["pix2pix"], folders["photo"]
    plain, inverted = (studio.translated(*given, inverted, 0) for inverted in (False, True))
    assert (plain[:, :384] == 255).all() and (inverted[:, :384] == 0).all()
    assert plain.shape == (384, 768, 3)


def test_what_is_refused_is_told_on_the_page(client, folders):
    with pytest.raises(AppError, match="expected labels from 0 to 2"):
        client.predict(folders["cgan"], 0, 4, "7", 1.0, api_name="/samples")


@pytest.mark.parametrize(
    ("name", "said"),
    [("classifier", "expected a generator of images, got a classifier"), ("photo", "expected")],
)
def test_what_draws_nothing_is_refused(folders, name, said):
    with pytest.raises(InputError, match=said):
        page.build(folders[name])


def test_the_command_says_what_is_wrong(folders, monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["demo", folders["dcgan"], "--quiet", f"--port={port}"]) == 2
    line = capsys.readouterr().err
    assert f"--port: cannot listen on 127.0.0.1:{port}" in line and line.count("\n") == 1
    monkeypatch.delitem(sys.modules, "ganzoo.demo.page")
    monkeypatch.setitem(sys.modules, "gradio", None)
    import ganzoo.demo

    monkeypatch.delattr(ganzoo.demo, "page")
    assert cli.main(["demo"]) == 2
    assert "pip install 'keras-ganzoo[demo]'" in capsys.readouterr().err
