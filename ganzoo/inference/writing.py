"""SavedModels, written whole or not at all."""

import contextlib
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ganzoo.engine import files
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError, unknown

ABOUT = "assets.extra/ganzoo.json"  # inside the SavedModel, where the format has room for it
GRAPH = "saved_model.pb"  # which every SavedModel has
COMPANIONS = "assets.extra"  # where the SavedModels of a generator's critic and encoder are
PRECISIONS = ("float32", "float16")
NATIVE = "saved_model"  # the name of the format


def save(model: keras.Model, path, precision: str = "float32", companions=None) -> None:
    """Writes a SavedModel that works without GanZoo, in TensorFlow or on a model server.

    It computes in float32, whatever precision it was trained in. Its functions are those of
    `endpoints`: attributes of the object that `tf.saved_model.load` returns, and signatures.

    Args:
        model: What to write, an `inference.exported.Exported`.
        path: Directory of the SavedModel; for a model server `<name>/<version>`. It appears whole
            or not at all; a SavedModel that is there is replaced.
        precision: What the weights are stored in: `"float32"`, which keeps them exactly, or
            `"float16"`, which takes half the space and 11 of 24 bits. Vectors, such as biases and
            moving statistics, and what is too large for float16 stay in float32.
        companions: Dict of what it was trained with and is kept beside it: its `Critic` as
            `critic`, its `Encoder` as `encoder`.

    Raises:
        InputError: If `path` is something other than a SavedModel, or cannot be written, or the
            precision is unknown.
    """
    path = Path(path)
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    files.check_replaceable(path, GRAPH, "is not a SavedModel, and is not overwritten")
    try:
        with files.replacing_folder(path) as folder:
            _write(model, folder, precision)
            for name, companion in (companions or {}).items():
                _write(companion, folder / COMPANIONS / name, precision)
    except (OSError, tf.errors.OpError) as error:
        if reason := files.unwritable(error):
            raise InputError(f"cannot write {path}: {reason}.") from error
        raise


def is_saved_model(path: Path) -> bool:
    """Returns whether the directory holds a SavedModel."""
    return (path / GRAPH).is_file()


def _write(model: keras.Model, path: Path, precision: str) -> None:
    network = in_float32(clone(model.network))
    portable = type(model).of(network, **model.facts)
    # A plain list: the weights are found again by their position, `network/<i>`.
    stored = [stored_in(precision, weight.value) for weight in network.weights]
    module, signatures = None, {}
    for name, (function, inputs) in portable.endpoints().items():
        specs = [tf.TensorSpec(shape, dtype, name=key) for key, shape, dtype in inputs]
        # Traced once, and so in the file once: the signature and the attribute both call it.
        body = tf.function(
            _reading(function, network.weights, stored), input_signature=specs
        ).get_concrete_function()
        whole = tf.function(_calling(body), input_signature=specs)
        signatures[name] = whole.get_concrete_function()
        if module is None:  # `serving_default`: the loaded object itself is callable
            module = Endpoint(stored, whole)
        else:
            plain = tf.function(_unpacked(body), input_signature=specs)
            setattr(module, name, Endpoint(stored, plain))
    # The graph's debug info would name the files of whoever exported it.
    options = tf.saved_model.SaveOptions(save_debug_info=False)
    tf.saved_model.save(module, str(path), signatures=signatures, options=options)
    about = {
        "format": 1,
        "kind": model.kind,
        **model.facts,
        "network": keras.saving.serialize_keras_object(network),
    }
    (path / ABOUT).parent.mkdir(exist_ok=True)
    (path / ABOUT).write_text(json.dumps(about))
    with contextlib.suppress(OSError):
        os.rmdir(path / "assets")  # empty, and git would not keep it


def stored_in(precision: str, variable: tf.Variable) -> tf.Variable:
    """Returns the variable that holds a weight in a file: itself, or one of half the bytes."""
    if precision == "float32" or variable.dtype != tf.float32 or variable.shape.rank < 2:
        return variable
    values = variable.numpy()
    if not np.abs(values).max(initial=0.0) <= np.finfo("float16").max:  # also if one is NaN
        return variable
    return tf.Variable(values.astype("float16"), trainable=variable.trainable)


def _reading(function, weights: list, stored: list):
    """Returns the function with the weights read from the variables that are stored."""
    pairs = [
        (weight, variable)
        for weight, variable in zip(weights, stored, strict=True)
        if variable is not weight.value
    ]
    if not pairs:
        return function

    def reading(*inputs):
        casts = [(weight, tf.cast(variable, tf.float32)) for weight, variable in pairs]
        with keras.StatelessScope(state_mapping=casts):
            return function(*inputs)

    return reading


def _calling(function):
    """Returns a function that only calls this one."""
    return lambda *inputs: function(*inputs)


def _unpacked(function):
    """Returns a function that returns the only value of the dict that this one returns."""

    def plain(*inputs):
        (value,) = function(*inputs).values()
        return value

    return plain


class Endpoint(tf.Module):
    """A function and its weights, so that `tf.saved_model.load(path).sample(16, 0)` has them.

    A loaded function alone does not keep its variables alive: they would be freed with the object
    that `load` returned, before the call.
    """

    def __init__(self, weights, function):
        super().__init__()
        self.network, self.function = weights, function
        self.__call__ = function  # the loader makes objects with this attribute callable


def in_float32(network: keras.Model) -> keras.Model:
    """Returns the network itself, all its layers set to compute in float32."""
    for layer in network._flatten_layers():
        layer.dtype_policy = "float32"
    return network
