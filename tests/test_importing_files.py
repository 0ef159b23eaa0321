"""Files of other people's weights: read without executing anything, or refused in one line."""

import collections
import io
import json
import os
import pickle
import sys
import types
import zipfile

import h5py
import numpy as np
import pytest

from ganzoo.errors import InputError
from ganzoo.zoo.importing import readers
from ganzoo.zoo.importing.readers import pickles, torch_files

NUMBERS = np.arange(24, dtype="<f4").reshape(2, 3, 4)


class Stored:
    """A tensor, as `torch.save` pickles it."""

    def __init__(self, array, key="0", count=None, offset=0, shape=None, strides=None):
        self.array, self.key, self.offset = array, key, offset
        self.count = array.size if count is None else count
        self.shape = array.shape if shape is None else shape
        steps = [s // array.itemsize for s in array.strides]
        self.strides = tuple(steps) if strides is None else strides


@pytest.fixture
def torch_names(monkeypatch):
    """Modules with the names of torch's and NVIDIA's, whose functions only have names."""

    def module(name, *names):
        made = types.ModuleType(name)
        for one in names:
            function = types.new_class(one) if one.endswith("Storage") else (lambda *a: None)
            function.__module__, function.__qualname__, function.__name__ = name, one, one
            setattr(made, one, function)
        monkeypatch.setitem(sys.modules, name, made)
        return made

    for package in ("torch_utils", "torch.nn", "torch.nn.modules"):
        module(package)
    return types.SimpleNamespace(
        torch=module("torch", "FloatStorage"),
        utils=module("torch._utils", "_rebuild_tensor_v2"),
        storage=module("torch.storage", "_load_from_bytes"),
        persistence=module("torch_utils.persistence", "_reconstruct_persistent_obj"),
        layers=module("torch.nn.modules.linear"),
        shell=module("torch.evil", "run"),
    )


def pickled(value, names, protocol=2) -> bytes:
    class Writer(pickle.Pickler):
        def persistent_id(self, one):
            if isinstance(one, tuple) and one[:1] == ("storage",):
                return one
            return None

        def reducer_override(self, one):
            if not isinstance(one, Stored):
                return NotImplemented
            storage = ("storage", names.torch.FloatStorage, one.key, "cpu", one.count)
            arguments = (storage, one.offset, one.shape, one.strides, False, {})
            return names.utils._rebuild_tensor_v2, arguments

    file = io.BytesIO()
    Writer(file, protocol).dump(value)
    return file.getvalue()


def archive(path, index: bytes, *storages, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as written:
        written.writestr("w/data.pkl", index)
        for key, storage in enumerate(storages):
            written.writestr(f"w/data/{key}", storage)
    return path


def older(value, names, *storages) -> bytes:
    parts = [pickle.dumps(part, 2) for part in (torch_files.MAGIC, 1001, {"little_endian": True})]
    parts += [pickled(value, names), pickle.dumps([str(i) for i in range(len(storages))], 2)]
    for storage in storages:
        parts += [(len(storage) // 4).to_bytes(8, "little"), storage]
    return b"".join(parts)


def refused(path) -> str:
    with pytest.raises(InputError) as raised:
        for array in readers.read(path)[1].values():
            array.numpy()
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_zip_archive_of_nested_dicts(tmp_path, torch_names, protocol):
    value = {"step": 3, "netG": collections.OrderedDict(a=Stored(NUMBERS)), "losses": [0.5]}
    path = archive(tmp_path / "x.pth", pickled(value, torch_names, protocol), NUMBERS.tobytes())
    kind, arrays = readers.read(path)
    assert kind == "PyTorch" and list(arrays) == ["netG.a"]
    np.testing.assert_array_equal(arrays["netG.a"].numpy(), NUMBERS)


def test_views_share_a_storage(tmp_path, torch_names):
    value = {
        "t": Stored(NUMBERS, shape=(4, 2), strides=(1, 4), offset=4),
        "one": Stored(NUMBERS, shape=(), strides=(), offset=5),
    }
    path = archive(tmp_path / "x.pth", pickled(value, torch_names), NUMBERS.tobytes())
    _, arrays = readers.read(path)
    np.testing.assert_array_equal(arrays["t"].numpy(), [[4, 8], [5, 9], [6, 10], [7, 11]])
    assert arrays["one"].numpy() == 5


def test_the_older_format(tmp_path, torch_names):
    path = tmp_path / "x.pth"
    path.write_bytes(older({"a": Stored(NUMBERS)}, torch_names, NUMBERS.tobytes()))
    np.testing.assert_array_equal(readers.read(path)[1]["a"].numpy(), NUMBERS)
    path.write_bytes(path.read_bytes()[:-4])  # half a download
    assert "larger than the file" in refused(path)


def test_an_nvidia_pickle_of_persistent_classes(tmp_path, torch_names):
    class Inner:  # a storage, as it pickles itself: a file of the older format inside
        def __reduce__(self):
            storage = ("storage", torch_names.torch.FloatStorage, "0", "cpu", 24, None)
            file = older(storage, torch_names, NUMBERS.tobytes())
            return torch_names.storage._load_from_bytes, (file,)

    class Tensor:
        def __reduce__(self):
            arguments = (Inner(), 0, (2, 3, 4), (12, 4, 1), False, collections.OrderedDict())
            return torch_names.utils._rebuild_tensor_v2, arguments

    class Layer:
        def __init__(self, **state):
            self.state = state

        def __reduce__(self):
            state = {"_parameters": {}, "_buffers": {}, "_modules": {}} | self.state
            meta = dict(type="class", version=6, module_src="import os; os.abort()")
            meta |= dict(class_name="Layer", state=state)
            return torch_names.persistence._reconstruct_persistent_obj, (meta,)

    layer = Layer(_parameters={"weight": Tensor()}, _buffers={"w_avg": Tensor()}, conv_clamp=256)

    class Linear:  # a class of PyTorch, as R3GAN's networks have them inside
        def __init__(self):
            self._parameters, self._buffers, self._modules = {"weight": Tensor()}, {}, {}

    torch_names.layers.Linear = Linear
    Linear.__module__, Linear.__qualname__ = "torch.nn.modules.linear", "Linear"
    parts = {"b4": layer, "Model": Linear()}
    network = {"G_ema": Layer(_modules=parts), "training_set_kwargs": {"size": 3}}
    path = tmp_path / "network.pkl"
    path.write_bytes(pickle.dumps(network, 4))
    kind, arrays = readers.read(path)
    assert kind == "pickle"
    names = {"G_ema.b4.weight", "G_ema.b4.w_avg", "G_ema.b4.conv_clamp", "G_ema.Model.weight"}
    assert set(arrays) == names
    np.testing.assert_array_equal(arrays["G_ema.b4.weight"].numpy(), NUMBERS)
    assert arrays["G_ema.b4.conv_clamp"].numpy() == 256


# Hostile files.


class Code:
    def __reduce__(self):
        return os.mkdir, ("executed",)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_code_in_a_pickle_is_refused_with_its_name(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path / "x.pth", pickle.dumps({"a": Code()}, protocol))
    assert "asks for 'posix.mkdir'" in refused(path) or os.name != "posix"
    plain = tmp_path / "x.pkl"
    plain.write_bytes(pickle.dumps({"a": Code()}, max(2, protocol)))
    assert "asks for" in refused(plain)
    assert not (tmp_path / "executed").exists()


def test_functions_beside_the_allowed_ones_are_refused(tmp_path, torch_names):
    class Sneaky:
        def __reduce__(self):
            return torch_names.shell.run, ()

    assert "torch.evil.run" in refused(archive(tmp_path / "a", pickled([Sneaky()], torch_names)))
    mentioned = b"\x80\x02ctorch\nFloatStorage\n)R."  # a name that is no function here
    assert "calls 'torch.FloatStorage'" in refused(archive(tmp_path / "b", mentioned))
    built = b"\x80\x02ctorch\nFloatStorage\n}b."  # sets attributes of a class
    assert "sets attributes of a Name" in refused(archive(tmp_path / "c", built))
    assert "an instruction EXT1" in refused(archive(tmp_path / "d", b"\x80\x02\x82\x01."))


def test_storages_must_be_in_the_file(tmp_path, torch_names):
    def written(tensor, *storages):
        return archive(tmp_path / "x.pth", pickled({"a": tensor}, torch_names), *storages)

    assert "storage 0 of 1000 numbers has 96 bytes" in refused(
        written(Stored(NUMBERS, count=1000), NUMBERS.tobytes())
    )
    assert "in a storage of 24 numbers" in refused(
        written(Stored(NUMBERS, offset=1), NUMBERS.tobytes())
    )
    huge = Stored(NUMBERS, shape=(10**9,), strides=(0,))  # the same number a billion times
    assert "in a storage of 24 numbers" in refused(written(huge, NUMBERS.tobytes()))
    assert "impossible shape" in refused(written(Stored(NUMBERS, offset=-1), NUMBERS.tobytes()))
    assert "storage 0 is missing" in refused(written(Stored(NUMBERS)))


def test_deep_and_cyclic_nesting_is_refused(tmp_path):
    deep = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    assert "levels deep" in refused(archive(tmp_path / "deep", deep))
    circle = []
    circle.append(circle)
    assert "in a circle" in refused(archive(tmp_path / "circle", pickle.dumps(circle)))
    laughs = b"\x80\x02]" + b"q\x00](h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00e" * 40 + b"."
    assert "in a circle" in refused(archive(tmp_path / "laughs", laughs))
    key = b"\x80\x02}" + b")" + b"\x85" * 50 + b"K\x01s."
    assert "tuple as a key" in refused(archive(tmp_path / "key", key))


def test_a_zip_bomb_is_refused(tmp_path, torch_names):
    zeros = bytes(100 << 20)
    index = pickled({"a": Stored(np.zeros(25 << 20, "<f4"))}, torch_names)
    path = archive(tmp_path / "x.pth", index, zeros, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    assert "unpacked are more than" in refused(path)


def test_sizes_in_a_pickle_allocate_nothing():
    for start in (b"\x80\x02B\xff\xff\xff\xff", b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x00"):
        with pytest.raises(ValueError, match="ends too early"):
            pickles.load(io.BytesIO(start + b"abc."), {})


@pytest.mark.parametrize("keep", [3, 40, 120])
def test_half_a_download_is_refused(tmp_path, torch_names, keep):
    path = archive(
        tmp_path / "x.pth", pickled({"a": Stored(NUMBERS)}, torch_names), NUMBERS.tobytes()
    )
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def safetensors(path, header, data=None):
    data = NUMBERS.tobytes() if data is None else data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_safetensors(tmp_path):
    fact = {"dtype": "F32", "shape": [2, 3, 4], "data_offsets": [0, 96]}
    half = {"dtype": "BF16", "shape": [2], "data_offsets": [96, 100]}
    tail = (np.array([1.5, -2.0], "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    path = safetensors(tmp_path / "x", {"a": fact, "b": half}, NUMBERS.tobytes() + tail)
    kind, arrays = readers.read(path)
    assert kind == "safetensors"
    np.testing.assert_array_equal(arrays["a"].numpy(), NUMBERS)
    np.testing.assert_array_equal(arrays["b"].numpy(), [1.5, -2.0])
    assert "does not fit" in refused(safetensors(tmp_path / "y", {"a": fact | {"shape": [9]}}))
    assert "does not fit" in refused(safetensors(tmp_path / "z", {"a": fact}, b"half"))


def test_keras_files(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["dense/dense/kernel:0"] = NUMBERS
        file["loop"] = h5py.SoftLink("/dense")
    kind, arrays = readers.read(path)
    assert kind == "HDF5" and list(arrays) == ["dense/dense/kernel:0"]
    np.testing.assert_array_equal(arrays["dense/dense/kernel:0"].numpy(), NUMBERS)
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as file:
        file.writestr("config.json", "{}")
        file.write(path, "model.weights.h5")
    np.testing.assert_array_equal(
        readers.read(tmp_path / "x.keras")[1]["dense/dense/kernel:0"].numpy(), NUMBERS
    )
    with h5py.File(path, "a") as file:
        file["away"] = h5py.ExternalLink("/etc/passwd", "/")
    assert "in another file" in refused(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("bomb", (1 << 26,), "f4", chunks=(1 << 20,), compression="gzip")
    assert "unpacked are more than expected" in refused(path)


def test_tensorflow_js_models(tmp_path):
    packed = {"dtype": "uint8", "min": -1.0, "scale": 0.5}
    weights = [
        {"name": "a", "shape": [2, 3, 4], "dtype": "float32"},
        {"name": "b", "shape": [3], "dtype": "float32", "quantization": packed},
    ]
    manifest = [{"paths": ["w1", "w2"], "weights": weights}]
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    data = NUMBERS.tobytes() + bytes([0, 2, 4])
    (tmp_path / "w1").write_bytes(data[:50])
    (tmp_path / "w2").write_bytes(data[50:])
    kind, arrays = readers.read(tmp_path)
    assert kind == "TensorFlow.js"
    np.testing.assert_array_equal(arrays["a"].numpy(), NUMBERS)
    np.testing.assert_array_equal(arrays["b"].numpy(), [-1, 0, 1])
    (tmp_path / "w2").write_bytes(data[50:-1])
    assert "ends after the end" in refused(tmp_path)
    (tmp_path / "w2").unlink()
    assert "w2 is missing" in refused(tmp_path)
    manifest[0]["paths"] = ["../../secret"]
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    assert "outside of its folder" in refused(tmp_path)


def test_other_files_are_named(tmp_path):
    (tmp_path / "x.txt").write_text("hello world, this is text")
    assert "starts with b'hello wo'" in refused(tmp_path / "x.txt")
    assert "got no" in refused(tmp_path / "missing")
    assert "a folder with one" in refused(tmp_path)
