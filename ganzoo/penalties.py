"""Penalties: loss terms that are added to the adversarial loss of either side.

A penalty is a Keras layer so that its state, if it has any, is tracked and saved.
"""

import abc
import math
import types

import keras
import tensorflow as tf
from keras import ops

from ganzoo import random
from ganzoo.engine import gradients, parts
from ganzoo.engine.batch import conditioned, size_of
from ganzoo.engine.sides import side_of, weights_of
from ganzoo.errors import InputError
from ganzoo.layers import MinibatchDiscrimination, WithoutReference
from ganzoo.networks.stylegan2 import halves


class Penalty(keras.layers.Layer, abc.ABC):
    """Base class of the penalties: a weighted term of one side's loss, logged as `<side>_<name>`.

    A subclass implements `value`, and sets `side` to `"g"` if it is a term of the generator's loss.

    Args:
        weight: Weight of the term.
        interval: Lazy regularization: the term is computed at every `interval`-th turn of its side,
            with `interval` times the weight (Karras et al., 2020, arXiv:1912.04958, appendix B).

    Example:
        r1 = ganzoo.penalties.R1(weight=10.0, interval=16)
        gan = ganzoo.create("sngan", width=8, penalties=[r1, "feature_matching"])
    """

    side = "d"
    needs = ()  # networks that the term reads beside those of its side: `"d"`, `"g"`
    several = False  # whether the penalty supports several discriminators

    def __init__(self, weight: float = 10.0, interval: int = 1, **kwargs):
        kwargs.setdefault("name", parts.snake_case(type(self).__name__))
        super().__init__(**kwargs)
        if interval < 1:
            raise ValueError(f"expected interval >= 1, got {interval}")
        self.weight, self.interval = weight, interval
        self.built = True

    def attach(self, gan: keras.Model) -> None:
        """Checks that the penalty fits the networks, and builds its state; called by `compile`."""

    @abc.abstractmethod
    def value(self, gan: keras.Model, batch: dict):
        """Returns the unweighted scalar loss."""

    def __call__(self, gan: keras.Model, batch: dict, turn):
        """Returns the weighted scalar loss for this turn, zero on turns that `interval` skips."""

        def weighted():
            return ops.cast(self.interval * self.weight * self.value(gan, batch), "float32")

        if self.interval == 1:
            return weighted()
        return tf.cond(turn % self.interval == 0, weighted, lambda: 0.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"weight": self.weight, "interval": self.interval}


class SlopePenalty(Penalty):
    """Base class of penalties on the gradient of each score with respect to its image.

    The score of an image must not depend on other images, except with packing, where the gradient
    is with respect to all images of a pack. (`MinibatchStddev` mixes images, too, but is allowed,
    as StyleGAN2 combines it with R1.)
    """

    def attach(self, gan: keras.Model) -> None:
        """Checks that the score of an image does not depend on the others.

        Raises:
            InputError: If the discriminator has a layer that mixes images.
        """
        for layer in gan.discriminator._flatten_layers():
            if isinstance(layer, (keras.layers.BatchNormalization, MinibatchDiscrimination)):
                raise InputError(
                    f"{type(self).__name__} needs scores that depend on one image each, but "
                    f"{type(layer).__name__} mixes images (layer {layer.name!r} of the "
                    "discriminator): use d_normalization='none' or 'layer' and no minibatch "
                    "layer, or drop the penalty."
                )


class GradientPenalty(SlopePenalty):
    """(|grad D(x)| - 1)^2 at random points on the lines between real and fake images.

    Reference: Gulrajani et al., 2017, arXiv:1704.00028.
    """

    def value(self, gan, batch):
        """Returns the mean squared difference of the gradient norm from one."""
        mix = uniform_per_image("mix", batch["real"])

        def between(real, fake):
            share = ops.reshape(mix, (-1,) + (1,) * (len(real.shape) - 1))
            return share * real + (1.0 - share) * fake

        ends = (gan.judged(key, batch) for key in ("real", "fake"))
        points = keras.tree.map_structure(between, *ends)
        return ops.mean(ops.square(slope(gan, points, batch) - 1.0))


class DRAGAN(SlopePenalty):
    """(|grad D(x)| - 1)^2 at noisy real images.

    The noise is that of the authors' code: half the batch's standard deviation times uniform noise
    for each pixel, times a uniform random weight for each image.

    Reference: Kodali et al., 2017, arXiv:1705.07215.
    """

    def value(self, gan, batch):
        """Returns the mean squared difference of the gradient norm from one."""

        def noisy(real):
            noise = keras.random.uniform(ops.shape(real), seed=random.seed("dragan"))
            return real + uniform_per_image("mix", real) * 0.5 * ops.std(real) * noise

        perturbed = keras.tree.map_structure(noisy, gan.judged("real", batch))
        return ops.mean(ops.square(slope(gan, perturbed, batch) - 1.0))


class R1(SlopePenalty):
    """|grad D(x)|^2 / 2 at the real images; `weight` is the paper's gamma.

    Reference: Mescheder et al., 2018, arXiv:1801.04406, equation 9.
    """

    key = "real"

    def value(self, gan, batch):
        """Returns half the mean squared gradient norm."""
        return ops.mean(squared_slope(gan, gan.judged(self.key, batch), batch)) / 2.0


class R2(R1):
    """|grad D(G(z))|^2 / 2 at the fake images; `weight` is the paper's gamma.

    Reference: Mescheder et al., 2018, arXiv:1801.04406, equation 10.
    """

    key = "fake"


class Orthogonal(Penalty):
    """|W^T W - diag(W^T W)|^2 of G's kernels: makes filters orthogonal without fixing their norm.

    Reference: Brock et al., 2019, arXiv:1809.11096, equation 3.
    """

    side = "g"
    several = True

    def value(self, gan, batch):
        """Returns the sum over all weights of rank 2 or more."""
        total = 0.0
        for weight in weights_of(gan.generator):
            if len(weight.shape) > 1:
                matrix = ops.reshape(ops.cast(weight, "float32"), (-1, weight.shape[-1]))
                gram = ops.matmul(ops.transpose(matrix), matrix)
                total += ops.sum(ops.square(gram)) - ops.sum(ops.square(ops.diagonal(gram)))
        return total


class PathLength(Penalty):
    """(|J^T y| - a)^2, where J is the Jacobian of an image with respect to its style w.

    It makes steps of the same length in w change images by the same amount. y is Gaussian noise of
    the image's shape, divided by the square root of the number of pixels; |J^T y| is the root of
    the mean squared norm over the layers of the synthesis; and a is its running mean. With this
    scaling, a `weight` of 2 equals the paper's ln 2 / (r^2 (ln r - ln 2)) for r pixels a side, as
    in the authors' code. The term is computed on new samples, half as many as the batch has,
    without style mixing.

    Args:
        weight: Weight of the term.
        interval: The term is computed at every `interval`-th turn of G.
        decay: Weight of the current value in the running mean.

    Reference: Karras et al., 2020, arXiv:1912.04958, section 3.2 and appendix B.
    """

    side = "g"

    def __init__(self, weight: float = 2.0, interval: int = 8, decay: float = 0.01, **kwargs):
        super().__init__(weight, interval, **kwargs)
        self.decay = decay
        self.mean = self.add_weight((), "zeros", name="mean", trainable=False, aggregation="mean")

    def attach(self, gan):
        """Checks that the generator consists of a mapping and a synthesis network."""
        halves(gan.generator)

    def lengths(self, gan, batch):
        """Returns |J^T y| of new samples, float32 (N / 2,)."""
        mapping, synthesis, layers = halves(gan.generator)
        size = size_of(batch) // 2
        size = max(size, 1) if isinstance(size, int) else ops.maximum(size, 1)
        latents = keras.random.normal((size, gan.latent_dim), seed=random.seed("path_latent"))
        half = {name: value[:size] for name, value in batch.items()}
        styles = mapping(conditioned(mapping, latents, half), training=True)

        def projected(styles):
            images = ops.cast(synthesis(styles, training=True), "float32")
            noise = keras.random.normal(ops.shape(images), seed=random.seed("path_noise"))
            return ops.sum(images * noise) / math.sqrt(math.prod(images.shape[1:-1]))

        slopes = gradients.of(projected, ops.repeat(styles[:, None], layers, axis=1))
        squares = ops.square(ops.cast(slopes, "float32"))
        # The epsilon avoids the infinite derivative of the root at zero.
        return ops.sqrt(ops.mean(ops.sum(squares, axis=2), axis=1) + 1e-12)

    def value(self, gan, batch):
        """Returns the mean squared difference of the lengths from their updated running mean."""
        return self.moved(gan, batch)[0]

    def moved(self, gan, batch):
        """Returns the value and the updated running mean."""
        lengths = self.lengths(gan, batch)
        mean = self.mean + self.decay * (ops.stop_gradient(ops.mean(lengths)) - self.mean)
        return ops.mean(ops.square(lengths - mean)), mean

    def __call__(self, gan, batch, turn):
        """Returns the weighted scalar loss for this turn, and updates the running mean."""

        def computed():
            value, mean = self.moved(gan, batch)
            return ops.cast(self.interval * self.weight * value, "float32"), mean

        old = ops.convert_to_tensor(self.mean.value)
        value, mean = tf.cond(turn % self.interval == 0, computed, lambda: (0.0, old))
        self.mean.assign(mean)  # outside of the conditional, where replicas cannot synchronize
        return value

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"decay": self.decay}


class FeatureMatching(Penalty):
    """|E f(x) - E f(G(z))|^2: G matches the mean of the features f, the input of D's last layer.

    The term is a mean over the features, not a sum, so that `weight` does not depend on their
    number. In the paper it replaces the adversarial term; for that, see `gans.SGAN`.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.1.
    """

    side = "g"
    needs = ("d",)

    def __init__(self, weight: float = 1.0, **kwargs):
        super().__init__(weight, **kwargs)
        self._untracked = types.SimpleNamespace()  # the layers are tracked by D already

    def attach(self, gan):
        """Builds the network that returns the features."""
        self._untracked.reader = feature_reader(gan.discriminator)

    def value(self, gan, batch):
        """Returns the mean squared difference of the mean features."""
        means = []
        for key in ("real", "fake"):
            reader, inputs = self._untracked.reader, gan.seen(gan.judged(key, batch), batch)
            means.append(ops.mean(ops.cast(reader(inputs, training=True), "float32"), axis=0))
        return ops.mean(ops.square(ops.stop_gradient(means[0]) - means[1]))


class HistoricalAveraging(Penalty):
    """|w - mean of all past w|^2 for the weights of a side, which damps oscillations.

    The mean is over all turns of the side, and is updated at every turn.

    Args:
        weight: Weight of the term, which is a sum over all weights.
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
        """Creates the means, with the weights as initial values."""
        if not hasattr(self, "means"):
            values = [
                ops.convert_to_numpy(weight) for weight in weights_of(side_of(gan, self.side))
            ]
            self.means = [
                self.add_weight(
                    value.shape,
                    name=f"mean_{index}",
                    trainable=False,
                    autocast=False,
                    initializer=lambda *_, value=value, **__: ops.convert_to_tensor(value),
                    aggregation="mean",
                )  # fmt: skip
                for index, value in enumerate(values)
            ]

    def value(self, gan, batch):
        """Returns the sum of squared differences from the updated means."""
        return self._value(gan, 0.0)

    def _value(self, gan, turn):
        total = 0.0
        for weight, mean in zip(weights_of(side_of(gan, self.side)), self.means, strict=True):
            current = ops.cast(ops.convert_to_tensor(weight.value), "float32")
            new_mean = mean + (ops.stop_gradient(current) - mean) / (turn + 1.0)
            total += ops.sum(ops.square(current - new_mean))
            mean.assign(new_mean)
        return total

    def __call__(self, gan, batch, turn):
        """Returns the weighted scalar loss for this turn; the means are updated at every turn."""
        value = self.weight * self.interval * self._value(gan, ops.cast(turn, "float32"))
        return value if self.interval == 1 else ops.where(turn % self.interval == 0, value, 0.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"side": self.side}


def feature_reader(discriminator) -> keras.Model:
    """Returns the network from images to the input (N, D) of the discriminator's last layer.

    Raises:
        InputError: If the discriminator is not a functional model.
    """
    if not getattr(discriminator, "outputs", None):
        name = getattr(discriminator, "name", discriminator)
        raise InputError(
            f"discriminator {name!r} is not a functional keras.Model: its features are unknown."
        )
    tensor, reference_layers = discriminator.outputs[0], []
    while True:
        layer, node, _ = tensor._keras_history
        tensor = layer._inbound_nodes[node].input_tensors[0]
        if hasattr(layer, "kernel") or isinstance(layer, keras.Model):
            break
        if isinstance(layer, WithoutReference):
            reference_layers.append(layer)
    for layer in reference_layers:
        tensor = layer(tensor)
    return keras.Model(discriminator.inputs, tensor, name="features")


def squared_slope(gan, judged, batch):
    """Returns the squared gradient norm of each score with respect to what it judges, (scores,)."""

    def total(judged):
        scores = ops.cast(gan.score(judged, batch), "float32")
        # A sum, not a mean, so that an image's gradient does not depend on the batch size.
        return ops.sum(scores), ops.shape(scores)[0]

    squares, (slopes, count) = 0.0, gradients.of(total, judged, has_aux=True)
    for slope in keras.tree.flatten(slopes):
        slope = ops.cast(slope, "float32")
        squares += ops.sum(ops.reshape(ops.square(slope), (count, -1)), axis=1)
    return squares


def slope(gan, judged, batch):
    """Returns the gradient norm of each score, (scores,)."""
    # The epsilon avoids the infinite derivative of the root if the critic's gradient vanishes.
    return ops.sqrt(squared_slope(gan, judged, batch) + 1e-12)


def uniform_per_image(name: str, images):
    """Returns a uniform random number in [0, 1) for each image, to broadcast with `images`."""
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
    """Returns the penalty for a name, a {class_name, config} dict or a `Penalty`."""
    return parts.get("penalty", identifier, CLASSES, Penalty)
