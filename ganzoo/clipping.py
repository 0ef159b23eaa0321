"""Weight clipping: keeps every weight of the discriminator small, and so the critic Lipschitz.

Reference: Arjovsky et al., 2017, arXiv:1701.07875, algorithm 1.
"""

import keras

from ganzoo.engine.sides import weights_of
from ganzoo.errors import InputError


@keras.saving.register_keras_serializable("ganzoo")
class Clip(keras.constraints.Constraint):
    """Keeps every entry of a weight within [-bound, bound]."""

    def __init__(self, bound: float = 0.01):
        self.bound = bound

    def __call__(self, weight):
        """Returns the clipped weight."""
        return keras.ops.clip(weight, -self.bound, self.bound)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return {"bound": self.bound}


def get(bound) -> float | None:
    """Returns the bound; 0 or None for none.

    Raises:
        InputError: If it is no number, or negative.
    """
    number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
    if bound is not None and not (number and bound >= 0):
        raise InputError(f"expected clip > 0, or 0 for none, got {bound!r}.")
    return bound


def attach(gan) -> None:
    """Clips all weights of a game's discriminator, now and after each update, or no longer."""
    for weight in weights_of(gan.discriminator):
        if gan.clip:
            weight.constraint = Clip(gan.clip)
            weight.assign(weight.constraint(weight))
        elif isinstance(weight.constraint, Clip):
            weight.constraint = None
