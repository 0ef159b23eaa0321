"""Graph models of TensorFlow.js: `model.json`, and beside it the numbers of its weights.

The format: a graph of TensorFlow's operations as JSON, in which constants have no values; these
stand one after another in files of at most 4 MiB, which browsers keep in their caches. Weights can
be stored in 16 bits.
"""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.grappler import tf_optimizer

from ganzoo.engine import files

SHARD = 4 << 20  # bytes
MODEL = "model.json"
PASSES = ("pruning", "constfold", "arithmetic", "dependency", "pruning", "constfold")
TYPES = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}  # int64 is none of JavaScript's


def write(portable, path: Path, precision: str) -> None:
    """Writes a `formats.Portable` to a folder, whole or not at all.

    Raises:
        InputError: If the folder or a file there is something else than such a model.
    """
    files.check_replaceable(path, MODEL, "is no model of TensorFlow.js, and is kept")
    with files.replacing_folder(path) as folder:
        model, data = converted(portable, precision)
        starts = range(0, len(data), SHARD)
        names = [f"group1-shard{i + 1}of{len(starts)}.bin" for i in range(len(starts))]
        for name, start in zip(names, starts, strict=True):
            (folder / name).write_bytes(data[start : start + SHARD])
        model["weightsManifest"][0]["paths"] = names
        (folder / MODEL).write_text(json.dumps(model), "utf-8")


def converted(portable, precision: str) -> tuple[dict, bytes]:
    """Returns the graph model of a `formats.Portable`, plain data, and its weights."""
    graph, signature = _frozen(portable)
    manifest, data = _packed(_taken(graph), precision)
    return {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "GanZoo",
        "signature": signature,
        "modelTopology": json_format.MessageToDict(graph),
        "weightsManifest": [{"paths": [], "weights": manifest}],
    }, data


def _frozen(portable) -> tuple:
    """Returns the graph with its weights as constants, simplified, and its signature."""
    traced = portable.concrete()
    frozen = convert_variables_to_constants_v2(traced)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(frozen.graph.as_graph_def(), name="")
        meta = tf.compat.v1.train.export_meta_graph(graph=graph)
    ends = meta.collection_def["train_op"].node_list.value  # what the simplified graph keeps
    ends.extend(tensor.name for tensor in [*frozen.inputs, *frozen.outputs])
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.optimizers.extend(PASSES)
    graph = tf_optimizer.OptimizeGraph(config, meta)
    graph.ClearField("library")
    names = [spec.name for spec in portable.specs]
    signature = {
        "inputs": dict(zip(names, map(_described, frozen.inputs), strict=True)),
        "outputs": dict(
            zip(sorted(traced.structured_outputs), map(_described, frozen.outputs), strict=True)
        ),
    }
    return graph, signature


def _described(tensor) -> dict:
    """Returns the name, type and shape of a tensor, as a signature has them."""
    sizes = [{"size": str(-1 if size is None else size)} for size in tensor.shape]
    kind = types_pb2.DataType.Name(tensor.dtype.as_datatype_enum)
    return {"name": tensor.name, "dtype": kind, "tensorShape": {"dim": sizes}}


def _taken(graph) -> dict[str, np.ndarray]:
    """Takes the values out of the constants of a graph, and returns them by name."""
    found = {}
    for node in graph.node:
        if node.op == "Const":
            tensor = node.attr["value"].tensor
            found[node.name] = tf.make_ndarray(tensor)
            kept = {"dtype", "tensor_shape"}
            for field in [field.name for field, _ in tensor.ListFields()]:
                if field not in kept:
                    tensor.ClearField(field)
    return found


def _packed(weights: dict[str, np.ndarray], precision: str) -> tuple[list[dict], bytes]:
    """Returns what `model.json` says of weights, and their bytes."""
    manifest, pieces = [], []
    for name, values in weights.items():
        dtype = "int32" if values.dtype == np.int64 else str(values.dtype)  # as JavaScript has it
        row = {"name": name, "shape": list(values.shape), "dtype": dtype}
        stored = np.ascontiguousarray(values, TYPES[dtype])
        small = np.abs(stored).max(initial=0) <= np.finfo("float16").max
        if precision == "float16" and dtype == "float32" and values.ndim > 1 and small:
            stored = stored.astype("<f2")
            row["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        manifest.append(row)
        pieces.append(stored.tobytes())
    return manifest, b"".join(pieces)
