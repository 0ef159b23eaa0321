"""TruncatedSampler: a generator whose network itself trades variety for quality."""

import keras
import numpy as np
from keras import ops

from ganzoo.errors import InputError
from ganzoo.inference.codes import Codes
from ganzoo.inference.sampler import Sampler
from ganzoo.networks import stylegan2
from ganzoo.networks.published import styles

EDGE = 2.0  # where the latents of BigGAN are truncated, before they are scaled


@keras.saving.register_keras_serializable("ganzoo")
class TruncatedSampler(Sampler):
    """A trained generator that has an input `truncation`, as StyleGAN and BigGAN have.

    Args:
        network: A built network from [latents (N, latent_dim), labels (N,) if it is conditional,
            truncation (N,)] to images (N, H, W, C) in [-1, 1].
        latent_dim: Dimension of the latents.
        num_classes: Number of classes, if the network takes labels.
        truncation: The truncation by default: 1 for the whole variety, less for better images.
        normal: Whether latents are drawn from the normal distribution, as in StyleGAN; else from
            the one truncated at 2 and multiplied by the truncation, as in BigGAN.

    Example:
    ```python
    sampler = ganzoo.load_pretrained("my_faces")
    images = sampler.sample(16, seed=0, truncation=0.7)  # uint8 (16, H, W, C)
    ```
    """

    kind = "truncated_generator"

    def __init__(
        self, network, latent_dim, num_classes=None, truncation=1.0, normal=True, **kwargs
    ):
        super().__init__(network, latent_dim, num_classes, **kwargs)
        self.truncation, self.normal = truncation, normal

    @property
    def conditional(self) -> bool:
        """Whether the network takes labels."""
        return self.num_classes is not None

    @property
    def keeps_latents(self) -> bool:
        """Whether a truncation leaves the latents as they are: it does so for StyleGAN."""
        return self.normal

    @property
    def trainable_network(self):
        """The network of latents, or of [latents, labels], with the whole variety."""
        if stylegan2.has_styles(self.network):
            return styles.untruncated(self.network)
        inputs = [keras.Input(tensor.shape[1:], dtype=tensor.dtype)
                  for tensor in self.network.inputs[: 1 + self.conditional]]  # fmt: skip
        images = self.network([*inputs, ops.ones_like(inputs[0][:, 0])])
        return keras.Model(inputs if self.conditional else inputs[0], images)

    def _average_style(self):
        """Returns the average style that is stored with the weights, float32 (1, D)."""
        return self.network.get_layer("truncated").average[None]

    def codes_of(self, latents, labels=None, truncation=None, cutoff=None) -> Codes:
        """Returns the codes of latents; see `Sampler.codes_of`."""
        codes = super().codes_of(latents, labels, truncation, cutoff)
        if codes.space == "z":
            codes.truncation = self.truncation if truncation is None else truncation
        return codes

    def _inputs_of(self, codes: Codes, labels) -> list:
        value = self.truncation if codes.truncation is None else codes.truncation
        inputs = super()._inputs_of(codes, labels)
        return [*inputs, np.full(len(codes), value, "float32")]

    def call(self, inputs, training: bool = False):
        """Returns images of latents, or [latents, labels], with or without a truncation."""
        inputs = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(inputs) < 2 + self.conditional:
            size = ops.shape(inputs[0])[0]
            inputs.append(ops.full((size,), self.truncation, dtype="float32"))
        return self.network(inputs, training=training)

    def latents(self, num, seed, truncation: float | None = None):
        """Returns latents, float32 (num, latent_dim): a pure function of the integer seed."""
        if self.normal:
            return super().latents(num, seed)
        truncation = self.truncation if truncation is None else truncation
        return truncation * super().latents(num, seed, EDGE)

    def sample(
        self, num=None, seed=0, *, labels=None, truncation=None, latents=None, batch_size=None
    ) -> np.ndarray:
        """Samples images; see `Sampler.sample`.

        Here `truncation` is that of the network, from 0 to 1: for StyleGAN psi, the factor by which
        styles differ from their average; for BigGAN the factor of the latents.

        Raises:
            InputError: If an argument does not fit the generator.
        """
        if truncation is not None and not 0 < truncation <= 1:
            raise InputError(f"expected truncation above 0, at most 1, got {truncation}.")
        batch_size = self.batch_size if batch_size is None else batch_size
        of_latents = truncation if latents is None else None
        latents, labels = self._inputs(num, seed, labels, of_latents, latents, batch_size)
        value = self.truncation if truncation is None else truncation
        inputs = [latents, *([labels] if self.conditional else [])]
        inputs.append(np.full(len(latents), value, "float32"))
        return self._drawn(inputs, seed, batch_size)

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network."""
        return super().facts | {"truncation": self.truncation, "normal": self.normal}

    def endpoints(self) -> dict:
        """Returns the functions of `Sampler.endpoints`, and `truncated`, with its truncation."""
        found = super().endpoints()
        inputs = [*found["serving_default"][1], ("truncation", (None,), "float32")]

        def truncated(*inputs):
            return {"images": self(list(inputs))}

        return found | {"truncated": (truncated, inputs)}

    @classmethod
    def about(cls, facts: dict) -> dict:
        """Returns the kind and, for a conditional generator, the number of `classes`."""
        classes = facts["num_classes"]
        return {"kind": cls.kind} | ({"classes": classes} if classes else {})
