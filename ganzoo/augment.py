"""Augmentations of all images that D sees, real and fake.

They keep a discriminator with few training images from memorizing them. As fakes are augmented in
the same way, G does not learn to generate augmented images, as long as D could tell them from
others (Karras et al., 2020, arXiv:2006.06676, section 2.2). The augmentations are differentiable,
since G is trained through them, and their randomness comes from `ganzoo.random`. Any Keras layer
can be used as `augment`.
"""

import functools
import math
import types

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import distribute, parts
from ganzoo.errors import InputError, unknown


class Augmentation(keras.layers.Layer):
    """Base class: augments images (N, H, W, C) in training, in float32, and keeps their shape."""

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)

    def build(self, input_shape):
        """Checks the shape.

        Raises:
            InputError: If the inputs are not images.
        """
        if len(input_shape) != 4:
            raise InputError(
                f"{type(self).__name__} is for images (N, H, W, C), got shape "
                f"{tuple(input_shape)}: drop `augment`."
            )

    def call(self, images, training: bool = False):
        """Returns the augmented images in training, else the images."""
        return self.augmented(images) if training else images


class DiffAugment(Augmentation):
    """Applies every augmentation of a policy to every image.

    `color` shifts brightness by up to 0.5, then multiplies saturation by 0 to 2 and contrast by 0.5
    to 1.5. `translation` shifts by up to 1/8 of each side and pads with zeros. `cutout` sets a
    rectangle of half the height and half the width to zero; its center is anywhere in the image, so
    a part of it may be outside. `cutout=0.2` has another share of the sides.

    Args:
        policy: Augmentations, separated by commas, in the order in which they are applied.

    Raises:
        InputError: If one is unknown, or the share is not between 0 and 1.

    Example:
        gan = ganzoo.create(
            "dcgan", width=8, augment=ganzoo.augment.DiffAugment("color,translation")
        )

    Reference: Zhao et al., 2020, arXiv:2006.10738, section 4, with the ranges of the authors' code.
    """

    def __init__(self, policy: str = "color,translation,cutout", **kwargs):
        super().__init__(**kwargs)
        self.policy = policy
        self._steps = [_step(kind.strip()) for kind in policy.split(",") if kind.strip()]

    def augmented(self, images):
        """Returns the augmented images."""
        for step in self._steps:
            images = step(images)
        return images

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"policy": self.policy}


class InstanceNoise(keras.layers.Layer):
    """Adds Gaussian noise to real and fake images, with a strength that decays linearly to zero.

    With the noise, the distributions of real and fake images overlap from the start, so that even a
    strong D gives G a useful gradient.

    Args:
        stddev: Initial standard deviation, for images in [-1, 1].
        steps: Number of steps until the noise is zero; None for constant noise.

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
        """Stores the model's step counter."""
        self._clock.step = gan.step

    @property
    def strength(self):
        """The current standard deviation."""
        if self.steps is None or self._clock.step is None:
            return ops.convert_to_tensor(self.stddev, "float32")
        progress = ops.cast(self._clock.step.value, "float32") / self.steps
        return self.stddev * ops.maximum(1.0 - progress, 0.0)

    def states(self) -> dict:
        """Returns the current standard deviation as a log."""
        return {"augment_stddev": self.strength}

    def call(self, images, training: bool = False):
        """Returns noisy images in training, else the images."""
        if not training:
            return images
        seed = random.seed("instance_noise")
        return images + self.strength * keras.random.normal(ops.shape(images), seed=seed)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"stddev": self.stddev, "steps": self.steps}


class ADA(Augmentation):
    """Adaptive augmentation: applies each of several augmentations to an image with probability p.

    p adapts to the overfitting of D, which shows when D gives nearly all real images a positive
    score: every `interval` batches, r = E[sign D(x)] is compared with `target`, and p is increased
    or decreased at a speed that takes it from 0 to 1 in `images` images. The scores are passed to
    `observe`.

    The augmentations are the paper's pixel blitting, geometry and color ("bgc"), in its order:

    - horizontal flip; rotation by multiples of 90 degrees (180 degrees if images are not square);
      translation by whole pixels, up to 1/8 of each side
    - scaling by 2^N(0, 0.2^2); rotation by any angle; scaling of one side by 2^N(0, 0.2^2) and of
      the other by its inverse; rotation once more, so that any direction is stretched; translation
      by N(0, 0.125^2) of each side
    - brightness plus N(0, 0.2^2); contrast times 2^N(0, 0.5^2); inversion of luma; and of color
      images rotation of the hue by any angle, saturation times 2^N(0, 1)

    Each rotation by any angle has the probability 1 - sqrt(1 - p), so that one of the two takes
    place with p. Departure from the paper: what moves pixels is done by a single bilinear
    interpolation with mirrored borders, which is exact where pixels fall on pixels, and has no
    wavelet filter.

    Args:
        target: Target value of r.
        images: Number of real images in which p can go from 0 to 1.
        interval: Number of batches between updates of p.
        p: Initial probability.

    Example:
        gan = ganzoo.create("stylegan2", width=8, augment=ganzoo.augment.ADA(images=100_000))

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
        constant = keras.initializers.Constant(p)
        options = {"trainable": False, "aggregation": "mean"}
        self.p = self.add_weight((), constant, name="p", **options)
        self.signs = self.add_weight((2,), "zeros", name="signs", **options)  # sum and count

    def attach(self, gan: keras.Model) -> None:
        """Checks that the discriminator has scores to follow.

        Raises:
            InputError: If it has none.
        """
        if not gan.compares:
            raise InputError(
                f"ADA follows the sign of D's scores, but {type(gan).__name__} has none: use "
                "augment='diff_augment'."
            )

    def states(self) -> dict:
        """Returns p as a log."""
        return {"augment_p": self.p.value}

    def observe(self, real, fake=None) -> None:
        """Records D's logits (N, ...) on real images, and updates p every `interval` batches."""
        signs = ops.sign(ops.cast(real, "float32"))
        count = ops.cast(ops.shape(signs)[0], "float32")
        total = self.signs.value + ops.stack([ops.mean(signs) * count, count])
        due = total[1] > (self.interval - 0.5) * count
        images = total[1] * distribute.replicas()
        change = ops.sign(total[0] / total[1] - self.target) * images / self.images
        self.p.assign(ops.where(due, ops.clip(self.p + change, 0.0, 1.0), self.p.value))
        self.signs.assign(ops.where(due, ops.zeros(2), total))

    def augmented(self, images):
        """Returns the images with each augmentation applied with probability p."""
        return self._colored(resampled(images, *self._source(images)))

    def _if(self, name, images, draw, p=None):
        """Returns a random value for each image, (N, 1, 1), zero with probability 1 - p."""
        return self._both_if(name, images, draw, 1, p)[0]

    def _both_if(self, name, images, draw, count=2, p=None):
        """Returns several such values, (count, N, 1, 1), all of which are zero at a time."""
        shape = (ops.shape(images)[0], 1, 1)
        values = draw((count, *shape), dtype="float32", seed=random.seed(f"augment_{name}"))
        gate = keras.random.uniform(shape, seed=random.seed(f"augment_if_{name}"))
        return ops.where(gate < (self.p if p is None else p), values, 0.0)

    def _source(self, images):
        """Returns the source row and column of each pixel, both float32 (N, H, W).

        Each move is undone, the last one first, since what is asked is where a pixel comes from.
        """
        _, height, width, _ = images.shape
        y = (ops.arange(height, dtype="float32") - (height - 1) / 2)[None, :, None]
        x = (ops.arange(width, dtype="float32") - (width - 1) / 2)[None, None, :]
        shift = 0.125 * self._both_if("shift", images, keras.random.normal)
        x, y = x - width * shift[0], y - height * shift[1]
        x, y = _turned(x, y, self._angle("angle_after", images))
        stretch = 2.0 ** (0.2 * self._if("stretch", images, keras.random.normal))
        x, y = _turned(x / stretch, y * stretch, self._angle("angle", images))
        zoom = 2.0 ** (0.2 * self._if("zoom", images, keras.random.normal))
        steps = self._both_if("steps", images, _signed) / 8.0
        x = x / zoom - ops.round(width * steps[0])
        y = y / zoom - ops.round(height * steps[1])
        quarters = ops.floor(4.0 * self._if("quarters", images, keras.random.uniform))
        if height != width:
            quarters = 2.0 * ops.floor(quarters / 2.0)
        # By table, so that the cosine of 90 degrees is exactly 0 and pixels fall on pixels.
        quarters = ops.cast(quarters, "int32")
        cos = ops.take(ops.array([1.0, 0.0, -1.0, 0.0]), quarters)
        sin = ops.take(ops.array([0.0, 1.0, 0.0, -1.0]), quarters)
        x, y = cos * x - sin * y, sin * x + cos * y
        flip = ops.floor(2.0 * self._if("mirror", images, keras.random.uniform))
        return y + (height - 1) / 2, (1.0 - 2.0 * flip) * x + (width - 1) / 2

    def _angle(self, name, images):
        """Returns one of the two random angles, in radians."""
        return math.pi * self._if(name, images, _signed, 1.0 - ops.sqrt(1.0 - self.p))

    def _colored(self, images):
        """Returns the images in other colors."""
        brightness = 0.2 * self._if("brightness", images, keras.random.normal)
        contrast = 2.0 ** (0.5 * self._if("contrast", images, keras.random.normal))
        images = (images + brightness[..., None]) * contrast[..., None]
        luma = ops.mean(images, axis=3, keepdims=True)
        flip = ops.floor(2.0 * self._if("luma", images, keras.random.uniform))[..., None]
        images, luma = images - 2.0 * flip * luma, (1.0 - 2.0 * flip) * luma
        if images.shape[-1] != 3:
            return images
        hue = math.pi * self._if("hue", images, _signed)[..., None]
        across = (ops.roll(images, 1, axis=3) - ops.roll(images, -1, axis=3)) / 3.0**0.5
        # A turn about the axis of grays, and a distance from it.
        gain = 2.0 ** self._if("saturation", images, keras.random.normal)[..., None]
        along = (gain * ops.cos(hue) - 1.0) * (images - luma)  # exactly 0 if nothing is drawn
        return images + along + gain * ops.sin(hue) * across

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "target": self.target,
            "images": self.images,
            "interval": self.interval,
            "p": self.start,
        }


def color(images):
    """Returns the images with random brightness, saturation and contrast."""
    shape = (ops.shape(images)[0], 1, 1, 1)
    images = images + _uniform("brightness", shape, -0.5, 0.5)
    gray = ops.mean(images, axis=3, keepdims=True)
    images = gray + (images - gray) * _uniform("saturation", shape, 0.0, 2.0)
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * _uniform("contrast", shape, 0.5, 1.5)


def translation(images):
    """Returns the images shifted by whole pixels, up to 1/8 of each side, padded with zeros."""
    size, height, width, _ = ops.shape(images)
    down, across = (
        keras.random.randint((size, 1, 1), -limit, limit + 1, seed=random.seed(f"augment_{name}"))
        for name, limit in (("down", height // 8), ("across", width // 8))
    )
    rows = ops.arange(height, dtype="int32")[None, :, None] - down
    columns = ops.arange(width, dtype="int32")[None, None, :] - across
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    shifted = taken(images, ops.clip(rows, 0, height - 1), ops.clip(columns, 0, width - 1))
    return shifted * ops.cast(inside, images.dtype)[..., None]


def cutout(images, share: float = 0.5):
    """Returns the images with a random rectangle of this share of the sides set to zero."""
    size, *sides, _ = ops.shape(images)
    inside = True
    for axis, side in enumerate(sides):
        name, hole = "row" if axis == 0 else "column", int(share * side + 0.5)
        first = (
            keras.random.randint(
                (size, 1, 1), 0, side + 1 - hole % 2, seed=random.seed(f"augment_cut_{name}")
            )
            - hole // 2
        )
        position = ops.expand_dims(ops.arange(side, dtype="int32"), (0, 2 - axis))
        inside = inside & (position >= first) & (position < first + hole)
    return images * ops.cast(~inside, images.dtype)[..., None]


def taken(images, rows, columns):
    """Returns the pixels (N, H, W, C) at integer rows and columns, which broadcast to (N, H, W)."""
    size, height, width, channels = ops.shape(images)
    first = ops.reshape(ops.arange(size, dtype="int32") * height, (-1, 1, 1))
    indices = (first + rows) * width + columns
    return ops.take(ops.reshape(images, (-1, channels)), indices, axis=0)


def resampled(images, rows, columns):
    """Returns the images interpolated at rows and columns, float32 (N, H, W), mirrored outside."""
    _, height, width, _ = ops.shape(images)
    rows, columns = _folded(rows, height - 1), _folded(columns, width - 1)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
    bottom, next_column = ops.minimum(top + 1, height - 1), ops.minimum(left + 1, width - 1)
    above = (1.0 - right) * taken(images, top, left) + right * taken(images, top, next_column)
    below = (1.0 - right) * taken(images, bottom, left) + right * taken(images, bottom, next_column)
    return (1.0 - down) * above + down * below


def _folded(position, last):
    """Returns positions reflected at 0 and `last` until they are between them."""
    position = ops.mod(position, 2.0 * last)
    return ops.minimum(position, 2.0 * last - position)


def _turned(x, y, angle):
    """Returns the coordinates of points that are turned about the center."""
    cos, sin = ops.cos(angle), ops.sin(angle)
    return cos * x - sin * y, sin * x + cos * y


def _signed(shape, dtype, seed):
    return keras.random.uniform(shape, -1.0, 1.0, dtype, seed)


def _uniform(name, shape, low, high):
    return keras.random.uniform(shape, low, high, seed=random.seed(f"augment_{name}"))


KINDS = {"color": color, "translation": translation, "cutout": cutout}


def _step(kind: str):
    """Returns the function of images for a kind such as "color" or "cutout=0.2"."""
    name, equals, share = kind.partition("=")
    if name not in KINDS or (equals and name != "cutout"):
        raise unknown("kind of DiffAugment", kind, [*KINDS, "cutout=0.2"])
    if not equals:
        return KINDS[name]
    try:
        if 0.0 < float(share) < 1.0:
            return functools.partial(cutout, share=float(share))
    except ValueError:
        pass
    raise InputError(
        f"expected cutout=SHARE with a share of the sides between 0 and 1, got {kind}."
    )


CLASSES = parts.table(InstanceNoise, DiffAugment, ADA)


def get(identifier) -> keras.layers.Layer | None:
    """Returns the layer for a name, a {class_name, config} dict or a Keras layer."""
    if isinstance(identifier, keras.layers.Layer):
        return identifier
    return parts.get("augmentation", identifier, CLASSES)
