"""The adversarial losses: what each side makes of the discriminator's scores.

A loss owns its targets, so label smoothing and noisy labels are arguments of the loss. Scores are
logits (no sigmoid in any network), of any shape (N, ...), and are averaged.
"""

import abc
import math

import keras
from keras import ops

from ganzoo import random
from ganzoo.engine import parts
from ganzoo.errors import unknown


class Loss(abc.ABC):
    """What D descends on real and on fake scores, and what G descends on fake ones.

    Args:
        flip: Probability with which D is told the wrong label of an image, drawn for each one.
            Reference: Chintala et al., How to train a GAN, NIPS workshop 2016, item 6.
    """

    def __init__(self, flip: float = 0.0):
        if not 0.0 <= flip < 0.5:
            raise ValueError(f"expected flip in [0, 0.5), got {flip}")
        self.flip = flip

    relative = False  # whether G's loss needs the scores of the real images, too

    @abc.abstractmethod
    def on_real(self, score):
        """Returns D's loss, shaped like `score`, on images that are to be called real."""

    @abc.abstractmethod
    def on_fake(self, score):
        """Returns D's loss, shaped like `score`, on images that are to be called fake."""

    def discriminator(self, real, fake):
        """Returns D's scalar loss, given its scores of real and of fake images."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        on_real, on_fake = self.on_real(real), self.on_fake(fake)
        if self.flip:
            on_real = ops.where(self._flipped(real), self.on_fake(real), on_real)
            on_fake = ops.where(self._flipped(fake), self.on_real(fake), on_fake)
        return ops.mean(on_real) + ops.mean(on_fake)

    def generator(self, fake):
        """Returns G's scalar loss, given D's scores of its images: that they be called real."""
        return ops.mean(self.on_real(ops.cast(fake, "float32")))

    def get_config(self) -> dict:
        """Returns the arguments, as `losses.get` takes them."""
        return {"flip": self.flip}

    @classmethod
    def from_config(cls, config: dict):
        """Returns the loss made of `get_config`'s answer."""
        return cls(**config)

    def _flipped(self, score):
        shape = (ops.shape(score)[0],) + (1,) * (len(score.shape) - 1)
        return keras.random.uniform(shape, seed=random.seed("flip")) < self.flip


class NonSaturating(Loss):
    """-log D(x) - log(1 - D(G(z))) for D, -log D(G(z)) for G.

    Args:
        real_label: D's target on real images: 1, 0.9 for one-sided smoothing (Salimans et al.,
            2016, arXiv:1606.03498), or a range (low, high) to draw it from for each image.
        fake_label: The same on fake images: 0, or a range.
        flip: See `Loss`.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, section 3.
    """

    def __init__(self, real_label=1.0, fake_label=0.0, flip: float = 0.0):
        super().__init__(flip)
        self.real_label, self.fake_label = real_label, fake_label

    def on_real(self, score):
        """Cross-entropy to `real_label`."""
        return _cross_entropy(score, target(self.real_label, score))

    def on_fake(self, score):
        """Cross-entropy to `fake_label`."""
        return _cross_entropy(score, target(self.fake_label, score))

    def generator(self, fake):
        """-log D(G(z)): smoothing is D's alone."""
        return ops.mean(ops.softplus(-ops.cast(fake, "float32")))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        labels = {"real_label": self.real_label, "fake_label": self.fake_label}
        return super().get_config() | labels


class Minimax(NonSaturating):
    """As `NonSaturating` for D; G descends log(1 - D(G(z))), whose gradient vanishes as D wins.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """

    def generator(self, fake):
        """Returns log(1 - D(G(z)))."""
        return -ops.mean(ops.softplus(ops.cast(fake, "float32")))


class LeastSquares(Loss):
    """(D(x) - b)^2 / 2 + (D(G(z)) - a)^2 / 2 for D, (D(G(z)) - c)^2 / 2 for G.

    Args:
        a: Target on fake images, or a range (low, high).
        b: Target on real images, or a range.
        c: What G wants D to say of its images. The default (-1, 1, 0) makes G descend the Pearson
            chi-squared divergence (equation 8); (0, 1, 1) is the other published choice (9).
        flip: See `Loss`.

    Reference: Mao et al., 2017, arXiv:1611.04076.
    """

    def __init__(self, a=-1.0, b=1.0, c: float = 0.0, flip: float = 0.0):
        super().__init__(flip)
        self.a, self.b, self.c = a, b, c

    def on_real(self, score):
        """Half the squared distance to b."""
        return ops.square(score - target(self.b, score)) / 2

    def on_fake(self, score):
        """Half the squared distance to a."""
        return ops.square(score - target(self.a, score)) / 2

    def generator(self, fake):
        """Half the mean squared distance to c."""
        return ops.mean(ops.square(ops.cast(fake, "float32") - self.c)) / 2

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"a": self.a, "b": self.b, "c": self.c}


class Wasserstein(Loss):
    """D(G(z)) - D(x) for the critic, -D(G(z)) for G; the critic must be kept Lipschitz elsewhere.

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

    Reference: Lim & Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957.
    """

    def on_real(self, score):
        """Returns max(0, 1 - score)."""
        return ops.relu(1.0 - score)

    def on_fake(self, score):
        """Returns max(0, 1 + score)."""
        return ops.relu(1.0 + score)

    def generator(self, fake):
        """Returns -D(G(z))."""
        return -ops.mean(ops.cast(fake, "float32"))


class Relativistic(Loss):
    """-log s(D(x) - D(G(z))) for D, -log s(D(G(z)) - D(x)) for G: which of a pair is the real one?

    Args:
        average: Compare each score with the mean score of the other kind, in place of that of one
            image; both directions are then summed (RaSGAN).
        flip: See `Loss`. Of a pair, both labels are wrong at once.

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734.
    """

    relative = True

    def __init__(self, average: bool = False, flip: float = 0.0):
        super().__init__(flip)
        self.average = average

    def on_real(self, score):
        """Returns the loss of a margin over what it is compared with."""
        return ops.softplus(-score)

    def on_fake(self, score):
        """Returns the loss of the opposite margin."""
        return ops.softplus(score)

    def discriminator(self, real, fake):
        """Returns D's scalar loss, given its scores of real and of fake images."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        if self.average:
            return super().discriminator(real - ops.mean(fake), fake - ops.mean(real))
        losses = self.on_real(real - fake)
        if self.flip:
            losses = ops.where(self._flipped(real), self.on_fake(real - fake), losses)
        return ops.mean(losses)

    def generator(self, fake, real):
        """Returns D's loss with the two kinds exchanged; labels are never flipped for G."""
        real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
        if self.average:
            to_real, to_fake = fake - ops.mean(real), real - ops.mean(fake)
            return ops.mean(self.on_real(to_real)) + ops.mean(self.on_fake(to_fake))
        return ops.mean(self.on_real(fake - real))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"average": self.average}


class FDivergence(Loss):
    """E[T(x)] - E[f*(T(G(z)))], which D raises to the f-divergence of data and samples.

    T = g(score), with the output activation g that maps to the domain of the conjugate f*.

    Args:
        divergence: "kl" is KL(data || samples), "reverse_kl", "js" (Jensen-Shannon), "pearson",
            "hellinger" (squared) or "total_variation".
        saturating: Whether G descends the divergence itself, -E[f*(T(G(z)))], or else the
            alternative that the paper recommends for its gradients, -E[T(G(z))].
        flip: See `Loss`.

    Reference: Nowozin et al., 2016, arXiv:1606.00709, tables 2 and 6, section 3.2. Scores whose
    exponential is taken are cut at 15, departing from the paper, lest one sample overflow.
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


DIVERGENCES = {  # name -> g(v), and f*(g(v)) simplified, of the score v
    "kl": (lambda v: v, lambda v: _exp(v - 1.0)),
    "reverse_kl": (lambda v: -_exp(-v), lambda v: v - 1.0),
    "js": (lambda v: math.log(2) - ops.softplus(-v), lambda v: ops.softplus(v) - math.log(2)),
    "pearson": (lambda v: v, lambda v: ops.square(v) / 4 + v),
    "hellinger": (lambda v: 1.0 - _exp(-v), lambda v: _exp(v) - 1.0),
    "total_variation": (lambda v: ops.tanh(v) / 2, lambda v: ops.tanh(v) / 2),
}


def target(label, score):
    """Returns the label, a number, or one drawn for each image from the range (low, high)."""
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
    """Returns the loss that a name, a {class_name, config} dict or a `Loss` stands for."""
    return parts.get("loss", identifier, CLASSES)
