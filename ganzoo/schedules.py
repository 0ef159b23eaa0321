"""Learning rates that change with the turns of a side, for its optimizer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("ganzoo")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that stays for `begin` turns and then falls linearly, to 0 at turn `end`.

        g_optimizer = {class_name = "Adam", config = {beta_1 = 0.5, learning_rate = {class_name =
            "LinearDecay", config = {rate = 2e-4, begin = 10000, end = 20000}}}}

    Args:
        rate: At the start.
        begin: Turns of the side after which it falls.
        end: Turns after which it is 0.

    Reference: Zhu et al., 2017, arXiv:1703.10593, section 4.
    """

    def __init__(self, rate: float, begin: int, end: int):
        if rate <= 0.0 or not 0 <= begin < end:
            raise ValueError(
                f"expected rate > 0 and 0 <= begin < end, got {rate}, {begin} and {end}"
            )
        self.rate, self.begin, self.end = rate, begin, end

    def __call__(self, step):
        """Returns the rate of a turn."""
        left = (self.end - ops.cast(step, "float32")) / (self.end - self.begin)
        return self.rate * ops.clip(left, 0.0, 1.0)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return {"rate": self.rate, "begin": self.begin, "end": self.end}


def get_optimizer(identifier) -> keras.Optimizer | None:
    """Returns the optimizer that a name, a config or an optimizer stands for.

    The learning rate in a config may be the config of a schedule: `LinearDecay`, or Keras' own.
    """
    config = identifier.get("config", {}) if isinstance(identifier, dict) else {}
    if isinstance(schedule := config.get("learning_rate"), dict):
        if schedule.get("class_name") == LinearDecay.__name__:
            schedule["registered_name"] = "ganzoo>LinearDecay"
        schedule.setdefault("module", "keras.optimizers.schedules")
    return keras.optimizers.get(identifier)
