"""GAN: the first one, two perceptrons and the non-saturating loss: the base as it stands."""

from ganzoo.gan import GAN

__all__ = ["GAN"]
