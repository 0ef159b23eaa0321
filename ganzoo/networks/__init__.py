"""The networks of the variants: functions that return built `keras.Model`s for any image size."""

from ganzoo.networks import dcgan, mlp

__all__ = ["dcgan", "mlp"]
