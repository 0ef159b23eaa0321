"""The sides of a game, `"d"` and `"g"`: each is a network, a dict of networks, or missing."""

import keras

from ganzoo.errors import InputError


def side_of(game, name: str):
    """Returns the side of that name."""
    return game.discriminator if name == "d" else game.generator


def mapped(function, side):
    """Applies a function to the network of a side, or to each network of a dict."""
    if isinstance(side, dict):
        return {name: function(network) for name, network in side.items()}
    return function(side)


def networks_of(side) -> list:
    """Returns the networks of a side as a list."""
    return [] if side is None else list(side.values()) if isinstance(side, dict) else [side]


def weights_of(side) -> list:
    """Returns the trainable weights of a side."""
    return [weight for network in networks_of(side) for weight in network.trainable_variables]


def clone(network: keras.Model) -> keras.Model:
    """Returns a copy of a network, with the same architecture and weights.

    Raises:
        InputError: If the network cannot be recreated from its config.
    """
    try:
        copy = type(network).from_config(network.get_config())
        if not copy.built:
            copy.build_from_config(network.get_build_config())
        copy.set_weights(network.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise InputError(
            f"network {network.name!r} cannot be copied: a subclass of keras.Model must define "
            f"get_config, and build unless it takes a single tensor ({type(error).__name__})."
        ) from error
    return copy
