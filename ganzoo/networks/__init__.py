"""The networks of the zoo: functions that return built `keras.Model`s for any image size."""

from ganzoo.networks import dcgan, mlp

__all__ = ["dcgan", "mlp"]
