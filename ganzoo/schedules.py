"""Learning rate schedules, counted in updates of the optimizer's side."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("ganzoo")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant for `begin` updates, then decays linearly to 0 at `end`.

    In a recipe:

        g_optimizer = {class_name = "Adam", config = {beta_1 = 0.5, learning_rate = {class_name =
            "LinearDecay", config = {rate = 2e-4, begin = 10000, end = 20000}}}}

    Args:
        rate: Initial learning rate.
        begin: Number of updates after which the decay begins.
        end: Number of updates after which the rate is 0.

    Example:
        rate = ganzoo.schedules.LinearDecay(2e-4, begin=10_000, end=20_000)
        optimizer = keras.optimizers.Adam(rate, beta_1=0.5)

    Reference: Zhu et al., 2017, arXiv:1703.10593, section 4.
    """

    def __init__(self, rate: float, begin: int, end: int):
        if rate <= 0.0 or not 0 <= begin < end:
            raise ValueError(
                f"expected rate > 0 and 0 <= begin < end, got {rate}, {begin} and {end}"
            )
        self.rate, self.begin, self.end = rate, begin, end

    def __call__(self, step):
        """Returns the learning rate of an update."""
        remaining = (self.end - ops.cast(step, "float32")) / (self.end - self.begin)
        return self.rate * ops.clip(remaining, 0.0, 1.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return {"rate": self.rate, "begin": self.begin, "end": self.end}


def get_optimizer(identifier) -> keras.Optimizer | None:
    """Returns the optimizer that a name, a config or an optimizer stands for.

    The learning rate in a config may be a whole number, which Keras refuses, or the config of a
    schedule: `LinearDecay`, or Keras' own.
    """
    config = identifier.get("config", {}) if isinstance(identifier, dict) else {}
    if type(config.get("learning_rate")) is int:
        identifier = identifier | {
            "config": config | {"learning_rate": float(config["learning_rate"])}
        }
    if isinstance(schedule := config.get("learning_rate"), dict):
        if schedule.get("class_name") == LinearDecay.__name__:
            schedule["registered_name"] = "ganzoo>LinearDecay"
        schedule.setdefault("module", "keras.optimizers.schedules")
    return keras.optimizers.get(identifier)
