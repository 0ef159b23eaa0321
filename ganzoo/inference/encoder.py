"""Encoder: the network that tells the code of an image, kept beside the generator it belongs to."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine.batch import scaled
from ganzoo.inference.exported import Exported


@keras.saving.register_keras_serializable("ganzoo")
class Encoder(Exported):
    """A trained encoder, from images to the latents that its generator draws them from.

    Args:
        network: A built network from images (N, H, W, C) in [-1, 1] to codes (N, latent_dim), or to
            [means, log-variances] of them.

    Example:
    ```python
    generator = ganzoo.load_pretrained("runs/bigan")
    if (encoder := generator.encoder()) is not None:
        again = generator.sample(latents=encoder.encode(images))
    ```
    """

    kind = "encoder"
    no_samples = "an encoder tells the codes of images, and draws none."

    def __init__(self, network, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.built = True

    def call(self, inputs, training: bool = False):
        """Returns the codes of images in [-1, 1]: the means, if the network predicts Gaussians."""
        output = self.network(inputs, training=training)
        return output[0] if isinstance(output, list | tuple) else output

    def encode(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the codes, float32 (N, latent_dim), of images, uint8 or in [-1, 1]."""
        pieces = []
        for start in range(0, len(images), batch_size):
            some = scaled(ops.convert_to_tensor(images[start : start + batch_size]))
            pieces.append(ops.convert_to_numpy(self(some)))
        return np.concatenate(pieces)

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network: none."""
        return {}

    def endpoints(self) -> dict:
        """Returns the function of the SavedModel; see `Exported.endpoints`."""
        inputs = [("images", (None, *self.network.input_shape[1:]), "float32")]
        return {"serving_default": (lambda images: {"codes": self(images)}, inputs)}
