"""Critic: a trained discriminator, kept beside the generator that it was trained against."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine.batch import inputs_of, scaled
from ganzoo.errors import InputError
from ganzoo.inference.exported import Exported


@keras.saving.register_keras_serializable("ganzoo")
class Critic(Exported):
    """A trained discriminator, which scores images.

    Args:
        network: A built network from images (N, H, W, C) in [-1, 1], or from [images, labels], to
            scores (N, ...), perhaps with further outputs.
        loss: Name of the class of the loss that it was trained with, such as "NonSaturating", which
            says what its scores mean; None if that is unknown.

    Example:
    ```python
    generator = ganzoo.load_pretrained("projection_fashion_mnist")
    if (critic := generator.critic()) is not None:
        scores = critic.scores(generator.sample(64))  # float32 (64,)
    ```
    """

    kind = "critic"
    no_samples = "a critic scores images, and draws none."

    def __init__(self, network, loss: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.loss = network, loss
        self.built = True

    @property
    def conditional(self) -> bool:
        """Whether the network takes labels."""
        return inputs_of(self.network) > 1

    def call(self, inputs, training: bool = False):
        """Returns the scores of images in [-1, 1], or of [images, labels], as the network has them.

        If it has several outputs, the scores are the first one.
        """
        output = self.network(inputs, training=training)
        return output[0] if isinstance(output, list | tuple) else output

    def scores(self, images, labels=None, batch_size: int = 250) -> np.ndarray:
        """Returns the mean score of each image.

        Args:
            images: (N, H, W, C), uint8 or in [-1, 1].
            labels: Classes (N,), for a critic that takes labels.
            batch_size: Images at a time.

        Returns:
            float32 (N,).

        Raises:
            InputError: If labels are missing, or given to a critic that takes none.
        """
        if (labels is not None) != self.conditional:
            raise InputError(f"this critic takes {'' if self.conditional else 'no '}labels.")
        pieces = []
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            inputs = [scaled(ops.convert_to_tensor(images[part]))]
            inputs += [ops.convert_to_tensor(labels[part])] if self.conditional else []
            scores = self(inputs if self.conditional else inputs[0])
            pieces.append(ops.convert_to_numpy(scores).reshape(len(images[part]), -1).mean(1))
        return np.concatenate(pieces)

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network."""
        return {"loss": self.loss}

    def endpoints(self) -> dict:
        """Returns the function of the SavedModel; see `Exported.endpoints`."""
        names = ["images", "labels", *(f"input_{i}" for i in range(2, inputs_of(self.network)))]
        inputs = [
            (name, (None, *tensor.shape[1:]), tensor.dtype)
            for name, tensor in zip(names, self.network.inputs, strict=False)
        ]

        def serve(*inputs):
            return {"scores": self(list(inputs) if len(inputs) > 1 else inputs[0])}

        return {"serving_default": (serve, inputs)}
