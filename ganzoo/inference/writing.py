"""SavedModels, written whole or not at all."""

import contextlib
import json
import os
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.engine import files
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError

ABOUT = "assets.extra/ganzoo.json"  # inside the SavedModel, where the format has room for it


def save(model: keras.Model, path) -> None:
    """Writes a SavedModel that works without GanZoo, in TensorFlow or on a model server.

    It computes in float32, whatever precision it was trained in. Its functions are those of
    `endpoints`: attributes of the object that `tf.saved_model.load` returns, and signatures.

    Args:
        model: What to write, an `inference.exported.Exported`.
        path: Directory of the SavedModel; for a model server `<name>/<version>`. It appears whole
            or not at all; a SavedModel that is there is replaced.

    Raises:
        InputError: If `path` is something other than a SavedModel, or cannot be written.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not is_saved_model(path)):
        raise InputError(f"{path} is not a SavedModel, and is not overwritten: give another path.")
    temporary = files.temporary_path(path)
    try:
        files.remove(temporary)
        temporary.mkdir()
        _write(model, temporary / "new")
        if path.exists():
            path.rename(temporary / "old")
        try:
            (temporary / "new").rename(path)
        except OSError:
            if (temporary / "old").exists():
                (temporary / "old").rename(path)
            raise
    except (OSError, tf.errors.OpError) as error:
        if reason := files.unwritable(error):
            raise InputError(f"cannot write {path}: {reason}.") from error
        raise
    finally:
        files.remove(temporary)


def is_saved_model(path: Path) -> bool:
    """Returns whether the directory holds a SavedModel."""
    return (path / "saved_model.pb").is_file()


def _write(model: keras.Model, path: Path) -> None:
    network = in_float32(clone(model.network))
    portable = type(model).of(network, **model.facts)
    # A plain list: the weights are found again by their position, `network/<i>`.
    weights = [weight.value for weight in network.weights]
    module, signatures = None, {}
    for name, (function, inputs) in portable.endpoints().items():
        specs = [tf.TensorSpec(shape, dtype, name=key) for key, shape, dtype in inputs]
        # Traced once, and so in the file once: the signature and the attribute both call it.
        body = tf.function(function, input_signature=specs).get_concrete_function()
        whole = tf.function(_calling(body), input_signature=specs)
        signatures[name] = whole.get_concrete_function()
        if module is None:  # `serving_default`: the loaded object itself is callable
            module = Endpoint(weights, whole)
        else:
            plain = tf.function(_unpacked(body), input_signature=specs)
            setattr(module, name, Endpoint(weights, plain))
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
