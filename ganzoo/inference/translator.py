"""Translator: a trained network that maps images to images."""

from pathlib import Path

import keras
import numpy as np
from keras import ops

from ganzoo import random
from ganzoo.engine import pixels, progress
from ganzoo.errors import InputError
from ganzoo.inference.exported import Exported


@keras.saving.register_keras_serializable("ganzoo")
class Translator(Exported):
    """A trained network that maps images to images.

    Args:
        network: A built network from images (N, H, W, C) to images (N, H', W', C'), in [-1, 1].
        direction: "x_to_y" or "y_to_x": the direction of the translation.

    Example:
    ```python
    translator = ganzoo.load_pretrained("pix2pix_edges_fashion_mnist")
    clothes = translator.translate(drawings)  # uint8 (N, 28, 28, 1), as the drawings
    ```
    """

    kind = "translator"
    task = "image-to-image"
    no_samples = (
        "a translator makes images from images: call `translate(images)`, or run "
        "`ganzoo translate NAME IN --out=OUT`."
    )
    card = {
        "picture": "In each triple: an image, its translation, and the ground truth; or, for "
        "unpaired data, its translation back",
        "limits": """\
It translates only images like those of `{dataset}`, at the size in the recipe. The metrics are
valid for the settings listed with them: compare them only with values measured the same way.""",
        "load": """\
batch = ganzoo.data.examples("{dataset}", "train", limit=16{shape})
images = batch["{given}"]  # uint8 (16, H, W, C)
translated = ganzoo.load_pretrained("{entry}").translate(images)""",
        "load_alone": """\
translate = tf.saved_model.load("{folder}").translate
translated = translate(images, 0)  # both uint8 (N, H, W, C)""",
        "signature": "the signature `translate` takes and returns uint8 `images`, and a `seed`",
        "request": "/metadata",
    }

    def __init__(self, network, direction: str = "x_to_y", **kwargs):
        super().__init__(**kwargs)
        self.network, self.direction = network, direction
        self.built = True

    @property
    def image_shape(self) -> tuple:
        """Shape (H, W, C) of the input images."""
        return tuple(self.network.input_shape[1:])

    def call(self, inputs, training: bool = False):
        """Returns the translations of images, both in [-1, 1]."""
        return self.network(inputs, training=training)

    def translate(self, images, seed: int = 0, batch_size: int = 64) -> np.ndarray:
        """Translates images.

        Args:
            images: (N, H, W, C), uint8, or float in [-1, 1].
            seed: Integer seed of the network's noise, if it has any.
            batch_size: Images translated at a time.

        Returns:
            uint8 (N, H', W', C').

        Raises:
            InputError: If the images do not have the network's input shape.
        """
        images = pixels.as_images(images)
        if images.shape[1:] != self.image_shape or not len(images):
            raise InputError(
                f"expected images of shape (N, {', '.join(map(str, self.image_shape))}), got "
                f"{images.shape}: resize them."
            )
        if batch_size < 1:
            raise InputError(f"expected batch_size >= 1, got {batch_size}")
        pieces = []
        for start in progress.counted(range(0, len(images), batch_size)):
            with random.scope(random.fold(random.key(seed), start)):
                piece = self(pixels.to_float(images[start : start + batch_size]))
            pieces.append(ops.convert_to_numpy(pixels.to_uint8(piece)))
        return np.concatenate(pieces)

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network."""
        return {"direction": self.direction}

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, with the name, shape and dtype of its inputs."""
        shape = (None, *self.image_shape)

        def serve(images):
            return {"images": self(images)}

        def translate(images, seed):
            with random.scope(random.fold(random.key(seed), 0)):
                return {"images": pixels.to_uint8(self(pixels.to_float(images)))}

        uint8 = [("images", shape, "uint8"), ("seed", (), "int32")]
        return {
            "serving_default": (serve, [("images", shape, "float32")]),
            "translate": (translate, uint8),
        }

    def portable(self):
        """Returns the function from `images` to `translations`: ONNX tells names apart."""
        serve, inputs = self.endpoints()["serving_default"]
        return lambda images: {"translations": serve(images)["images"]}, inputs

    @classmethod
    def usage(cls, run_dir: Path) -> str:
        """Returns how to translate images."""
        return f"""
  translate     ganzoo translate {run_dir} image.png --out=translated.png
  in Python     tensorflow.saved_model.load("{run_dir / "saved_model"}").translate(images, 0)"""
