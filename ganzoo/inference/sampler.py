"""Sampler: a trained generator and what it takes to draw from it."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine.batch import inputs_of
from ganzoo.errors import InputError

MANY = 16  # batches from which on compiling pays


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
        return inputs_of(self.network) > 1

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
            edge = min(math.erf(truncation / math.sqrt(2.0)), 1.0 - 1e-6)
            uniform = keras.random.uniform(shape, -edge, edge, seed=draw)
            return math.sqrt(2.0) * ops.erfinv(uniform)

    def labels(self, num, seed):
        """Returns uniform int32 classes, (num,): a pure function of the integer seed."""
        with random.scope(random.key(seed)):
            return keras.random.randint((num,), 0, self.num_classes, seed=random.seed("label"))

    def draw_inputs(self, num, seed):
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
        latents, labels = self._inputs(num, seed, labels, truncation, latents, batch_size)
        many = len(latents) >= MANY * batch_size
        draw = tf.function(self._pixels, reduce_retracing=True) if many else self._pixels
        pieces = []
        for start in range(0, len(latents), batch_size):
            inputs = latents[start : start + batch_size]
            if self.conditional:
                inputs = [inputs, labels[start : start + batch_size]]
            key = random.fold(random.key(seed), start)
            pieces.append(ops.convert_to_numpy(draw(inputs, key)))
        return np.concatenate(pieces)

    def _pixels(self, inputs, key):
        """Returns images as `sample` does; the key is of layers that draw."""
        with random.scope(key):
            return as_pixels(self(inputs))

    def _inputs(self, num, seed, labels, truncation, latents, batch_size):
        if latents is not None:
            latents = ops.convert_to_tensor(latents, "float32")
            if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
                raise InputError(
                    f"expected latents of shape (N, {self.latent_dim}), got {tuple(latents.shape)}"
                )
            if num not in (None, len(latents)):
                raise InputError(f"expected num={num} latents, got {len(latents)}: drop `num`.")
            num = len(latents)
        if labels is not None:
            if not self.conditional:
                raise InputError("this generator is not given labels: drop `labels`.")
            labels = np.atleast_1d(np.asarray(labels, "int32"))
            num = len(labels) if num is None else num
            if labels.ndim != 1 or not len(labels) or len(labels) not in (1, num):
                raise InputError(f"expected 1 or {num} labels, got shape {labels.shape}")
            if not np.isin(labels, range(self.num_classes)).all():
                raise InputError(f"expected labels from 0 to {self.num_classes - 1}, got {labels}")
            labels = np.broadcast_to(labels, num)
        if num is None or num < 1:
            raise InputError(f"expected num >= 1, got {num}")
        if batch_size < 1:
            raise InputError(f"expected batch_size >= 1, got {batch_size}")
        if truncation is not None and truncation <= 0:
            raise InputError(f"expected truncation > 0, got {truncation}")
        if latents is None:
            latents = self.latents(num, seed, truncation)
        if self.conditional and labels is None:
            labels = self.labels(num, seed)
        return latents, labels

    kind = "generator"  # as of `export`, like the three that follow

    @property
    def facts(self) -> dict:
        """What it is made of, but for the network."""
        return {"latent_dim": self.latent_dim, "num_classes": self.num_classes}

    @classmethod
    def of(cls, network, **facts):
        """Returns the one that has these facts, to draw in float32."""
        return cls(network, **facts, dtype="float32")

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, and the name, shape and type of its inputs."""
        inputs = [("latents", (None, self.latent_dim), "float32")]
        if self.conditional:
            inputs.append(("labels", (None,), "int32"))

        def serve(*inputs):
            return {"images": self(list(inputs) if len(inputs) > 1 else inputs[0])}

        def sample(num, seed):
            inputs = self.draw_inputs(num, seed)
            with random.scope(random.fold(random.key(seed), 0)):
                return {"images": as_pixels(self(inputs))}

        scalars = [("num", (), "int32"), ("seed", (), "int32")]
        return {"serving_default": (serve, inputs), "sample": (sample, scalars)}

    def export(self, path) -> None:
        """Writes a self-sufficient SavedModel; see `saved_model.save`."""
        from ganzoo.inference import saved_model  # which is written in terms of this class

        saved_model.save(self, path)

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


def clone(network: keras.Model) -> keras.Model:
    """Returns a network of the same architecture and the same weights.

    Raises:
        InputError: If the network cannot be made again of its config.
    """
    try:
        copy = type(network).from_config(network.get_config())
        if not copy.built:
            copy.build_from_config(network.get_build_config())
        copy.set_weights(network.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise InputError(
            f"network {network.name!r} cannot be copied: a keras.Model of your own needs "
            f"get_config, and build if it is not called on one tensor ({type(error).__name__})."
        ) from error
    return copy


def as_pixels(images):
    """Returns images in [-1, 1] as uint8; anything but images as float32."""
    images = ops.cast(images, "float32")
    if images.ndim != 4:
        return images
    return ops.cast(ops.clip(ops.round(images * 127.5 + 127.5), 0, 255), "uint8")
