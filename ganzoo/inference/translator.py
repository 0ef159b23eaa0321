"""Translator: a trained network from images to images, and what it takes to use it."""

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.errors import InputError
from ganzoo.inference.sampler import as_pixels
from ganzoo.metrics.batches import to_uint8


@keras.saving.register_keras_serializable("ganzoo")
class Translator(keras.Model):
    """A trained network from images to images, and what it takes to use it.

    Args:
        network: A built network from images (N, H, W, C) to images (N, H', W', C'), in [-1, 1].
        direction: "x_to_y" or "y_to_x": from which set of images to which.
    """

    kind = "translator"  # as of `export`, like `facts`, `of` and `endpoints`

    def __init__(self, network, direction: str = "x_to_y", **kwargs):
        super().__init__(**kwargs)
        self.network, self.direction = network, direction
        self.built = True

    @property
    def image_shape(self) -> tuple:
        """The shape (H, W, C) of the images that it takes."""
        return tuple(self.network.input_shape[1:])

    def call(self, inputs, training: bool = False):
        """Returns the translations of images in [-1, 1]."""
        return self.network(inputs, training=training)

    def translate(self, images, seed: int = 0, batch_size: int = 64) -> np.ndarray:
        """Translates images.

        Args:
            images: (N, H, W, C), uint8, or float in [-1, 1].
            seed: Integer, of the noise, if the network has any; the same seed gives the same.
            batch_size: Images that are translated at a time.

        Returns:
            uint8 (N, H', W', C').

        Raises:
            InputError: If they are no images of the network's shape.
        """
        images = to_uint8(images)
        if images.shape[1:] != self.image_shape or not len(images):
            raise InputError(
                f"expected images of shape (N, {', '.join(map(str, self.image_shape))}), got "
                f"{images.shape}: resize them."
            )
        if batch_size < 1:
            raise InputError(f"expected batch_size >= 1, got {batch_size}")
        pieces = []
        for start in range(0, len(images), batch_size):
            with random.scope(random.fold(random.key(seed), start)):
                piece = self(scaled(images[start : start + batch_size]))
            pieces.append(ops.convert_to_numpy(as_pixels(piece)))
        return np.concatenate(pieces)

    def sample(self, *args, **kwargs):
        """Refuses: there is nothing to draw."""
        raise InputError(
            "a translator makes images of images: give it some, `translate(images)` or "
            "`ganzoo translate NAME IN --out=OUT`."
        )

    @property
    def facts(self) -> dict:
        """What it is made of, but for the network."""
        return {"direction": self.direction}

    @classmethod
    def of(cls, network, **facts):
        """Returns the one that has these facts, to compute in float32."""
        return cls(network, **facts, dtype="float32")

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, and the name, shape and type of its inputs."""
        shape = (None, *self.image_shape)

        def serve(images):
            return {"images": self(images)}

        def translate(images, seed):
            with random.scope(random.fold(random.key(seed), 0)):
                return {"images": as_pixels(self(scaled(images)))}

        pixels = [("images", shape, "uint8"), ("seed", (), "int32")]
        return {
            "serving_default": (serve, [("images", shape, "float32")]),
            "translate": (translate, pixels),
        }

    def export(self, path) -> None:
        """Writes a self-sufficient SavedModel; see `saved_model.save`."""
        from ganzoo.inference import saved_model

        saved_model.save(self, path)

    def get_config(self) -> dict:
        """Returns the arguments; the network travels as its own config."""
        return super().get_config() | {
            "network": keras.saving.serialize_keras_object(self.network),
            "direction": self.direction,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """Returns the model that `get_config` described."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**(config | {"network": network}))


def scaled(images):
    """Returns images 0..255 as float32 in [-1, 1]."""
    return ops.cast(images, "float32") / 127.5 - 1.0
