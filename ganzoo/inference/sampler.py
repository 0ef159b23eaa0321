"""Sampler: a trained generator that images can be sampled from."""

import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import pixels, progress
from ganzoo.engine.batch import inputs_of
from ganzoo.errors import InputError, unknown
from ganzoo.inference import drawing
from ganzoo.inference.exported import Exported
from ganzoo.inference.latent_space import LatentSpace

MOST = 250  # images at a time
LARGE = 1 << 18  # pixels at a time of larger images
MANY = 16  # number of batches, or of large images, from which compiling is worthwhile

CARD = {
    "picture": "Samples of {title}, not cherry-picked",
    "limits": """\
It generates only images like those of `{dataset}`, at the size in the recipe, and it reproduces the
gaps and biases of that data set. The metrics are valid for the settings listed with them: compare
them only with values measured the same way. They do not rule out that a sample is close to a
training image.""",
    "load": """\
images = ganzoo.load_pretrained("{entry}").sample(16, seed=0)  # uint8 (16, H, W, C)""",
    "load_alone": """\
images = tf.saved_model.load("{folder}").sample(16, 0)""",
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
generator = tf.saved_model.load("{folder}")
images = generator.sample(16, 0)  # of random classes
latents, labels = tf.random.normal((16, {latents})), tf.fill([16], {last})
images = generator(latents, labels)["images"]  # of one class, float32 in [-1, 1]""",
    "signature": "the signature `serving_default` takes latents and labels, and returns images in "
    "[-1, 1]",
}


@keras.saving.register_keras_serializable("ganzoo")
class Sampler(LatentSpace, Exported):
    """A trained generator that images can be sampled from.

    Args:
        network: A built network from latents (N, latent_dim), or from [latents, labels], to images
            (N, H, W, C) in [-1, 1] or points (N, D).
        latent_dim: Dimension of the Gaussian latents.
        num_classes: Number of classes, if the network takes labels.
        class_names: Their names, if they have some.

    Example:
    ```python
    sampler = ganzoo.load_pretrained("wgan_gp_fashion_mnist")
    images = sampler.sample(64, seed=0)  # uint8 (64, 28, 28, 1)
    ```
    """

    kind = "generator"
    task = "unconditional-image-generation"
    card = CARD
    measurable = True

    def __init__(self, network, latent_dim, num_classes=None, class_names=None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.latent_dim, self.num_classes = network, latent_dim, num_classes
        self.class_names = class_names and tuple(class_names)
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
        self, num=None, seed=0, *, labels=None, truncation=None, latents=None, batch_size=None,
        rejection=None, refine=None,
    ) -> np.ndarray:  # fmt: skip
        """Samples images.

        Args:
            num: Number of images; not needed with `latents` or with a list of labels.
            seed: Integer; the same seed gives the same images, and a larger `num` starts with
                the images of a smaller one.
            labels: Class of all images, or one class per image, by number or name; drawn uniformly
                by default. Only for conditional generators.
            truncation: Draws latents from the normal distribution truncated to [-truncation,
                truncation]. Below 2, images are better but less diverse (Brock et al., 2019,
                arXiv:1809.11096). For a generator with styles, the factor by which a style differs
                from the average one: below 1, images are better but less diverse (Karras et al.,
                2019, arXiv:1812.04948, appendix B).
            latents: The latents to use, (num, latent_dim), instead of random ones.
            batch_size: Images generated at a time; by default 250, and fewer large ones.
            rejection: Percentile, such as 80, of discriminator rejection sampling, for a generator
                with its critic; see `judging.accepted`.
            refine: Number of steps, such as 100, of discriminator driven latent sampling, for a
                generator with its critic; see `judging.refined`.

        Returns:
            uint8 (num, H, W, C); or float32 (num, D) if the generator makes points.

        Raises:
            InputError: If an argument does not fit the generator.
        """
        batch_size = self.batch_size if batch_size is None else batch_size
        if (rejection, refine) != (None, None):
            if latents is not None:
                raise InputError("latents: omit them where the critic chooses the latents.")
            codes = self.codes(
                num, seed, labels=labels, truncation=truncation, rejection=rejection, refine=refine
            )
            return self.synthesize(codes, seed=seed, batch_size=batch_size)
        of_latents = None if self.keeps_latents else truncation
        latents, labels = self._inputs(num, seed, labels, of_latents, latents, batch_size)
        if truncation is not None and self.keeps_latents:
            styles = self.map(latents, labels, truncation)
            return self.synthesize(styles, seed=seed, batch_size=batch_size)
        inputs = [latents, labels] if self.conditional else [latents]
        return self._drawn(inputs, seed, batch_size)

    def _drawn(self, inputs: list, seed: int, batch_size: int, network=None) -> np.ndarray:
        """Returns the images of a list of inputs of a network, some of them at a time."""
        count = len(inputs[0])
        compiled = count >= MANY * (batch_size if self.batch_size == MOST else 1)

        def draw(inputs, key):
            with random.scope(key):  # layers that draw noise derive it from the key
                return pixels.to_uint8((network or self)(inputs))

        draw = tf.function(draw, reduce_retracing=True) if compiled else draw
        pieces = []
        for start in progress.counted(range(0, count, batch_size)):
            some = [one[start : start + batch_size] for one in inputs]
            key = random.fold(random.key(seed), start)
            pieces.append(ops.convert_to_numpy(draw(some if len(some) > 1 else some[0], key)))
        return np.concatenate(pieces)

    @property
    def batch_size(self) -> int:
        """Images generated at a time by default: fewer if they are larger than 64 x 64."""
        shape = getattr(self.network, "output_shape", ())  # which a subclass does not have
        area = math.prod(side or 1 for side in shape[1:3])
        return MOST if area <= 64 * 64 else max(1, LARGE // area)

    def _class_numbers(self, labels) -> np.ndarray:
        """Returns labels as int32; names are looked up.

        Raises:
            InputError: If they are no whole numbers, or a name is unknown.
        """
        labels = np.asarray(labels)
        if labels.dtype.kind in "US":
            labels = np.vectorize(self._class_number, [int])(labels)
        if labels.dtype.kind not in "iu":
            raise InputError(f"expected labels as whole numbers or names, got {labels.dtype}.")
        return labels.astype(np.int32)

    def _class_number(self, label) -> int:
        """Returns the number of a class, given as text: a number, or a name or a part of it."""
        names = [str(name).lower() for name in self.class_names or ()]
        label = str(label).lower()
        parts = [number for number, name in enumerate(names) if label in name]
        if label in names:
            return names.index(label)
        if label.isdecimal():
            return int(label)
        if len(parts) != 1:
            raise unknown("class", label, self.class_names or map(str, range(self.num_classes)))
        return parts[0]

    def _inputs(self, num, seed, labels, truncation, latents, batch_size):
        if latents is not None:
            latents = ops.convert_to_tensor(latents, "float32")
            if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
                raise InputError(
                    f"expected latents of shape (N, {self.latent_dim}), got {tuple(latents.shape)}"
                )
            if truncation is not None:
                raise InputError(
                    "truncation is for random latents, and latents are given: omit it."
                )
            if num not in (None, len(latents)):
                raise InputError(f"expected num={num} latents, got {len(latents)}: omit `num`.")
            num = len(latents)
        if labels is not None:
            if not self.conditional:
                raise InputError("this generator takes no labels: omit `labels`.")
            labels = np.atleast_1d(self._class_numbers(labels))
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
        facts = {"latent_dim": self.latent_dim, "num_classes": self.num_classes}
        return facts | ({"class_names": list(self.class_names)} if self.class_names else {})

    def endpoints(self) -> dict:
        """Returns each function of the SavedModel, with the name, shape and dtype of its inputs.

        `serving_default` takes latents, and labels if the generator does, to images in [-1, 1];
        `sample` draws `num` uint8 images, of random classes; `sample_classes` one of each label.
        """
        inputs = [("latents", (None, self.latent_dim), "float32")]
        if self.conditional:
            inputs.append(("labels", (None,), "int32"))

        def serve(*inputs):
            return {"images": self(list(inputs) if len(inputs) > 1 else inputs[0])}

        def drawn(inputs, seed):
            with random.scope(random.fold(random.key(seed), 0)):
                return {"images": pixels.to_uint8(self(inputs))}

        def sample(num, seed):
            return drawn(self.draw_inputs(num, seed), seed)

        def sample_classes(labels, seed):
            return drawn([self.latents(ops.shape(labels)[0], seed), labels], seed)

        seed = ("seed", (), "int32")
        found = {
            "serving_default": (serve, inputs),
            "sample": (sample, [("num", (), "int32"), seed]),
        }
        if self.conditional:
            found["sample_classes"] = (sample_classes, [("labels", (None,), "int32"), seed])
        return found

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

    def write_samples(self, out, num, seed, **options) -> str:
        """Writes a grid, an array or single images; see `drawing.write` and `Exported`."""
        return drawing.write(self, out, num, seed, **options)

    def measured(self, plan, known):
        """Yields the metrics of its samples; see `Exported.measured`."""
        return plan.of_samples(self.sample, known, self)
