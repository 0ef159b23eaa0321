"""Trained generators on their own: saved for any TensorFlow, and loaded again."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.errors import InputError
from ganzoo.sampler import Sampler, as_pixels, clone

# What the readers of JSON, of Keras' configs and of checkpoints raise on damaged files.
UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, tf.errors.OpError,
)  # fmt: skip
ABOUT = "assets.extra/ganzoo.json"  # inside the SavedModel, where its format has room for it


def save(sampler: Sampler, path) -> None:
    """Writes a SavedModel that draws, without this library, under TensorFlow or a model server.

    It holds `sample(num, seed)`, which gives uint8 images, as a function of the loaded object and
    as a signature, and `serving_default`, from `latents` (and `labels`) of any batch size to
    `images` in [-1, 1]. It computes in float32, whatever the generator was trained in.

    Args:
        sampler: What to write.
        path: Directory of the SavedModel, for a model server `<name>/<version>`. It appears whole
            or not at all; one that is there is replaced.

    Raises:
        InputError: If `path` is something else than a SavedModel.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not is_saved_model(path)):
        raise InputError(f"{path} is something else than a SavedModel: export to another place.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        _write(sampler, temporary / "new")
        if path.exists():
            path.rename(temporary / "old")
        try:
            (temporary / "new").rename(path)
        except OSError:
            if (temporary / "old").exists():
                (temporary / "old").rename(path)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_saved_model(path: Path) -> bool:
    """Returns whether the directory holds a SavedModel."""
    return (path / "saved_model.pb").is_file()


def _write(sampler: Sampler, path: Path) -> None:
    network = in_float32(clone(sampler.network))
    sampler = Sampler(network, sampler.latent_dim, sampler.num_classes, dtype="float32")
    scalar = tf.TensorSpec((), tf.int32)
    # A plain list: the weights are then found again by their place, `network/<i>`.
    weights = [weight.value for weight in sampler.network.weights]
    inputs = [tf.TensorSpec((None, sampler.latent_dim), tf.float32, name="latents")]
    if sampler.conditional:
        inputs.append(tf.TensorSpec((None,), tf.int32, name="labels"))

    def serve(*inputs):
        return {"images": sampler(list(inputs) if len(inputs) > 1 else inputs[0])}

    def sample(num, seed):
        return as_pixels(sampler(sampler.draw_inputs(num, seed)))

    module = Endpoint(weights, tf.function(serve, input_signature=inputs))
    module.sample = Endpoint(weights, tf.function(sample, input_signature=[scalar, scalar]))
    named = tf.function(lambda num, seed: {"images": sample(num, seed)})
    signatures = {
        "serving_default": module.function.get_concrete_function(),
        "sample": named.get_concrete_function(
            num=tf.TensorSpec((), tf.int32, name="num"),
            seed=tf.TensorSpec((), tf.int32, name="seed"),
        ),
    }
    # The graph's debug info names the files of whoever exported it.
    options = tf.saved_model.SaveOptions(save_debug_info=False)
    tf.saved_model.save(module, str(path), signatures=signatures, options=options)
    about = {
        "format": 1,
        "latent_dim": sampler.latent_dim,
        "num_classes": sampler.num_classes,
        "network": keras.saving.serialize_keras_object(sampler.network),
    }
    (path / ABOUT).parent.mkdir(exist_ok=True)
    (path / ABOUT).write_text(json.dumps(about, indent=1))
    with contextlib.suppress(OSError):
        os.rmdir(path / "assets")  # empty, and git would not keep it


class Endpoint(tf.Module):
    """A function with its weights, so that `tf.saved_model.load(path).sample(16, 0)` has them.

    A loaded function alone does not keep its variables alive: they would go with the object that
    `load` returned, before the call.
    """

    def __init__(self, weights, function):
        super().__init__()
        self.network, self.function = weights, function
        self.__call__ = function  # the loader makes what has this attribute callable


def load(path) -> Sampler:
    """Returns the generator that `save` wrote, as a Keras model that can be trained further.

    The network is made of its config, in Keras' safe mode, and of the weights of the SavedModel:
    nothing of the file is executed.

    Raises:
        InputError: If the directory is not such a SavedModel, or is damaged.
    """
    path = Path(path)
    if not (path / ABOUT).is_file():
        raise InputError(f"{path} is no SavedModel of ganzoo: {path / ABOUT} is missing.")
    try:
        about = json.loads((path / ABOUT).read_text())
        network = keras.saving.deserialize_keras_object(about["network"], safe_mode=True)
        network = in_float32(network)  # of a network as a whole a config names no policy
        reader = tf.train.load_checkpoint(str(path / "variables" / "variables"))
        names = [f"network/{i}/.ATTRIBUTES/VARIABLE_VALUE" for i in range(len(network.weights))]
        network.trainable = True  # the average of a training is not; what is loaded may be tuned
        network.set_weights([reader.get_tensor(name) for name in names])
        return Sampler(network, about["latent_dim"], about["num_classes"], dtype="float32")
    except UNREADABLE as error:
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is damaged or was not written by ganzoo: {problem}") from error


def in_float32(network: keras.Model) -> keras.Model:
    """Returns the network, all of it set to compute in float32, its weights as they are."""
    for layer in network._flatten_layers():
        layer.dtype_policy = "float32"
    return network
