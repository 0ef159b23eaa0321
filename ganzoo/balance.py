"""Balance: the discriminator sits out its turns while it is too far ahead."""

import keras
from keras import ops

from ganzoo.engine import distribute, parts
from ganzoo.errors import InputError


class Balance(keras.layers.Layer):
    """Skips D's turns while its accuracy, averaged over the last ten turns or so, is above a bound.

    Accuracy is the share of the batch in which the real image scores higher than the fake beside
    it, so that it has a meaning for any loss. Off by default: the advice that this trick comes from
    warns of it in the same breath (Chintala et al., How to train a GAN, NIPS workshop 2016, items
    11 and 15), as a D that is held back has less to teach.

    Args:
        bound: Accuracy above which D waits, in [0.5, 1).
        decay: Weight of the past in the average.
    """

    def __init__(self, bound: float = 0.8, decay: float = 0.9, **kwargs):
        super().__init__(**kwargs)
        if not (0.5 <= bound < 1.0 and 0.0 <= decay < 1.0):
            raise ValueError(
                f"expected bound in [0.5, 1) and decay in [0, 1), got {bound} and {decay}"
            )
        self.bound, self.decay = bound, decay
        half = keras.initializers.Constant(0.5)
        self.accuracy = self.add_weight(
            (), half, name="accuracy", trainable=False, aggregation="mean"
        )
        self.built = True

    def attach(self, gan: keras.Model) -> None:
        """Refuses games in which D compares no scores."""
        if gan.discriminator is None or not gan.compares:
            raise InputError(
                f"{type(gan).__name__}'s discriminator does not tell real from fake by one score: "
                "drop `balance`."
            )

    def observe(self, real, fake) -> None:
        """Takes note of D's scores, (N, ...) both."""
        right = ops.mean(ops.cast(real > fake, "float32"))
        self.accuracy.assign(self.decay * self.accuracy + (1.0 - self.decay) * right)

    def apply(self, optimizer, gradients, weights) -> None:
        """Applies the gradients, unless D waits: then its weights and its optimizer stay."""
        variables = [*weights, *optimizer.variables]
        before = [ops.copy(variable.value) for variable in variables]
        waits = self.accuracy.value > self.bound
        distribute.apply(optimizer, gradients, weights)
        # Not by a conditional around `apply`, in which replicas cannot meet.
        for variable, old in zip(variables, before, strict=True):
            variable.assign(ops.where(waits, old, variable.value))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"bound": self.bound, "decay": self.decay}


CLASSES = parts.table(Balance)


def get(identifier) -> Balance | None:
    """Returns the balance that a bound, a {class_name, config} dict or a `Balance` stands for."""
    if isinstance(identifier, float):
        return Balance(identifier)
    return parts.get("balance", identifier, CLASSES)
