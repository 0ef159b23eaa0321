"""Trained networks on their own: saved for any TensorFlow, and loaded again."""

import contextlib
import json
import os
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.inference.sampler import Sampler, clone
from ganzoo.inference.translator import Translator

# What the readers of JSON, of Keras' configs and of checkpoints raise on damaged files.
UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, tf.errors.OpError,
)  # fmt: skip
ABOUT = "assets.extra/ganzoo.json"  # inside the SavedModel, where its format has room for it


def save(model: keras.Model, path) -> None:
    """Writes a SavedModel that works without this library, under TensorFlow or a model server.

    Of a generator it holds `sample(num, seed)`, which gives uint8 images, as a function of the
    loaded object and as a signature, and `serving_default`, from `latents` (and `labels`) of any
    batch size to `images` in [-1, 1]; of a classifier `serving_default`, from `images` in [-1, 1]
    to `probabilities` and `features`; of a translator `translate(images, seed)`, from uint8 images
    to such, and `serving_default`, from `images` to `images`, both in [-1, 1]. It computes in
    float32, whatever it was trained in.

    Args:
        model: What to write: a `Sampler`, a `Translator` or a `gans.Classifier`. Such a class has
            a `network`, a `kind`, the other arguments it is made of in `facts`, and its functions
            in `endpoints`.
        path: Directory of the SavedModel, for a model server `<name>/<version>`. It appears whole
            or not at all; one that is there is replaced.

    Raises:
        InputError: If `path` is something else than a SavedModel, or it cannot be written.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not is_saved_model(path)):
        raise InputError(f"{path} is something else than a SavedModel: export to another place.")
    temporary = files.beside(path)
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


def _write(model, path: Path) -> None:
    network = in_float32(clone(model.network))
    portable = type(model).of(network, **model.facts)
    # A plain list: the weights are then found again by their place, `network/<i>`.
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
    # The graph's debug info names the files of whoever exported it.
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
    """Returns a function that does nothing but call it."""
    return lambda *inputs: function(*inputs)


def _unpacked(function):
    """Returns the function that gives the only value of the dict which `function` gives."""

    def plain(*inputs):
        (value,) = function(*inputs).values()
        return value

    return plain


class Endpoint(tf.Module):
    """A function with its weights, so that `tf.saved_model.load(path).sample(16, 0)` has them.

    A loaded function alone does not keep its variables alive: they would go with the object that
    `load` returned, before the call.
    """

    def __init__(self, weights, function):
        super().__init__()
        self.network, self.function = weights, function
        self.__call__ = function  # the loader makes what has this attribute callable


def load(path) -> keras.Model:
    """Returns the `Sampler`, `Translator` or `gans.Classifier` that `save` wrote.

    It can be trained further. The network is made of its config, in Keras' safe mode, and of the
    weights of the SavedModel: nothing of the file is executed.

    Raises:
        InputError: If the directory is not such a SavedModel, or is damaged.
    """
    path = Path(path)
    if not (path / ABOUT).is_file():
        raise InputError(f"{path} is no SavedModel of ganzoo: {path / ABOUT} is missing.")
    try:
        facts = json.loads((path / ABOUT).read_text())
        cls = _class(facts.pop("kind", "generator"))
        facts.pop("format")
        network = keras.saving.deserialize_keras_object(facts.pop("network"), safe_mode=True)
        network = in_float32(network)  # of a network as a whole a config names no policy
        reader = tf.train.load_checkpoint(str(path / "variables" / "variables"))
        names = [f"network/{i}/.ATTRIBUTES/VARIABLE_VALUE" for i in range(len(network.weights))]
        network.trainable = True  # the average of a training is not; what is loaded may be tuned
        network.set_weights([reader.get_tensor(name) for name in names])
        return cls.of(network, **facts)
    except UNREADABLE as error:
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is damaged or was not written by ganzoo: {problem}") from error


def _class(kind: str) -> type:
    """Returns the class of what has this kind."""
    from ganzoo import gans  # which are written in terms of this module
    from ganzoo.inference.sequences import Sequences

    classes = {
        "generator": Sampler,
        "translator": Translator,
        "classifier": gans.Classifier,
        "sequences": Sequences,
    }
    return classes[kind]


def in_float32(network: keras.Model) -> keras.Model:
    """Returns the network, all of it set to compute in float32, its weights as they are."""
    for layer in network._flatten_layers():
        layer.dtype_policy = "float32"
    return network
