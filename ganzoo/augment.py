"""Augmentations in front of every call of D, of real and fake images alike.

What D never sees unaugmented, G need not imitate augmented, as long as it can be told apart: so a D
that has few images to learn from does not learn them by heart. They are differentiable by the
image, as G learns through them, and their draws are those of `ganzoo.random`. Any other Keras
layer fits the slot as well.
"""

import math
import types

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import distribute, parts
from ganzoo.errors import InputError, unknown


class Augmentation(keras.layers.Layer):
    """A layer that in training gives other images of the same shape, (N, H, W, C), in float32."""

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)

    def build(self, input_shape):
        """Looks at the shape.

        Raises:
            InputError: If it is that of points.
        """
        if len(input_shape) != 4:
            raise InputError(
                f"{type(self).__name__} moves the pixels of images (N, H, W, C), got shape "
                f"{tuple(input_shape)}: drop `augment`."
            )

    def call(self, images, training: bool = False):
        """Augments."""
        return self.augmented(images) if training else images


class DiffAugment(Augmentation):
    """Every image is changed by each kind of the policy, at all times.

    `color`: brightness by up to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5, in this
    order. `translation`: by up to 1/8 of each side, zeros come in. `cutout`: a square of half the
    sides is set to zero, whose centre is anywhere, so that a part of it may be outside.

    Args:
        policy: Kinds, separated by commas.

    Reference: Zhao et al., 2020, arXiv:2006.10738, section 4 and the authors' ranges.
    """

    def __init__(self, policy: str = "color,translation,cutout", **kwargs):
        super().__init__(**kwargs)
        self.policy = policy
        self._kinds = [kind.strip() for kind in policy.split(",") if kind.strip()]
        for kind in self._kinds:
            if kind not in KINDS:
                raise unknown("kind of DiffAugment", kind, KINDS)

    def augmented(self, images):
        """Applies the kinds in their order."""
        for kind in self._kinds:
            images = KINDS[kind](images)
        return images

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"policy": self.policy}


class InstanceNoise(keras.layers.Layer):
    """Gaussian noise on the images, real and fake, whose strength falls to zero.

    With it the two distributions overlap from the start, so that a D that is good at its task does
    not leave G without a gradient. The standard deviation falls linearly.

    Args:
        stddev: At the first step; images are in [-1, 1].
        steps: Steps until there is none; None for a strength that stays.

    Reference: Sonderby et al., 2017, arXiv:1610.04490, section 4; Arjovsky & Bottou, 2017,
    arXiv:1701.04862, section 3.
    """

    def __init__(self, stddev: float = 0.1, steps: int | None = None, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if stddev < 0.0 or (steps is not None and steps < 1):
            raise ValueError(f"expected stddev >= 0 and steps >= 1, got {stddev} and {steps}")
        self.stddev, self.steps = stddev, steps
        self._clock = types.SimpleNamespace(step=None)  # kept out of what Keras saves

    def attach(self, gan: keras.Model) -> None:
        """Takes the game's counter of steps."""
        self._clock.step = gan.step

    @property
    def strength(self):
        """The standard deviation at this step."""
        if self.steps is None or self._clock.step is None:
            return ops.convert_to_tensor(self.stddev, "float32")
        done = ops.cast(self._clock.step.value, "float32") / self.steps
        return self.stddev * ops.maximum(1.0 - done, 0.0)

    def states(self) -> dict:
        """Returns the strength, to be logged."""
        return {"augment_stddev": self.strength}

    def call(self, images, training: bool = False):
        """Adds the noise, in training."""
        if not training:
            return images
        seed = random.seed("instance_noise")
        return images + self.strength * keras.random.normal(ops.shape(images), seed=seed)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"stddev": self.stddev, "steps": self.steps}


class ADA(Augmentation):
    """Every image is changed by each of some kinds with a chance p, which follows D's overfitting.

    D overfits where it scores nearly all real images as such: r = E[sign D(x)] is compared with
    `target` every `interval` batches, and p is moved up or down, by so much that it would take
    `images` images from 0 to 1. `observe` must be told the scores.

    Kinds: mirroring; rotation by quarters (by halves, of images that are not square); translation
    by whole pixels, up to 1/8 of each side; zoom by 2^N(0, 0.2^2); rotation by any angle;
    brightness plus N(0, 0.2^2); contrast times 2^N(0, 0.5^2); and a square of half the sides set to
    zero. The first five are one bilinear interpolation, exact where nothing falls between pixels;
    what comes in from outside is mirrored.

    Departures from the paper: its pixel blitting, isotropic geometry, half of its colours, and its
    cutout; there are no anisotropic zoom, saturation, hue, filters or noise. One rotation where the
    paper has two, and no wavelet around the interpolation.

    Args:
        target: r that p is moved to keep.
        images: Real images in which p may go from 0 to 1.
        interval: Batches from one move to the next.
        p: Chance to start from.

    Reference: Karras et al., 2020, arXiv:2006.06676, section 3 and appendix B.
    """

    def __init__(
        self, target: float = 0.6, images: int = 500_000, interval: int = 4, p: float = 0.0,
        **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if not (-1.0 <= target <= 1.0 and 0.0 <= p <= 1.0 and interval >= 1 and images >= 1):
            raise ValueError(
                "expected target in [-1, 1], p in [0, 1], interval and images from 1, got "
                f"{target}, {p}, {interval} and {images}"
            )
        self.target, self.images, self.interval, self.start = target, images, interval, p
        start = keras.initializers.Constant(p)
        own = {"trainable": False, "aggregation": "mean"}
        self.p = self.add_weight((), start, name="p", **own)
        self.signs = self.add_weight((2,), "zeros", name="signs", **own)  # their sum and number

    def attach(self, gan: keras.Model) -> None:
        """Refuses games in which there is no score to follow."""
        if not gan.compares:
            raise InputError(
                f"ADA follows the sign of D's scores, and {type(gan).__name__} has none: use "
                "augment='diff_augment'."
            )

    def states(self) -> dict:
        """Returns p, to be logged."""
        return {"augment_p": self.p.value}

    def observe(self, real, fake=None) -> None:
        """Takes note of D's logits (N, ...) on real images, and moves p when it is time to."""
        signs = ops.sign(ops.cast(real, "float32"))
        count = ops.cast(ops.shape(signs)[0], "float32")
        total = self.signs.value + ops.stack([ops.mean(signs) * count, count])
        due = total[1] > (self.interval - 0.5) * count
        seen = total[1] * distribute.replicas()
        move = ops.sign(total[0] / total[1] - self.target) * seen / self.images
        self.p.assign(ops.where(due, ops.clip(self.p + move, 0.0, 1.0), self.p.value))
        self.signs.assign(ops.where(due, ops.zeros(2), total))

    def augmented(self, images):
        """Applies each kind with its chance."""
        images = resampled(images, *self._source(images))
        brightness = 0.2 * self._if("brightness", images, keras.random.normal)
        contrast = 2.0 ** (0.5 * self._if("contrast", images, keras.random.normal))
        images = (images + _spread(brightness)) * _spread(contrast)
        cut = self._if("cutout", images, lambda shape, **_: ops.ones(shape)) > 0.0
        return ops.where(_spread(cut), cutout(images), images)

    def _if(self, name, images, draw):
        """Returns a draw for each image, (N,), and zero for those that are left as they are."""
        shape = (ops.shape(images)[0],)
        drawn = draw(shape, dtype="float32", seed=random.seed(f"augment_{name}"))
        gate = keras.random.uniform(shape, seed=random.seed(f"augment_if_{name}"))
        return ops.where(gate < self.p, drawn, 0.0)

    def _source(self, images):
        """Returns the rows and columns, float32 (N, H, W) both, to take each pixel from."""
        _, height, width, _ = images.shape
        mirror = 1.0 - 2.0 * ops.round(self._if("mirror", images, keras.random.uniform))
        quarters = ops.floor(4.0 * self._if("quarters", images, keras.random.uniform))
        if height != width:
            quarters = 2.0 * ops.floor(quarters / 2.0)
        angle = 2.0 * math.pi * self._if("angle", images, keras.random.uniform)
        zoom = 2.0 ** (0.2 * self._if("zoom", images, keras.random.normal))
        down = height / 8 * self._if("down", images, _signed)
        across = width / 8 * self._if("across", images, _signed)
        # By table: the cosine of a quarter is to be 0, that pixels fall on pixels.
        quarters = ops.cast(quarters, "int32")
        cos = ops.take(ops.array([1.0, 0.0, -1.0, 0.0]), quarters)
        sin = ops.take(ops.array([0.0, 1.0, 0.0, -1.0]), quarters)
        cos, sin = (
            (cos * ops.cos(angle) - sin * ops.sin(angle)) / zoom,
            (sin * ops.cos(angle) + cos * ops.sin(angle)) / zoom,
        )
        cos, sin, mirror = (value[:, None, None] for value in (cos, sin, mirror))
        row = (ops.arange(height, dtype="float32") - (height - 1) / 2)[None, :, None]
        column = (ops.arange(width, dtype="float32") - (width - 1) / 2)[None, None, :]
        rows = cos * row - sin * column + (height - 1) / 2
        columns = mirror * (sin * row + cos * column) + (width - 1) / 2
        down, across = (ops.round(value)[:, None, None] for value in (down, across))
        return rows + down, columns + across

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "target": self.target,
            "images": self.images,
            "interval": self.interval,
            "p": self.start,
        }


def color(images):
    """Returns the images with brightness, saturation and contrast changed, each by a draw."""
    shape = (ops.shape(images)[0], 1, 1, 1)
    images = images + _uniform("brightness", shape, -0.5, 0.5)
    grey = ops.mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * _uniform("saturation", shape, 0.0, 2.0)
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * _uniform("contrast", shape, 0.5, 1.5)


def translation(images):
    """Returns the images moved by whole pixels, up to 1/8 of each side."""
    size, height, width, _ = ops.shape(images)
    down, across = (
        keras.random.randint((size, 1, 1), -limit, limit + 1, seed=random.seed(f"augment_{name}"))
        for name, limit in (("down", height // 8), ("across", width // 8))
    )
    rows = ops.arange(height, dtype="int32")[None, :, None] - down
    columns = ops.arange(width, dtype="int32")[None, None, :] - across
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    moved = taken(images, ops.clip(rows, 0, height - 1), ops.clip(columns, 0, width - 1))
    return moved * ops.cast(inside, images.dtype)[..., None]


def cutout(images):
    """Returns the images with a square, or rectangle, of half the sides set to zero."""
    size, *sides, _ = ops.shape(images)
    inside = True
    for axis, side in enumerate(sides):
        name, half = "row" if axis == 0 else "column", (side + 1) // 2
        first = (
            keras.random.randint(
                (size, 1, 1), 0, side + 1 - half % 2, seed=random.seed(f"augment_cut_{name}")
            )
            - half // 2
        )
        place = ops.expand_dims(ops.arange(side, dtype="int32"), (0, 2 - axis))
        inside = inside & (place >= first) & (place < first + half)
    return images * ops.cast(~inside, images.dtype)[..., None]


def taken(images, rows, columns):
    """Returns the pixels (N, H, W, C) at integer rows and columns, which broadcast to (N, H, W)."""
    size, height, width, channels = ops.shape(images)
    first = ops.reshape(ops.arange(size, dtype="int32") * height, (-1, 1, 1))
    places = (first + rows) * width + columns
    return ops.take(ops.reshape(images, (-1, channels)), places, axis=0)


def resampled(images, rows, columns):
    """Returns the images at rows and columns, float32 (N, H, W), bilinearly; mirrored outside."""
    _, height, width, _ = ops.shape(images)
    rows, columns = _folded(rows, height - 1), _folded(columns, width - 1)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
    bottom, beside = ops.minimum(top + 1, height - 1), ops.minimum(left + 1, width - 1)
    above = (1.0 - right) * taken(images, top, left) + right * taken(images, top, beside)
    below = (1.0 - right) * taken(images, bottom, left) + right * taken(images, bottom, beside)
    return (1.0 - down) * above + down * below


def _folded(place, last):
    """Returns places mirrored at 0 and at `last`, as often as it takes."""
    place = ops.mod(place, 2.0 * last)
    return ops.minimum(place, 2.0 * last - place)


def _signed(shape, dtype, seed):
    return keras.random.uniform(shape, -1.0, 1.0, dtype, seed)


def _uniform(name, shape, low, high):
    return keras.random.uniform(shape, low, high, seed=random.seed(f"augment_{name}"))


def _spread(values):
    return values[:, None, None, None]


KINDS = {"color": color, "translation": translation, "cutout": cutout}
CLASSES = parts.table(InstanceNoise, DiffAugment, ADA)


def get(identifier) -> keras.layers.Layer | None:
    """Returns the layer that a name, a {class_name, config} dict or a Keras layer stands for."""
    if isinstance(identifier, keras.layers.Layer):
        return identifier
    return parts.get("augmentation", identifier, CLASSES)
