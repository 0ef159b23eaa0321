"""What people are used to from Keras, where a game with two optimizers needs more than that."""

import warnings

import keras
import numpy as np

from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError, unknown

COMPILE = ("jit_compile", "steps_per_execution", "run_eagerly", "auto_scale_loss")
_REMEDIES = {
    "optimizer": "a game has two: give g_optimizer and d_optimizer",
    "metrics": "a GAN has no targets: measure its samples with callbacks.Evaluate(images)",
    "weighted_metrics": "a GAN has no targets: measure its samples with callbacks.Evaluate(images)",
    "loss_weights": "its terms have weights of their own, such as penalties.R1(weight=10)",
}


def check_compile(kwargs: dict, own: dict) -> None:
    """Checks the keyword arguments of `compile` that no argument of the game took.

    Args:
        kwargs: The arguments.
        own: Those of the game, for the error message.

    Raises:
        InputError: If one is not an argument of Keras that has a meaning for a game.
    """
    for name in kwargs:
        if name in _REMEDIES:
            raise InputError(f"{name}: {_REMEDIES[name]}.")
        if name not in COMPILE:
            raise unknown("argument of compile", name, [*own, *COMPILE])


def check_endings(game) -> None:
    """Warns of networks that end in an activation that does not fit what a game makes of them.

    Discriminators return logits, of any size; generators return images in [-1, 1].
    """
    if game.compares:
        for network in networks_of(game.discriminator):
            if (end := ending(network)) in ("sigmoid", "softmax"):
                _warn(
                    f"discriminator {network.name!r} ends in {end}, but the losses expect logits, "
                    "of any size: drop the activation, or the gradients vanish."
                )
    end = ending(game.generator)
    if end in ("sigmoid", "relu", "softmax") and len(game.image_shape) == 3:
        _warn(
            f"generator {game.generator.name!r} ends in {end}, but images are in [-1, 1]: use "
            "tanh, or it cannot reach the darker half of the values."
        )


def ending(network) -> str | None:
    """Returns the name of the activation of a functional network's last layer, if it has one."""
    outputs = getattr(network, "outputs", None)
    layer = outputs[0]._keras_history.operation if outputs else None
    if isinstance(layer, keras.Model):
        return ending(layer)
    if isinstance(layer, (keras.layers.ReLU, keras.layers.Softmax)):
        return type(layer).__name__.lower()
    return getattr(getattr(layer, "activation", None), "__name__", None)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=4)


class Optimizers:
    """The optimizers of a game as Keras' callbacks expect several of them.

    `LearningRateScheduler` and `ReduceLROnPlateau` change each by itself.
    """

    def __init__(self, optimizers: list):
        self.optimizers = optimizers

    @property
    def variables(self) -> list:
        """The variables of all optimizers."""
        return [variable for each in self.optimizers for variable in each.variables]


class OneSide(keras.callbacks.Callback):
    """Applies a Keras callback to the optimizer of one side only.

    Args:
        side: `"g"` or `"d"`.
        callback: A callback that changes `model.optimizer`.

    Raises:
        InputError: If the side is neither.

    Example:
    ```python
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.9 * rate)
    gan.fit(images, callbacks=[ganzoo.callbacks.OneSide("d", schedule)])
    ```
    """

    def __init__(self, side: str, callback: keras.callbacks.Callback):
        super().__init__()
        if side not in ("g", "d"):
            raise unknown("side", side, ("g", "d"))
        self.side, self.callback = side, callback

    def set_model(self, model):
        """Shows the callback a model that has the one optimizer.

        Raises:
            InputError: If the game has no such side.
        """
        super().set_model(model)
        optimizer = getattr(model, f"{self.side}_optimizer")
        if optimizer is None:
            raise InputError(f"OneSide: {type(model).__name__} has no side {self.side!r}.")
        self.callback.set_model(_OfOneSide(model, optimizer))

    def set_params(self, params):
        """Passes it on."""
        super().set_params(params)
        self.callback.set_params(params)


class _OfOneSide:
    """A model, with another `optimizer`."""

    def __init__(self, model, optimizer):
        vars(self).update(_model=model, optimizer=optimizer)

    def __getattr__(self, name):
        return getattr(self._model, name)

    def __setattr__(self, name, value):
        setattr(self._model, name, value)


def _passed_on(hook: str):
    def call(self, *args, **kwargs):
        return getattr(self.callback, hook)(*args, **kwargs)

    call.__name__, call.__doc__ = hook, "Passes it on."
    return call


for _hook in [name for name in vars(keras.callbacks.Callback) if name.startswith("on_train")] + [
    "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end",
]:  # fmt: skip
    setattr(OneSide, _hook, _passed_on(_hook))


class TerminateOnNaN(keras.callbacks.Callback):
    """Ends the training when any loss term is NaN or infinite, as Keras' does for its `loss`.

    `fit` puts it in the place of `keras.callbacks.TerminateOnNaN`, since a game has no log `loss`.

    Args:
        raise_error: Raise an error instead of ending the training.
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch, logs=None):
        """Looks at the logs of a step.

        Raises:
            RuntimeError: With `raise_error`, if one is NaN or infinite.
        """
        bad = [name for name, value in (logs or {}).items() if not np.isfinite(value).all()]
        if not bad:
            return
        text = f"step {batch} of the epoch: {', '.join(bad)} became NaN or infinite"
        if self.raise_error:
            raise RuntimeError(f"{text}: lower the learning rates.")
        print(f"\nTraining ended at {text}.")
        self.model.stop_training = True


class Enough(keras.callbacks.Callback):
    """Warns if the data end before `steps` steps of an epoch."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_epoch_begin(self, epoch, logs=None):
        """Starts to count."""
        self.seen = 0

    def on_train_batch_end(self, batch, logs=None):
        """Counts."""
        self.seen = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        """Warns if there were fewer."""
        if self.seen < self.steps and not self.model.stop_training:
            warnings.warn(
                f"the data ended after {self.seen} of {self.steps} steps of epoch {epoch + 1}: "
                "repeat the dataset, dataset.repeat(), or drop steps_per_epoch.",
                stacklevel=2,
            )


def callbacks_of(callbacks, steps: int | None) -> list:
    """Returns a person's callbacks for a game, in a flat list.

    Args:
        callbacks: As in `fit`.
        steps: Steps that an epoch is to have, if they were given.
    """
    result = [
        TerminateOnNaN(callback.raise_error)
        if type(callback) is keras.callbacks.TerminateOnNaN
        else callback
        for callback in keras.tree.flatten(callbacks or [])
    ]
    return [*result, Enough(steps)] if steps else result
