"""Sampler: a trained generator that images can be sampled from."""

import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import latents as paths
from ganzoo import random
from ganzoo.engine import files, pixels
from ganzoo.engine.batch import inputs_of
from ganzoo.errors import InputError
from ganzoo.inference import pictures
from ganzoo.inference.exported import Exported

MOST = 250  # images at a time
LARGE = 1 << 18  # pixels at a time of larger images
MANY = 16  # number of batches, or of large images, from which compiling is worthwhile

CARD = {
    "picture": "Samples of {entry}, not cherry-picked",
    "limits": """\
It generates only images like those of `{dataset}`, at the size in the recipe, and it reproduces the
gaps and biases of that data set. The metrics are valid for the settings listed with them: compare
them only with values measured the same way. They do not rule out that a sample is close to a
training image.""",
    "load": """\
images = ganzoo.load_pretrained("{entry}").sample(16, seed=0)  # uint8 (16, H, W, C)""",
    "load_alone": """\
images = tf.saved_model.load("saved_models/{entry}/{version}").sample(16, 0)""",
    "signature": "the signature `serving_default` takes latents and returns images in [-1, 1]",
    "request": """\
:predict \\
  -d '{{"signature_name": "sample", "inputs": {{"num": 16, "seed": 0}}}}'""",
}
CONDITIONAL_CARD = CARD | {
    "load": """\
generator = ganzoo.load_pretrained("{entry}")
images = generator.sample(16, seed=0)  # uint8 (16, H, W, C), of random classes
images = generator.sample(16, seed=0, labels={last})  # of one class, 0 to {last}; or a list""",
    "load_alone": """\
generator = tf.saved_model.load("saved_models/{entry}/{version}")
images = generator.sample(16, 0)  # of random classes
latents, labels = tf.random.normal((16, {latents})), tf.fill([16], {last})
images = generator(latents, labels)["images"]  # of one class, float32 in [-1, 1]""",
    "signature": "the signature `serving_default` takes latents and labels, and returns images in "
    "[-1, 1]",
}


@keras.saving.register_keras_serializable("ganzoo")
class Sampler(Exported):
    """A trained generator that images can be sampled from.

    Args:
        network: A built network from latents (N, latent_dim), or from [latents, labels], to images
            (N, H, W, C) in [-1, 1] or points (N, D).
        latent_dim: Dimension of the Gaussian latents.
        num_classes: Number of classes, if the network takes labels.

    Example:
    ```python
    sampler = ganzoo.load_pretrained("wgan_gp_fashion_mnist")
    images = sampler.sample(64, seed=0)  # uint8 (64, 28, 28, 1)
    ```
    """

    kind = "generator"
    card = CARD
    measurable = True

    def __init__(self, network, latent_dim, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.latent_dim, self.num_classes = network, latent_dim, num_classes
        self.built = True

    @property
    def conditional(self) -> bool:
        """Whether the network takes labels."""
        return inputs_of(self.network) > 1

    def call(self, inputs, training: bool = False):
        """Returns the images of latents, or of [latents, labels], in [-1, 1]."""
        return self.network(inputs, training=training)

    def latents(self, num, seed, truncation: float | None = None):
        """Returns latents, float32 (num, latent_dim): a pure function of the integer seed."""
        with random.scope(random.key(seed)):
            shape, draw = (num, self.latent_dim), random.seed("latent")
            if truncation is None:
                return keras.random.normal(shape, seed=draw)
            # The truncated normal distribution, by its inverse cumulative distribution function.
            edge = min(math.erf(truncation / math.sqrt(2.0)), 1.0 - 1e-6)
            uniform = keras.random.uniform(shape, -edge, edge, seed=draw)
            return math.sqrt(2.0) * ops.erfinv(uniform)

    def labels(self, num, seed):
        """Returns uniform classes, int32 (num,): a pure function of the integer seed."""
        with random.scope(random.key(seed)):
            return keras.random.randint((num,), 0, self.num_classes, seed=random.seed("label"))

    def draw_inputs(self, num, seed):
        """Returns the network's inputs for `num` images: latents, or [latents, labels]."""
        latents = self.latents(num, seed)
        return [latents, self.labels(num, seed)] if self.conditional else latents

    def sample(
        self, num=None, seed=0, *, labels=None, truncation=None, latents=None, batch_size=None
    ) -> np.ndarray:
        """Samples images.

        Args:
            num: Number of images; not needed with `latents` or with a list of labels.
            seed: Integer; the same seed gives the same images, and a larger `num` starts with
                the images of a smaller one.
            labels: Class of all images, or one class per image; drawn uniformly by default. Only
                for conditional generators.
            truncation: Draws latents from the normal distribution truncated to [-truncation,
                truncation]. Below 2, images are better but less diverse (Brock et al., 2019,
                arXiv:1809.11096).
            latents: The latents to use, (num, latent_dim), instead of random ones.
            batch_size: Images generated at a time; by default 250, and fewer large ones.

        Returns:
            uint8 (num, H, W, C); or float32 (num, D) if the generator makes points.

        Raises:
            InputError: If an argument does not fit the generator.
        """
        batch_size = self.batch_size if batch_size is None else batch_size
        latents, labels = self._inputs(num, seed, labels, truncation, latents, batch_size)
        inputs = [latents, labels] if self.conditional else [latents]
        return self._drawn(inputs, seed, batch_size)

    def _drawn(self, inputs: list, seed: int, batch_size: int) -> np.ndarray:
        """Returns the images of a list of inputs of the network, some of them at a time."""
        count = len(inputs[0])
        compiled = count >= MANY * (batch_size if self.batch_size == MOST else 1)
        draw = tf.function(self._pixels, reduce_retracing=True) if compiled else self._pixels
        pieces = []
        for start in range(0, count, batch_size):
            some = [one[start : start + batch_size] for one in inputs]
            key = random.fold(random.key(seed), start)
            pieces.append(ops.convert_to_numpy(draw(some if len(some) > 1 else some[0], key)))
        return np.concatenate(pieces)

    @property
    def batch_size(self) -> int:
        """Images generated at a time by default: fewer if they are larger than 64 x 64."""
        area = math.prod(side or 1 for side in self.network.output_shape[1:3])
        return MOST if area <= 64 * 64 else max(1, LARGE // area)

    def _pixels(self, inputs, key):
        """Returns uint8 images; layers that draw noise derive it from the key."""
        with random.scope(key):
            return pixels.to_uint8(self(inputs))

    def _inputs(self, num, seed, labels, truncation, latents, batch_size):
        if latents is not None:
            latents = ops.convert_to_tensor(latents, "float32")
            if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
                raise InputError(
                    f"expected latents of shape (N, {self.latent_dim}), got {tuple(latents.shape)}"
                )
            if num not in (None, len(latents)):
                raise InputError(f"expected num={num} latents, got {len(latents)}: omit `num`.")
            num = len(latents)
        if labels is not None:
            if not self.conditional:
                raise InputError("this generator takes no labels: omit `labels`.")
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

    @property
    def facts(self) -> dict:
        """The constructor arguments other than the network."""
        return {"latent_dim": self.latent_dim, "num_classes": self.num_classes}

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, with the name, shape and dtype of its inputs."""
        inputs = [("latents", (None, self.latent_dim), "float32")]
        if self.conditional:
            inputs.append(("labels", (None,), "int32"))

        def serve(*inputs):
            return {"images": self(list(inputs) if len(inputs) > 1 else inputs[0])}

        def sample(num, seed):
            inputs = self.draw_inputs(num, seed)
            with random.scope(random.fold(random.key(seed), 0)):
                return {"images": pixels.to_uint8(self(inputs))}

        scalars = [("num", (), "int32"), ("seed", (), "int32")]
        return {"serving_default": (serve, inputs), "sample": (sample, scalars)}

    @classmethod
    def about(cls, facts: dict) -> dict:
        """Returns the kind and, for a conditional generator, the number of `classes`."""
        layers = facts.get("network", {}).get("config", {}).get("layers", ())
        inputs = sum(layer["class_name"] == "InputLayer" for layer in layers)
        return super().about(facts) | ({"classes": facts["num_classes"]} if inputs > 1 else {})

    @classmethod
    def card_of(cls, summary: dict) -> dict[str, str]:
        """Returns the texts of the card: the conditional ones if the summary has `classes`."""
        return CONDITIONAL_CARD if summary.get("classes") else CARD

    @classmethod
    def usage(cls, run_dir: Path) -> str:
        """Returns how to draw more samples."""
        return f"""
  more samples  ganzoo sample {run_dir} --num=64 --out=grid.png
  in Python     tensorflow.saved_model.load("{run_dir / "saved_model"}").sample(16, 0)"""

    def write_samples(self, out, num, seed, *, name, labels, truncation, interpolate) -> str:
        """Writes a grid of images (.png) or their array (.npz); see `Exported.write_samples`."""
        out = out or Path(f"{name}.png")
        if out.suffix not in (".png", ".npz"):
            raise InputError(f"--out: expected a .png or .npz file for images, got {str(out)!r}.")
        options, columns = {}, interpolate
        if columns:
            num = -(-num // columns) * columns
            ends = self.latents(2 * num // columns, seed, truncation)
            options["latents"] = paths.paths(ends, columns)
        if truncation is not None:
            options["truncation"] = truncation
        if labels is not None:  # one per image, or one per path
            options["labels"] = [labels[i // (columns or 1) % len(labels)] for i in range(num)]
        images = self.sample(None if columns else num, seed=seed, **options)
        if out.suffix == ".npz":
            with files.replacing(out, ".npz") as temporary:
                np.savez_compressed(temporary, images=images)
        else:
            pictures.save_png(out, pictures.grid(images, columns))
        return f"{len(images)} images, seed {seed}: {out}"

    def measured(self, plan, known):
        """Yields the metrics of its samples; see `Exported.measured`."""
        return plan.of_samples(self.sample, known)
