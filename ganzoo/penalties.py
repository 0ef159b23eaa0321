"""Penalties: terms that either side descends besides the adversarial one.

A penalty is a layer only so that Keras tracks and saves whatever state it has.
"""

import abc
import math
import types

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.engine.batch import conditioned, size_of
from ganzoo.engine.sides import side_of, weights_of
from ganzoo.errors import InputError
from ganzoo.layers import MinibatchDiscrimination, WithoutReference
from ganzoo.networks.stylegan2 import halves


class Penalty(keras.layers.Layer, abc.ABC):
    """A weighted term on one side's turn, named in the logs as `<side>_<name>`.

    Args:
        weight: Factor of the term.
        interval: Lazy regularisation: the term is computed at every `interval`-th turn of its
            side, and then counts `interval` times (Karras et al., 2020, arXiv:1912.04958, B).
    """

    side = "d"
    several = False  # whether there may be several discriminators

    def __init__(self, weight: float = 10.0, interval: int = 1, **kwargs):
        kwargs.setdefault("name", parts.snake_case(type(self).__name__))
        super().__init__(**kwargs)
        if interval < 1:
            raise ValueError(f"expected interval >= 1, got {interval}")
        self.weight, self.interval = weight, interval
        self.built = True

    def attach(self, gan: keras.Model) -> None:
        """Checks that the penalty fits the networks, and sizes its state; called by `compile`."""

    @abc.abstractmethod
    def value(self, gan: keras.Model, batch: dict):
        """Returns the unweighted scalar."""

    def __call__(self, gan: keras.Model, batch: dict, turn):
        """Returns the weighted scalar for this turn, zero on turns that are left out."""

        def weighted():
            return ops.cast(self.interval * self.weight * self.value(gan, batch), "float32")

        if self.interval == 1:
            return weighted()
        return tf.cond(turn % self.interval == 0, weighted, lambda: 0.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"weight": self.weight, "interval": self.interval}


class SlopePenalty(Penalty):
    """A penalty on the gradient of each score, for which the images must not interact.

    Images that are packed for one score are one point, whose gradient is theirs together.
    (`MinibatchStddev` mixes the images as well; StyleGAN2 has it under R1, so it is let pass.)
    """

    def attach(self, gan: keras.Model) -> None:
        """Refuses layers under which one image's score depends on the others."""
        for layer in gan.discriminator._flatten_layers():
            if isinstance(layer, (keras.layers.BatchNormalization, MinibatchDiscrimination)):
                raise InputError(
                    f"{type(self).__name__} needs the gradient of each image's own score, which "
                    f"{type(layer).__name__} mixes (layer {layer.name!r} of the discriminator): "
                    "give d_normalization='none' or 'layer', no minibatch layer, or drop the "
                    "penalty."
                )


class GradientPenalty(SlopePenalty):
    """(|grad D(x)| - 1)^2 at points drawn between a real and a fake image, one weight per pair.

    Reference: Gulrajani et al., 2017, arXiv:1704.00028.
    """

    def value(self, gan, batch):
        """Returns the mean squared distance of the slope to one."""
        mix = uniform_per_image("mix", batch["real"])
        between = mix * batch["real"] + (1.0 - mix) * batch["fake"]
        return ops.mean(ops.square(slope(gan, between, batch) - 1.0))


class DRAGAN(SlopePenalty):
    """(|grad D(x)| - 1)^2 at points around the real images only.

    The noise is the authors' released one: half the batch's standard deviation times a uniform
    draw for each pixel, added in part, by a uniform weight for each image.

    Reference: Kodali et al., 2017, arXiv:1705.07215.
    """

    def value(self, gan, batch):
        """Returns the mean squared distance of the slope to one."""
        real = batch["real"]
        noise = keras.random.uniform(ops.shape(real), seed=random.seed("dragan"))
        near = real + uniform_per_image("mix", real) * 0.5 * ops.std(real) * noise
        return ops.mean(ops.square(slope(gan, near, batch) - 1.0))


class R1(SlopePenalty):
    """|grad D(x)|^2 / 2 at the real images; `weight` is the paper's gamma.

    Reference: Mescheder et al., 2018, arXiv:1801.04406, equation 9.
    """

    key = "real"

    def value(self, gan, batch):
        """Returns half the mean squared slope."""
        return ops.mean(squared_slope(gan, batch[self.key], batch)) / 2.0


class R2(R1):
    """|grad D(G(z))|^2 / 2 at the fake images; `weight` is the paper's gamma.

    Reference: Mescheder et al., 2018, arXiv:1801.04406, equation 10.
    """

    key = "fake"


class Orthogonal(Penalty):
    """|W^T W - diag|^2 of G's kernels: different filters are to be orthogonal, of any length.

    Reference: Brock et al., 2019, arXiv:1809.11096, equation 3.
    """

    side = "g"
    several = True

    def value(self, gan, batch):
        """Returns the sum over all weights of rank 2 and more."""
        total = 0.0
        for weight in weights_of(gan.generator):
            if len(weight.shape) > 1:
                matrix = ops.reshape(ops.cast(weight, "float32"), (-1, weight.shape[-1]))
                gram = ops.matmul(ops.transpose(matrix), matrix)
                total += ops.sum(ops.square(gram)) - ops.sum(ops.square(ops.diagonal(gram)))
        return total


class PathLength(Penalty):
    """(|J^T y| - a)^2, with J the Jacobian of an image by its style: steps in w are of one length.

    y is Gaussian noise of the image's shape, over the root of its pixels; a is the running mean of
    |J^T y|, itself the root of the mean over the synthesis' layers of the squared norm. So `weight`
    2 is the paper's ln 2 / (r^2 (ln r - ln 2)) for r pixels a side, as in the authors' code. Half
    of a batch's size is drawn anew for it, without style mixing.

    Args:
        weight: Factor of the term.
        interval: Turns of G from one computation to the next.
        decay: Share by which each of them moves the running mean.

    Reference: Karras et al., 2020, arXiv:1912.04958, section 3.2 and appendix B.
    """

    side = "g"

    def __init__(self, weight: float = 2.0, interval: int = 8, decay: float = 0.01, **kwargs):
        super().__init__(weight, interval, **kwargs)
        self.decay = decay
        self.mean = self.add_weight((), "zeros", name="mean", trainable=False, aggregation="mean")

    def attach(self, gan):
        """Refuses a generator that is not made of a mapping and a synthesis."""
        halves(gan.generator)

    def lengths(self, gan, batch):
        """Returns |J^T y| of freshly drawn styles, float32 (N / 2,)."""
        mapping, synthesis, layers = halves(gan.generator)
        size = ops.maximum(size_of(batch) // 2, 1)
        latents = keras.random.normal((size, gan.latent_dim), seed=random.seed("path_latent"))
        half = {name: value[:size] for name, value in batch.items()}
        styles = mapping(conditioned(mapping, latents, half), training=True)
        styles = ops.repeat(styles[:, None], layers, axis=1)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(styles)
            images = ops.cast(synthesis(styles, training=True), "float32")
            noise = keras.random.normal(ops.shape(images), seed=random.seed("path_noise"))
            pixels = math.prod(images.shape[1:-1])
            projected = ops.sum(images * noise) / math.sqrt(pixels)
        squares = ops.square(ops.cast(tape.gradient(projected, styles), "float32"))
        # The derivative of the root is infinite at zero.
        return ops.sqrt(ops.mean(ops.sum(squares, axis=2), axis=1) + 1e-12)

    def value(self, gan, batch):
        """Returns the mean squared distance of the lengths to their running mean, moved by them."""
        return self.moved(gan, batch)[0]

    def moved(self, gan, batch):
        """Returns the value, and the running mean after it."""
        lengths = self.lengths(gan, batch)
        mean = self.mean + self.decay * (ops.stop_gradient(ops.mean(lengths)) - self.mean)
        return ops.mean(ops.square(lengths - mean)), mean

    def __call__(self, gan, batch, turn):
        """Returns the weighted scalar for this turn, and keeps the running mean."""

        def computed():
            value, mean = self.moved(gan, batch)
            return ops.cast(self.interval * self.weight * value, "float32"), mean

        kept = ops.convert_to_tensor(self.mean.value)
        value, mean = tf.cond(turn % self.interval == 0, computed, lambda: (0.0, kept))
        self.mean.assign(mean)  # not inside, where replicas cannot meet
        return value

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"decay": self.decay}


class FeatureMatching(Penalty):
    """|E f(x) - E f(G(z))|^2, with f what D's last layer is given: G is to match it on average.

    It is a mean over the features, not a sum, so that `weight` does not depend on their number. In
    place of the adversarial term, as in the paper, it is what `gans.SGAN` learns by.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.1.
    """

    side = "g"

    def __init__(self, weight: float = 1.0, **kwargs):
        super().__init__(weight, **kwargs)
        self._untracked = types.SimpleNamespace()  # the reader's layers are D's

    def attach(self, gan):
        """Finds the features."""
        self._untracked.reader = feature_reader(gan.discriminator)

    def value(self, gan, batch):
        """Returns the mean squared distance of the mean features."""
        means = []
        for images in (batch["real"], batch["fake"]):
            reader = self._untracked.reader
            inputs = conditioned(reader, gan.augmented(images), batch)
            means.append(ops.mean(ops.cast(reader(inputs, training=True), "float32"), axis=0))
        return ops.mean(ops.square(ops.stop_gradient(means[0]) - means[1]))


class HistoricalAveraging(Penalty):
    """|w - mean of all w so far|^2 for a side's weights: what goes round in circles is drawn in.

    The mean is over the side's own turns, from the first on, and is moved at every one.

    Args:
        weight: Factor of the term, which is a sum over all weights.
        side: `"d"` or `"g"`.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.3.
    """

    several = True

    def __init__(self, weight: float = 0.01, side: str = "g", **kwargs):
        super().__init__(weight, **kwargs)
        if side not in ("d", "g"):
            raise ValueError(f"expected side 'd' or 'g', got {side!r}")
        self.side = side

    def attach(self, gan):
        """Makes room for the means, which begin at the weights."""
        if not hasattr(self, "means"):
            start = [ops.convert_to_numpy(weight) for weight in weights_of(side_of(gan, self.side))]
            self.means = [
                self.add_weight(
                    value.shape,
                    name=f"mean_{place}",
                    trainable=False,
                    autocast=False,
                    initializer=lambda *_, value=value, **__: ops.convert_to_tensor(value),
                    aggregation="mean",
                )  # fmt: skip
                for place, value in enumerate(start)
            ]

    def value(self, gan, batch):
        """Returns the sum of squared distances to the means, after these have moved."""
        return self._value(gan, 0.0)

    def _value(self, gan, turn):
        total = 0.0
        for weight, mean in zip(weights_of(side_of(gan, self.side)), self.means, strict=True):
            now = ops.cast(ops.convert_to_tensor(weight.value), "float32")
            moved = mean + (ops.stop_gradient(now) - mean) / (turn + 1.0)
            total += ops.sum(ops.square(now - moved))
            mean.assign(moved)
        return total

    def __call__(self, gan, batch, turn):
        """Returns the weighted scalar for this turn, and moves the means at every one."""
        value = self.weight * self.interval * self._value(gan, ops.cast(turn, "float32"))
        return value if self.interval == 1 else ops.where(turn % self.interval == 0, value, 0.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"side": self.side}


def feature_reader(discriminator) -> keras.Model:
    """Returns the network that gives what the discriminator's last kernel is given: (N, D).

    Raises:
        InputError: If the discriminator is not made of layers that are known.
    """
    if not getattr(discriminator, "outputs", None):
        name = getattr(discriminator, "name", discriminator)
        raise InputError(f"discriminator {name!r} is no functional keras.Model: its features hide.")
    tensor, cut = discriminator.outputs[0], []
    while True:
        layer, place, _ = tensor._keras_history
        tensor = layer._inbound_nodes[place].input_tensors[0]
        if hasattr(layer, "kernel") or isinstance(layer, keras.Model):
            break
        if isinstance(layer, WithoutReference):
            cut.append(layer)
    for layer in cut:
        tensor = layer(tensor)
    return keras.Model(discriminator.inputs, tensor, name="features")


def squared_slope(gan, images, batch):
    """Returns the squared norm of each score's gradient by its images, float32 (scores,)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        scores = ops.cast(gan.score(images, batch), "float32")
        # Summed, not averaged: an image's gradient must not depend on the size of the batch.
        score = ops.sum(scores)
    gradient = ops.cast(tape.gradient(score, images), "float32")
    axes = tuple(range(1, len(gradient.shape)))
    squares = ops.sum(ops.square(gradient), axis=axes)
    return ops.sum(ops.reshape(squares, (ops.shape(scores)[0], -1)), axis=1)


def slope(gan, images, batch):
    """Returns the norm of each score's gradient, shape (scores,)."""
    # The derivative of the root is infinite at zero, where a dead critic has its gradients.
    return ops.sqrt(squared_slope(gan, images, batch) + 1e-12)


def uniform_per_image(name: str, images):
    """Returns one draw from [0, 1) for each image, of a shape that broadcasts with `images`."""
    shape = (ops.shape(images)[0],) + (1,) * (len(images.shape) - 1)
    return keras.random.uniform(shape, seed=random.seed(name))


CLASSES = parts.table(
    GradientPenalty, DRAGAN, R1, R2, Orthogonal, PathLength, FeatureMatching, HistoricalAveraging
)


def get_all(identifiers) -> list[Penalty]:
    """Returns the penalties that a list of what `get` takes, or one such, stands for."""
    several = isinstance(identifiers, (list, tuple))
    return [get(identifier) for identifier in (identifiers if several else [identifiers])]


def get(identifier) -> Penalty:
    """Returns the penalty that a name, a {class_name, config} dict or a `Penalty` stands for."""
    return parts.get("penalty", identifier, CLASSES)
