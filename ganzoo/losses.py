"""The adversarial losses: the loss of each side, given the discriminator's scores.

A loss defines its targets, so label smoothing and noisy labels are arguments of the loss. Scores
are logits (no network has a sigmoid) of any shape (N, ...), and losses are averaged over them.
"""

import abc
import math

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.errors import unknown


class Loss(abc.ABC):
    """Base class of the adversarial losses of D and G.

    A subclass implements `on_real` and `on_fake`, the losses of D. By default, G minimizes
    `on_real` on its fakes.

    Args:
        flip: Probability with which D gets the wrong label, independently for each image
            (Chintala et al., How to train a GAN, NIPS workshop 2016, item 6).

    Example:
        loss = ganzoo.losses.NonSaturating(real_label=0.9, flip=0.05)
        gan = ganzoo.create("dcgan", width=8, loss=loss)
    """

    def __init__(self, flip: float = 0.0):
        if not 0.0 <= flip < 0.5:
            raise ValueError(f"expected flip in [0, 0.5), got {flip}")
        self.flip = flip

    relative = False  # whether G's loss also needs the scores of real images

    @abc.abstractmethod
    def on_real(self, score):
        """Returns D's loss, shaped like `score`, on images whose label is real."""

    @abc.abstractmethod
    def on_fake(self, score):
        """Returns D's loss, shaped like `score`, on images whose label is fake."""

    def discriminator(self, real, fake):
        """Returns D's scalar loss, given its scores of real and fake images."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        on_real, on_fake = self.on_real(real), self.on_fake(fake)
        if self.flip:
            on_real = ops.where(self._flipped(real), self.on_fake(real), on_real)
            on_fake = ops.where(self._flipped(fake), self.on_real(fake), on_fake)
        return ops.mean(on_real) + ops.mean(on_fake)

    def generator(self, fake):
        """Returns G's scalar loss, given D's scores of its fakes."""
        return ops.mean(self.on_real(ops.cast(fake, "float32")))

    def get_config(self) -> dict:
        """Returns the constructor arguments, as in the config that `losses.get` accepts."""
        return {"flip": self.flip}

    @classmethod
    def from_config(cls, config: dict):
        """Returns the loss for a config of `get_config`."""
        return cls(**config)

    def _flipped(self, score):
        shape = (ops.shape(score)[0],) + (1,) * (len(score.shape) - 1)
        return keras.random.uniform(shape, seed=random.seed("flip")) < self.flip


class NonSaturating(Loss):
    """-log D(x) - log(1 - D(G(z))) for D, -log D(G(z)) for G.

    Args:
        real_label: D's target for real images: 1, or 0.9 for one-sided label smoothing (Salimans et
            al., 2016, arXiv:1606.03498), or a range (low, high) to sample from for each image.
        fake_label: D's target for fake images: 0, or a range (low, high).
        flip: See `Loss`.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, section 3.
    """

    def __init__(self, real_label=1.0, fake_label=0.0, flip: float = 0.0):
        super().__init__(flip)
        self.real_label, self.fake_label = real_label, fake_label

    def on_real(self, score):
        """Returns the cross-entropy with `real_label`."""
        return _cross_entropy(score, target(self.real_label, score))

    def on_fake(self, score):
        """Returns the cross-entropy with `fake_label`."""
        return _cross_entropy(score, target(self.fake_label, score))

    def generator(self, fake):
        """Returns the mean of -log D(G(z)), without label smoothing, which is for D only."""
        return ops.mean(ops.softplus(-ops.cast(fake, "float32")))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        labels = {"real_label": self.real_label, "fake_label": self.fake_label}
        return super().get_config() | labels


class Minimax(NonSaturating):
    """`NonSaturating` for D, log(1 - D(G(z))) for G, whose gradient vanishes if D is confident.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """

    def generator(self, fake):
        """Returns the mean of log(1 - D(G(z)))."""
        return -ops.mean(ops.softplus(ops.cast(fake, "float32")))


class LeastSquares(Loss):
    """(D(x) - b)^2 / 2 + (D(G(z)) - a)^2 / 2 for D, (D(G(z)) - c)^2 / 2 for G.

    Args:
        a: D's target for fake images, or a range (low, high) to sample from for each image.
        b: D's target for real images, or a range.
        c: G's target for fake images. With the default (-1, 1, 0), G minimizes the Pearson
            chi-squared divergence (equation 8); (0, 1, 1) is the paper's other choice (equation 9).
        flip: See `Loss`.

    Reference: Mao et al., 2017, arXiv:1611.04076.
    """

    def __init__(self, a=-1.0, b=1.0, c: float = 0.0, flip: float = 0.0):
        super().__init__(flip)
        self.a, self.b, self.c = a, b, c

    def on_real(self, score):
        """Returns half the squared difference from b."""
        return ops.square(score - target(self.b, score)) / 2

    def on_fake(self, score):
        """Returns half the squared difference from a."""
        return ops.square(score - target(self.a, score)) / 2

    def generator(self, fake):
        """Returns half the mean squared difference from c."""
        return ops.mean(ops.square(ops.cast(fake, "float32") - self.c)) / 2

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"a": self.a, "b": self.b, "c": self.c}


class Wasserstein(Loss):
    """D(G(z)) - D(x) for the critic, -D(G(z)) for G.

    The critic must be Lipschitz, by clipped weights, a gradient penalty or spectral normalization.

    Reference: Arjovsky et al., 2017, arXiv:1701.07875.
    """

    def on_real(self, score):
        """Returns -D(x)."""
        return -score

    def on_fake(self, score):
        """Returns D(G(z))."""
        return score


class Hinge(Loss):
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))) for D, -D(G(z)) for G.

    Args:
        margin: The score up to which D is pushed: 1, or a range (low, high) to sample from for each
            image, which is a kind of label smoothing (Liu et al., 2021, arXiv:2101.04775).
        flip: See `Loss`.

    Reference: Lim & Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957.
    """

    def __init__(self, margin=1.0, flip: float = 0.0):
        super().__init__(flip)
        self.margin = margin

    def on_real(self, score):
        """Returns max(0, margin - score)."""
        return ops.relu(target(self.margin, score) - score)

    def on_fake(self, score):
        """Returns max(0, margin + score)."""
        return ops.relu(target(self.margin, score) + score)

    def get_config(self) -> dict:
        """Returns the constructor arguments, without a margin of 1, as recipes of before."""
        return super().get_config() | ({"margin": self.margin} if self.margin != 1.0 else {})

    def generator(self, fake):
        """Returns the mean of -D(G(z))."""
        return -ops.mean(ops.cast(fake, "float32"))


class Relativistic(Loss):
    """-log s(D(x) - D(G(z))) for D, -log s(D(G(z)) - D(x)) for G, with the sigmoid s.

    D predicts which image of a pair is the real one.

    Args:
        average: Whether to compare each score with the mean score of the other kind, rather than
            with the score of one image; the losses of both kinds are then summed (RaSGAN).
        flip: See `Loss`. Both labels of a pair are flipped together.

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734.
    """

    relative = True

    def __init__(self, average: bool = False, flip: float = 0.0):
        super().__init__(flip)
        self.average = average

    def on_real(self, score):
        """Returns the loss of a difference of scores, which should be positive."""
        return ops.softplus(-score)

    def on_fake(self, score):
        """Returns the loss of a difference of scores, which should be negative."""
        return ops.softplus(score)

    def discriminator(self, real, fake):
        """Returns D's scalar loss, given its scores of real and fake images."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        if self.average:
            return super().discriminator(real - ops.mean(fake), fake - ops.mean(real))
        losses = self.on_real(real - fake)
        if self.flip:
            losses = ops.where(self._flipped(real), self.on_fake(real - fake), losses)
        return ops.mean(losses)

    def generator(self, fake, real):
        """Returns D's loss with real and fake exchanged; labels are never flipped for G."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        if self.average:
            fake_margin, real_margin = fake - ops.mean(real), real - ops.mean(fake)
            return ops.mean(self.on_real(fake_margin)) + ops.mean(self.on_fake(real_margin))
        return ops.mean(self.on_real(fake - real))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"average": self.average}


class FDivergence(Loss):
    """E[T(x)] - E[f*(T(G(z)))], a lower bound of an f-divergence, which D maximizes.

    T = g(score), where the output activation g maps to the domain of the convex conjugate f*.

    Args:
        divergence: `"kl"` for KL(data || samples), `"reverse_kl"`, `"js"` (Jensen-Shannon),
            `"pearson"`, `"hellinger"` (squared) or `"total_variation"`.
        saturating: Whether G minimizes the divergence itself, -E[f*(T(G(z)))]. By default it
            minimizes -E[T(G(z))], which the paper recommends for its stronger gradients.
        flip: See `Loss`.

    Reference: Nowozin et al., 2016, arXiv:1606.00709, tables 2 and 6, section 3.2. Departure:
    exponents are clipped at 15, so that a single sample cannot overflow.
    """

    def __init__(self, divergence: str = "kl", saturating: bool = False, flip: float = 0.0):
        super().__init__(flip)
        if divergence not in DIVERGENCES:
            raise unknown("divergence", divergence, DIVERGENCES)
        self.divergence, self.saturating = divergence, saturating

    def on_real(self, score):
        """Returns -T."""
        return -DIVERGENCES[self.divergence][0](score)

    def on_fake(self, score):
        """Returns f*(T)."""
        return DIVERGENCES[self.divergence][1](score)

    def generator(self, fake):
        """Returns -f*(T) if saturating, else -T."""
        fake = ops.cast(fake, "float32")
        return ops.mean(-self.on_fake(fake) if self.saturating else self.on_real(fake))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "divergence": self.divergence,
            "saturating": self.saturating,
        }


def _exp(x):
    return ops.exp(ops.minimum(x, 15.0))


DIVERGENCES = {  # name -> (g(v), f*(g(v))), functions of the score v
    "kl": (lambda v: v, lambda v: _exp(v - 1.0)),
    "reverse_kl": (lambda v: -_exp(-v), lambda v: v - 1.0),
    "js": (lambda v: math.log(2) - ops.softplus(-v), lambda v: ops.softplus(v) - math.log(2)),
    "pearson": (lambda v: v, lambda v: ops.square(v) / 4 + v),
    "hellinger": (lambda v: 1.0 - _exp(-v), lambda v: _exp(v) - 1.0),
    "total_variation": (lambda v: ops.tanh(v) / 2, lambda v: ops.tanh(v) / 2),
}


def target(label, score):
    """Returns the label if it is a number, or a sample for each image from a range (low, high)."""
    if isinstance(label, (int, float)):
        return label
    low, high = label
    shape = (ops.shape(score)[0],) + (1,) * (len(score.shape) - 1)
    return keras.random.uniform(shape, low, high, seed=random.seed("label"))


def _cross_entropy(logit, target):
    return target * ops.softplus(-logit) + (1.0 - target) * ops.softplus(logit)


CLASSES = parts.table(
    NonSaturating, Minimax, LeastSquares, Wasserstein, Hinge, Relativistic, FDivergence
)


def get(identifier) -> Loss:
    """Returns the loss for a name, a {class_name, config} dict or a `Loss`."""
    return parts.get("loss", identifier, CLASSES, Loss)
