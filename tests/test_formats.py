"""ONNX, LiteRT and TensorFlow.js: run by their own runtimes, they compute what the network does."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from cases import loaded, maker
from google.protobuf import json_format
from tensorflow.core.framework import graph_pb2

import ganzoo
from ganzoo import cli
from ganzoo.errors import InputError
from ganzoo.inference import formats, saved_model, tfjs
from ganzoo.layers import SelfAttention
from ganzoo.zoo.importing.readers import tfjs as reader

SIZE = 3
NAMES = ("dcgan", "cgan", "infogan", "stylegan2", "pix2pix", "seqgan", "classifier")


@pytest.fixture(scope="module")
def models():
    """An export of each kind, with weights that training might have left."""
    keras.utils.set_random_seed(0)
    found = {name: maker(name)().sampler for name in NAMES}
    latents = keras.Input((8,))
    maps = keras.layers.Reshape((4, 4, 4))(keras.layers.Dense(64)(latents))
    images = keras.layers.Conv2D(1, 3, padding="same")(SelfAttention()(maps))
    found["attention"] = saved_model.Sampler(keras.Model(latents, images), 8)
    for model in found.values():
        for weight in model.network.weights:
            if not weight.path.endswith("noise"):
                weight.assign(weight + 0.1)
    return found


def expected(model, given):
    with formats.noise.noise(
        "none" if isinstance(model, saved_model.KINDS["translator"]) else None
    ):
        found = model.portable()[0](*given.values())
    return {name: np.asarray(value) for name, value in found.items()}


def by_onnx(path, given):
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, given), strict=True))


def by_litert(path, given):
    return Interpreter(str(path)).get_signature_runner()(**given)


def by_tfjs(path, given):
    """Runs the graph of a `model.json` by TensorFlow, its constants filled from the shards."""
    model = json.loads((path / tfjs.MODEL).read_text())
    weights = reader.read(path / tfjs.MODEL)
    graph = json_format.ParseDict(model["modelTopology"], graph_pb2.GraphDef())
    for node in graph.node:
        if node.op == "Const":
            assert not node.attr["value"].tensor.tensor_content
            dtype = tf.as_dtype(node.attr["value"].tensor.dtype).as_numpy_dtype
            values = weights[node.name].numpy().astype(dtype)
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
    ends = model["signature"]
    feeds = [ends["inputs"][name]["name"] for name in given]
    fetches = [end["name"] for end in ends["outputs"].values()]
    with tf.Graph().as_default() as whole:
        tf.import_graph_def(graph, name="")
    with tf.compat.v1.Session(graph=whole) as session:
        found = session.run(fetches, dict(zip(feeds, given.values(), strict=True)))
    return dict(zip(ends["outputs"], found, strict=True))


RUN = {"onnx": by_onnx, "litert": by_litert, "tfjs": by_tfjs}
TRIED = [
    *[(name, format, "float32") for name in (*NAMES, "attention") for format in RUN
      if (name, format) != ("infogan", "litert")],
    ("dcgan", "litert", "float16"), ("cgan", "litert", "int8"), ("stylegan2", "tfjs", "float16"),
]  # fmt: skip
CLOSE = {"float32": 1e-4, "float16": 2e-2, "int8": 0.5}


@pytest.mark.parametrize(("name", "format", "precision"), TRIED)
def test_other_runtimes_compute_the_same(models, tmp_path, name, format, precision):
    path = formats.path_of(str(tmp_path / "model"), format)
    batch_size = SIZE if format == "litert" else None
    models[name].export(path, precision, format=format, batch_size=batch_size)
    given = formats.Portable(models[name], SIZE).example(SIZE)
    found, right = RUN[format](path, given), expected(models[name], given)
    assert set(found) == set(right)
    for key, value in right.items():
        assert found[key].shape == value.shape and value.std() > 1e-3
        np.testing.assert_allclose(found[key], value, atol=CLOSE[precision])


def test_batches_are_of_any_size_or_as_asked(models, tmp_path):
    models["dcgan"].export(tmp_path / "any.onnx", format="onnx")
    models["dcgan"].export(tmp_path / "one.tflite", format="litert")
    latents = np.zeros((5, 8), "float32")
    assert by_onnx(tmp_path / "any.onnx", {"latents": latents})["images"].shape == (5, 8, 8, 1)
    found = by_litert(tmp_path / "one.tflite", {"latents": latents[:1]})
    assert found["images"].shape == (1, 8, 8, 1)


def test_fewer_bits_take_fewer_bytes(tmp_path):
    network = keras.Sequential([keras.Input((64,)), keras.layers.Dense(4096)])
    network.add(keras.layers.Reshape((64, 64, 1)))
    model, sizes = saved_model.Sampler(network, 64), []
    for precision in formats.FORMATS["litert"].precisions:
        model.export(tmp_path / "x.tflite", precision, format="litert")
        sizes.append((tmp_path / "x.tflite").stat().st_size)
    for precision in formats.FORMATS["tfjs"].precisions:
        model.export(tmp_path / "x", precision, format="tfjs")
        sizes.append(sum(path.stat().st_size for path in (tmp_path / "x").iterdir()))
    full, half, quarter, js, js_half = sizes
    assert half < 0.6 * full and quarter < 0.4 * full and js_half < 0.6 * js


def test_weights_of_tfjs_are_in_shards(models, tmp_path, monkeypatch):
    monkeypatch.setattr(tfjs, "SHARD", 1000)
    models["dcgan"].export(tmp_path / "js", format="tfjs")
    shards = sorted(path.name for path in (tmp_path / "js").glob("*.bin"))
    assert len(shards) > 2 and f"group1-shard1of{len(shards)}.bin" in shards
    given = formats.Portable(models["dcgan"], SIZE).example(SIZE)
    right = expected(models["dcgan"], given)["images"]
    np.testing.assert_allclose(by_tfjs(tmp_path / "js", given)["images"], right, atol=1e-4)


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("x.onnx", {"format": "onx"}, "unknown format 'onx'. Did you mean 'onnx'?"),
        ("x.tflite", {"format": "onnx"}, "onnx: expected a name that ends in .onnx"),
        ("x.json", {"format": "tfjs"}, "tfjs: expected a folder"),
        ("x.onnx", {"format": "onnx", "precision": "float16"}, "unknown precision of onnx"),
        ("x.onnx", {"format": "onnx", "batch_size": 0}, "batch_size must be a whole number"),
        ("x", {"batch_size": 2}, "a SavedModel takes batches of any size"),
        ("file", {"format": "tfjs"}, "is no model of TensorFlow.js, and is kept"),
        ("full", {"format": "tfjs"}, "is no model of TensorFlow.js, and is kept"),
        ("file/x.onnx", {"format": "onnx"}, "cannot write"),
        ("file/x.tflite", {"format": "litert"}, "cannot write"),
    ],
)
def test_what_does_not_fit_is_one_line(models, tmp_path, path, options, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as refused:
        models["dcgan"].export(tmp_path / path, **options)
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "full", "thesis.txt"]


def test_an_operation_that_litert_lacks_is_named(models, tmp_path):
    with pytest.raises(InputError, match="^LiteRT cannot compute this network: it has no Erf$"):
        models["infogan"].export(tmp_path / "x.tflite", format="litert")
    assert not list(tmp_path.iterdir())


def test_an_operation_that_onnx_lacks_is_named(tmp_path):
    @keras.saving.register_keras_serializable("tests")
    class Odd(keras.layers.Layer):
        def call(self, x):
            return tf.bitcast(tf.bitcast(x, tf.int32), tf.float32)

    latents = keras.Input((4,))
    images = keras.layers.Reshape((2, 2, 1))(Odd()(latents))
    model = saved_model.Sampler(keras.Model(latents, images), 4)
    with pytest.raises(InputError, match="^ONNX cannot compute this network: it has no Bitcast$"):
        model.export(tmp_path / "x.onnx", format="onnx")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_its_extra(models, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(InputError, match=r"onnx needs .* 'keras-ganzoo\[onnx\]'"):
        models["dcgan"].export(tmp_path / "x.onnx", format="onnx")


def test_a_game_exports_and_so_does_the_command(models, tmp_path, monkeypatch, capsys):
    gan = maker("dcgan")()
    gan.export(tmp_path / "game.onnx", format="onnx")
    given = formats.Portable(gan.sampler, SIZE).example(SIZE)
    np.testing.assert_allclose(
        by_onnx(tmp_path / "game.onnx", given)["images"], gan(given["latents"]), atol=1e-4
    )
    gan.export(tmp_path / "mine" / "1")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "mine/1", "--format=onnx"]) == 0
    assert "mine/1: exported to mine.onnx (" in capsys.readouterr().out
    np.testing.assert_array_equal(
        by_onnx("mine.onnx", given)["images"], by_onnx("game.onnx", given)["images"]
    )
    assert cli.main(["export", "mine/1", "--which=generator"]) == 2
    assert "--which: expected a run" in capsys.readouterr().err


def test_the_extra_has_what_is_needed():
    needed = {row.extra for row in formats.FORMATS.values()} - {""}
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text()
    assert needed == {"onnx"} and "\nonnx = [" in text


def test_the_table_is_of_all_entries_and_all_formats():
    script = Path(__file__).parent.parent / "benchmarks" / "quality" / "formats.py"
    benchmark = loaded(script)
    results = json.loads(benchmark.PATH.read_text())
    own = {name: row for name, row in results.items() if not row.get("imported")}
    assert set(own) == set(ganzoo.list_pretrained())
    for name, row in own.items():
        assert set(row) == {*benchmark.COLUMNS, "of"}
        assert row["of"] == benchmark.digest(name), "run: python benchmarks/quality/formats.py"
    real = json.loads(benchmark.PATH.with_name("imported.json").read_text())
    assert set(results) - set(own) == set(real)
    assert all(row.keys() > {*benchmark.COLUMNS} for row in results.values())
    assert benchmark.PAGE.read_text() == benchmark.render(results)
    columns = {(format, p) for format, row in formats.FORMATS.items() for p in row.precisions}
    assert set(benchmark.COLUMNS.values()) <= columns
