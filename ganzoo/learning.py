"""How each argument of `GAN.compile` is made of what a person or a recipe gives for it."""

import copy
import functools
import operator

import keras

from ganzoo import augment, balance, ema, losses, penalties, perceptual, replay, schedules
from ganzoo.errors import InputError


def listed(given) -> list:
    """Returns one penalty, or several, as a list."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def optimizer(given):
    """Returns the optimizer; of a learning rate that is a schedule Keras wants to know the home."""
    config = given.get("config", {}) if isinstance(given, dict) else {}
    if isinstance(schedule := config.get("learning_rate"), dict):
        if schedule.get("class_name") == schedules.LinearDecay.__name__:
            schedule["registered_name"] = "ganzoo>LinearDecay"
        schedule.setdefault("module", "keras.optimizers.schedules")
    return keras.optimizers.get(given)


MAKERS = {
    "g_optimizer": optimizer,
    "d_optimizer": optimizer,
    "loss": losses.get,
    "n_critic": operator.index,
    "penalties": lambda given: [penalties.get(item) for item in listed(given)],
    "augment": augment.get,
    "replay": replay.get,
    "balance": balance.get,
    "ema": ema.get,
    "d_ema": functools.partial(ema.get, side="d"),
    "perceptual": perceptual.get,
}


def made(name: str, given):
    """Returns an argument of `compile` made of what a person or a recipe gives for it.

    Raises:
        InputError: If nothing can be made of it.
    """
    try:
        # Keras writes into the config of an optimizer that it is given: it gets a copy.
        given = copy.deepcopy(given) if isinstance(given, dict) else given
        return MAKERS[name](given) if name in MAKERS else given
    except InputError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise InputError(f"{name}={given!r}: {' '.join(str(error).split())}") from error
