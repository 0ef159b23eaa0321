"""Trained generators on their own: drawn from, saved for any TensorFlow, and loaded again."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.errors import InputError

ABOUT = "assets.extra/ganzoo.json"  # inside the SavedModel, where its format has room for it


@keras.saving.register_keras_serializable("ganzoo")
class Sampler(keras.Model):
    """A trained generator and what it takes to draw from it.

    Args:
        network: A built network from latents (N, latent_dim), or from [latents, labels], to images
            (N, H, W, C) in [-1, 1] or points (N, D).
        latent_dim: Width of the Gaussian.
        num_classes: Number of classes, if the network is given labels.
    """

    def __init__(self, network, latent_dim, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.latent_dim, self.num_classes = network, latent_dim, num_classes
        self.built = True

    @property
    def conditional(self) -> bool:
        """Whether the network is given labels."""
        return len(self.network.inputs) > 1

    def call(self, inputs, training: bool = False):
        """Returns the images of latents, or of [latents, labels], in [-1, 1]."""
        return self.network(inputs, training=training)

    def latents(self, num, seed, truncation: float | None = None):
        """Returns float32 (num, latent_dim): a pure function of the integer seed."""
        with random.scope(random.key(seed)):
            shape, draw = (num, self.latent_dim), random.seed("latent")
            if truncation is None:
                return keras.random.normal(shape, seed=draw)
            # The normal restricted to [-t, t], by its inverse distribution function.
            edge = ops.erf(truncation / np.sqrt(2.0))
            uniform = keras.random.uniform(shape, -1.0, 1.0, seed=draw)
            return np.sqrt(2.0) * ops.erfinv(ops.clip(edge * uniform, -1.0 + 1e-6, 1.0 - 1e-6))

    def labels(self, num, seed):
        """Returns uniform int32 classes, (num,): a pure function of the integer seed."""
        with random.scope(random.key(seed)):
            return keras.random.randint((num,), 0, self.num_classes, seed=random.seed("label"))

    def inputs_of(self, num, seed):
        """Returns what to call the network on for `num` images: latents, or [latents, labels]."""
        latents = self.latents(num, seed)
        return [latents, self.labels(num, seed)] if self.conditional else latents

    def sample(
        self, num=None, seed=0, *, labels=None, truncation=None, latents=None, batch_size=250
    ) -> np.ndarray:
        """Draws images.

        Args:
            num: How many; not needed with `latents` or with a list of labels.
            seed: Integer; the same seed gives the same images, and a larger `num` begins alike.
            labels: Class of all images, or one for each; drawn uniformly if not given. Only for
                generators that are given labels.
            truncation: Latents are drawn from the normal restricted to [-truncation, truncation]:
                below 2, better images that vary less (Brock et al., 2019, arXiv:1809.11096).
            latents: The latents themselves, (num, latent_dim).
            batch_size: Images that are made at a time.

        Returns:
            uint8 (num, H, W, C); points, float32 (num, D), from a generator of points.

        Raises:
            InputError: If an argument does not fit the generator.
        """
        latents, labels = self._inputs(num, seed, labels, truncation, latents)
        pieces = []
        for start in range(0, len(latents), batch_size):
            inputs = latents[start : start + batch_size]
            if self.conditional:
                inputs = [inputs, labels[start : start + batch_size]]
            pieces.append(ops.convert_to_numpy(as_pixels(self(inputs))))
        return np.concatenate(pieces)

    def _inputs(self, num, seed, labels, truncation, latents):
        if labels is not None:
            if not self.conditional:
                raise InputError("this generator is not given labels: drop `labels`.")
            labels = np.atleast_1d(np.asarray(labels, "int32"))
            if labels.min() < 0 or labels.max() >= self.num_classes:
                raise InputError(f"expected labels from 0 to {self.num_classes - 1}, got {labels}")
            num = len(labels) if num is None else num
            if len(labels) not in (1, num):
                raise InputError(f"expected 1 or {num} labels, got {len(labels)}")
            labels = np.broadcast_to(labels, num)
        if latents is None:
            if num is None or num < 1:
                raise InputError(f"expected num >= 1, got {num}")
            if truncation is not None and truncation <= 0:
                raise InputError(f"expected truncation > 0, got {truncation}")
            latents = self.latents(num, seed, truncation)
        latents = ops.convert_to_tensor(latents, "float32")
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise InputError(
                f"expected latents of shape (N, {self.latent_dim}), got {tuple(latents.shape)}"
            )
        if self.conditional and labels is None:
            labels = self.labels(len(latents), seed)
        return latents, labels

    def export(self, path) -> None:
        """Writes a self-sufficient SavedModel; see `export.save`."""
        save(self, path)

    def get_config(self) -> dict:
        """Returns the arguments; the network travels as its own config."""
        return super().get_config() | {
            "network": keras.saving.serialize_keras_object(self.network),
            "latent_dim": self.latent_dim,
            "num_classes": self.num_classes,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """Returns the model that `get_config` described."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**(config | {"network": network}))


def as_pixels(images):
    """Returns images in [-1, 1] as uint8; anything but images as float32."""
    images = ops.cast(images, "float32")
    if images.ndim != 4:
        return images
    return ops.cast(ops.clip(ops.round(images * 127.5 + 127.5), 0, 255), "uint8")


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
    if path.exists() and not (path / "saved_model.pb").is_file() and any(path.iterdir()):
        raise InputError(f"{path} is no SavedModel and not empty: export to another directory.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        _write(sampler, temporary / "new")
        if path.exists():
            path.rename(temporary / "old")
        (temporary / "new").rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(sampler: Sampler, path: Path) -> None:
    sampler = Sampler(in_float32(sampler.network), sampler.latent_dim, sampler.num_classes)
    scalar = tf.TensorSpec((), tf.int32)
    # A plain list: the weights are then found again by their place, `network/<i>`.
    weights = [weight.value for weight in sampler.network.weights]
    inputs = [tf.TensorSpec((None, sampler.latent_dim), tf.float32, name="latents")]
    if sampler.conditional:
        inputs.append(tf.TensorSpec((None,), tf.int32, name="labels"))

    def serve(*inputs):
        return {"images": sampler(list(inputs) if len(inputs) > 1 else inputs[0])}

    def sample(num, seed):
        return as_pixels(sampler(sampler.inputs_of(num, seed)))

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
    try:
        about = json.loads((path / ABOUT).read_text())
        network = keras.saving.deserialize_keras_object(about["network"], safe_mode=True)
        reader = tf.train.load_checkpoint(str(path / "variables" / "variables"))
        names = [f"network/{i}/.ATTRIBUTES/VARIABLE_VALUE" for i in range(len(network.weights))]
        network.trainable = True  # the average of a training is not; what is loaded may be tuned
        network.set_weights([reader.get_tensor(name) for name in names])
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is no SavedModel of ganzoo: {error.filename} is missing"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        problem = str(error).splitlines()[0]
        raise InputError(f"{path} is damaged or was not written by ganzoo: {problem}") from error
    return Sampler(network, about["latent_dim"], about["num_classes"])


def in_float32(network: keras.Model) -> keras.Model:
    """Returns a copy of the network that computes in float32."""

    def config_of(value):
        """Returns the config with every dtype policy in it set to float32."""
        if isinstance(value, dict):
            if value.get("class_name") == "DTypePolicy":
                return "float32"
            return {
                k: "float32"
                if k == "dtype" and isinstance(v, str) and v != "int32"
                else config_of(v)
                for k, v in value.items()
            }
        if isinstance(value, (list, tuple)):
            return type(value)(config_of(item) for item in value)
        return value

    copy = type(network).from_config(config_of(network.get_config()))
    if not copy.built:
        copy.build_from_config(network.get_build_config())
    copy.set_weights(network.get_weights())
    return copy
