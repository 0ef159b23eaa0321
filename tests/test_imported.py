"""What was imported is an entry of the local zoo, and a file can be used without importing it."""

import hashlib
import json
import pathlib
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import processes
import pytest
import tensorflow as tf

from ganzoo import cli, gans, zoo
from ganzoo.errors import InputError
from ganzoo.inference.truncated import TruncatedSampler
from ganzoo.networks import dcgan
from ganzoo.networks.published import stylegan2
from ganzoo.zoo import imported, sources

PUBLISHED = pathlib.Path(__file__).parent / "reference" / "published"


def written(path, name):
    """Writes the weights of a reference as safetensors."""
    with np.load(PUBLISHED / f"{name}.npz") as file:
        arrays = {n[6:]: file[n] for n in file.files if n.startswith("state/")}
    header, data = {}, b""
    for key, array in arrays.items():
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        places = [len(data), len(data) + len(raw)]
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": places}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_an_imported_file_is_an_entry(tmp_path, home, capsys, monkeypatch):
    monkeypatch.setattr("subprocess.Popen", processes.Popen)
    path = written(tmp_path / "faces.safetensors", "dcgan_64")
    fresh = zoo.load_pretrained(f"dcgan:{path}").sample(2, seed=3)
    assert cli.main(["inspect", str(path)]) == 0
    assert "size=64, width=4, channels=3, latent_dim=20" in capsys.readouterr().out
    assert cli.main(["import", str(path), "--as=my_faces", "--license=MIT"]) == 0
    assert "my_faces" in zoo.list_imported() and "my_faces" not in zoo.list_pretrained()
    np.testing.assert_array_equal(zoo.load_pretrained("my_faces").sample(2, seed=3), fresh)
    card = zoo.info("my_faces")["card"]
    assert "Radford et al." in card and "| MIT |" in card
    assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    assert cli.main(["list"]) == 0
    assert re.search(r"my_faces +dcgan +64 x 64 x 3 ", capsys.readouterr().out)
    assert cli.main(["verify", "my_faces"]) == 0
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sample", "my_faces", "--num=2"]) == 0
    assert (tmp_path / "my_faces.png").is_file()
    weights = home / "imported" / "my_faces" / "1" / "variables" / "variables.index"
    weights.write_bytes(weights.read_bytes() + b"x")
    capsys.readouterr()
    assert cli.main(["verify", "my_faces", "--quick"]) == 1
    assert "variables.index" in capsys.readouterr().out
    with pytest.raises(InputError, match="import it again"):
        zoo.load_pretrained("my_faces")
    with pytest.raises(InputError, match="imported already"):
        imported.import_entry(str(path), "my_faces")
    monkeypatch.setattr(imported.fingerprint, "alone", lambda folders: [{}])
    imported.import_entry(str(path), "my_faces", replace=True)
    assert zoo.load_pretrained("my_faces").sample(1).shape == (1, 64, 64, 3)
    imported.remove("my_faces")
    assert not zoo.list_imported() and not (home / "imported" / "my_faces").exists()


def test_a_style_generator_is_truncated_by_its_network(tmp_path, home):
    path = written(tmp_path / "g.safetensors", "stylegan2_c5")
    model = zoo.load_pretrained(f"stylegan2:{path}")
    assert isinstance(model, TruncatedSampler) and model.conditional
    whole = model.sample(2, seed=1, labels=[0, 4])
    assert (model.sample(2, seed=1, labels=[0, 4], truncation=0.3) != whole).any()
    with np.load(PUBLISHED / "stylegan2_c5.npz") as file:
        latents, classes = file["in/z"], file["in/c"].argmax(1)
        expected = file["out/image_const_noise"].transpose(0, 2, 3, 1)
    images = model.sample(latents=latents, labels=classes)
    exact = np.clip(np.round(expected * 127.5 + 127.5), 0, 255)
    assert np.abs(images.astype("int32") - exact).max() <= 1
    model.export(tmp_path / "saved")
    again = zoo.find(str(tmp_path / "saved"))[0]()
    np.testing.assert_array_equal(again.sample(2, seed=1, labels=[0, 4]), whole)
    with pytest.raises(InputError, match="truncation above 0, at most 1"):
        model.sample(1, truncation=2.0)


def test_a_translator_takes_the_size_that_it_is_given(tmp_path, home):
    path = written(tmp_path / "g.safetensors", "cyclegan_6")
    images = np.zeros((1, 32, 32, 3), "uint8")
    assert sources.open_source(str(path), size=32).translate(images).shape == images.shape
    with pytest.raises(InputError, match="unknown option of cyclegan 'sise'.*'size'"):
        sources.open_source(str(path), sise=32)


@pytest.mark.parametrize("name", ["dcgan_64", pytest.param("stylegan2_c5", marks=pytest.mark.slow)])
def test_an_imported_generator_is_trained_further(tmp_path, home, name):
    path = written(tmp_path / "g.safetensors", name)
    model = sources.open_source(str(path))
    if name == "dcgan_64":
        size, labels, generator = 64, {}, model.network
        gan = gans.DCGAN(generator, dcgan.discriminator((64, 64, 3), 4), latent_dim=20)
        gan.compile()
    else:
        size, labels, generator = 32, {"label": np.arange(4)}, model.trainable_network
        critic = stylegan2.discriminator(32, [16, 16, 16, 16], num_classes=5, code_dim=8, depth=1)
        gan = gans.CGAN(generator, critic, latent_dim=64, num_classes=5)
        gan.compile()
    before = [np.asarray(weight) for weight in generator.trainable_weights]
    real = np.random.default_rng(0).uniform(-1, 1, (4, size, size, 3)).astype("float32")
    gan.fit(tf.data.Dataset.from_tensors({"real": real, **labels}), epochs=1, verbose=0)
    after = generator.trainable_weights
    assert any((np.asarray(b) != a).any() for a, b in zip(before, after, strict=True))
    assert gan.sample(2, seed=0).shape == (2, size, size, 3)


def test_wrong_sources_are_refused(tmp_path, home):
    path = written(tmp_path / "g.safetensors", "dcgan_64")
    with pytest.raises(InputError, match="Did you mean 'dcgan'"):
        zoo.load_pretrained(f"dcgann:{path}")
    with pytest.raises(InputError, match="expected a stylegan2, got"):
        zoo.load_pretrained(f"stylegan2:{path}")
    critic = written(tmp_path / "d.safetensors", "r3gan_d_c5")
    with pytest.raises(InputError, match="expected a generator, got the discriminator of R3GAN"):
        imported.import_entry(str(critic), "critic")
    with pytest.raises(InputError, match="a-z, 0-9"):
        imported.import_entry(str(path), "My Faces")
    with pytest.raises(InputError, match="published entry"):
        imported.import_entry(str(path), "dcgan_mnist")
    with pytest.raises(InputError, match="hf://OWNER/REPO/FILE"):
        sources.path("hf://owner")
    with pytest.raises(InputError, match="sha256=HEX"):
        sources.path("https://example.org/g.pkl")


def test_an_address_is_downloaded_once_and_checked(tmp_path, home):
    path = written(tmp_path / "g.safetensors", "dcgan_64")
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/g.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        with pytest.raises(InputError, match="expected SHA-256 000000000000"):
            sources.path(f"{url}#sha256={'0' * 64}")
        model = zoo.load_pretrained(f"dcgan:{url}#sha256={digest}")
    finally:
        server.shutdown()
        server.server_close()
    assert model.sample(1).shape == (1, 64, 64, 3)
    assert sources.path(f"{url}#sha256={digest}").read_bytes() == path.read_bytes()
    assert [p.name for p in (home / "downloads").rglob("*") if p.is_file()] == ["g.safetensors"]
