"""Balance: skips updates of the discriminator while it is too far ahead."""

import keras
from keras import ops

from ganzoo.engine import distribute, parts
from ganzoo.errors import InputError


class Balance(keras.layers.Layer):
    """Skips D's turns while its accuracy, averaged over about ten turns, is above a bound.

    The accuracy is the fraction of the batch in which the real image gets a higher score than the
    fake at the same index, which is defined for any loss. It is off by default: the source of this
    trick also warns against it (Chintala et al., How to train a GAN, NIPS workshop 2016, items 11
    and 15), as a weaker D gives G a worse signal.

    Args:
        bound: Accuracy above which D is not updated, in [0.5, 1).
        decay: Decay of the moving average of the accuracy.

    Example:
        from ganzoo.balance import Balance

        gan = ganzoo.create("dcgan", width=8, balance=Balance(bound=0.9))
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
        """Checks that D separates real from fake images by its scores.

        Raises:
            InputError: If it does not.
        """
        if gan.discriminator is None or not gan.compares:
            raise InputError(
                f"{type(gan).__name__} has no discriminator that separates real from fake images "
                "by one score: drop `balance`."
            )

    def observe(self, real, fake) -> None:
        """Updates the accuracy by D's scores on real and fake images, both (N, ...)."""
        accuracy = ops.mean(ops.cast(real > fake, "float32"))
        self.accuracy.assign(self.decay * self.accuracy + (1.0 - self.decay) * accuracy)

    def waits(self):
        """Returns whether D has to wait."""
        return self.accuracy.value > self.bound

    def apply(self, optimizer, gradients, weights) -> None:
        """Applies the gradients, or leaves weights and optimizer unchanged if D has to wait."""
        variables = [*weights, *optimizer.variables]
        before = [ops.copy(variable.value) for variable in variables]
        waits = self.waits()
        distribute.apply(optimizer, gradients, weights)
        # There is no conditional around `apply`, since replicas cannot synchronize inside one.
        for variable, old in zip(variables, before, strict=True):
            variable.assign(ops.where(waits, old, variable.value))

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"bound": self.bound, "decay": self.decay}


CLASSES = parts.table(Balance)


def get(identifier) -> Balance | None:
    """Returns the balance for a bound, a {class_name, config} dict or a `Balance`."""
    if isinstance(identifier, float):
        return Balance(identifier)
    return parts.get("balance", identifier, CLASSES)
