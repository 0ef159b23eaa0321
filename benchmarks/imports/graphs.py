"""Runs graphs of TensorFlow.js operation by operation, as references of published networks."""

import base64
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from ganzoo.zoo.importing import network, readers


def _strided(x, start, stop, step, masks):
    return tf.raw_ops.StridedSlice(input=x, begin=start, end=stop, strides=step, **masks)


OPERATIONS = {
    "Add": lambda a, b, _: a + b,
    "BatchToSpaceND": lambda x, b, c, _: tf.raw_ops.BatchToSpaceND(input=x, block_shape=b, crops=c),
    "BiasAdd": lambda a, b, _: a + b,
    "Conv2D": lambda x, k, o: tf.nn.conv2d(x, k, o["strides"], o["padding"]),
    "Conv2DBackpropInput": lambda shape, k, x, o: tf.nn.conv2d_transpose(
        x, k, shape, o["strides"], o["padding"]
    ),
    "Maximum": lambda a, b, _: tf.maximum(a, b),
    "Mean": lambda x, axes, o: tf.reduce_mean(x, np.ravel(axes).tolist(), keepdims=o["keep_dims"]),
    "Minimum": lambda a, b, _: tf.minimum(a, b),
    "Mul": lambda a, b, _: a * b,
    "Pack": lambda *x: tf.stack(x[:-1]),
    "Pad": lambda x, p, _: tf.pad(x, p),
    "Relu": lambda x, _: tf.nn.relu(x),
    "Reshape": lambda x, s, _: tf.reshape(x, s),
    "Rsqrt": lambda x, _: tf.math.rsqrt(x),
    "Shape": lambda x, _: tf.shape(x),
    "Square": lambda x, _: tf.square(x),
    "SquaredDifference": lambda a, b, _: (a - b) ** 2,
    "StridedSlice": lambda x, a, b, c, o: _strided(x, a, b, c, o["masks"]),
    "Sub": lambda a, b, _: a - b,
    "Tanh": lambda x, _: tf.tanh(x),
    "Tile": lambda x, n, _: tf.tile(x, n),
}
MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _options(attributes: dict) -> dict:
    padding = attributes.get("padding", {}).get("s", "")
    padding = bytes(padding) if isinstance(padding, list) else base64.b64decode(padding)
    return {
        "strides": [int(n) for n in attributes.get("strides", {}).get("list", {}).get("i", [])],
        "padding": padding.decode(),
        "keep_dims": attributes.get("keep_dims", {}).get("b", False),
        "masks": {name: int(attributes.get(name, {}).get("i", 0)) for name in MASKS},
    }


def run(folder: Path, fed: dict, wanted: list[str]) -> list[np.ndarray]:
    """Returns the values of nodes of the graph in a folder, given those of its inputs."""
    graph = json.loads((folder / "model.json").read_text())["modelTopology"]
    nodes = {node["name"]: node for node in graph["node"]}
    _, weights = readers.read(folder)
    known = {name: tf.constant(value) for name, value in fed.items()}

    def value(name: str):
        name = name.partition(":")[0]
        if name not in known:
            node = nodes[name]
            if node["op"] == "Const":
                known[name] = tf.constant(weights[name].numpy())
            else:
                inputs = [value(one) for one in node["input"]]
                known[name] = OPERATIONS[node["op"]](*inputs, _options(node.get("attr", {})))
        return known[name]

    return [value(name).numpy() for name in wanted]


def outputs(folder: Path) -> tuple[str, np.ndarray, np.ndarray, int]:
    """Returns the family of a graph, the output of our network and the graph's, and its weights."""
    found = network.recognize(folder)
    random = np.random.default_rng(0)
    if found.family.name == "progan":
        given = random.normal(size=(2, found.plan["latent_dim"])).astype("float32")
        sums = [f"module_apply_default/add_{n}" for n in (27, 26)]
        total, offset = run(folder, {"latent_vector": given}, sums)
        # The factor 1/2 of y = (x + 1) / 2 is missing in the graph's last kernel.
        expected = np.clip(total + offset - 1.0, -1.0, 1.0)
    else:
        found.plan["size"] = 64
        given = random.uniform(-1, 1, (1, 64, 64, 3)).astype("float32")
        (expected,) = run(folder, {f"{found.part}/input": given}, [f"{found.part}/Tanh"])
    built = network.build(found)
    count = int(sum(np.prod(weight.shape) for weight in built.trainable_weights))
    return found.family.name, np.asarray(built(given)), expected, count
