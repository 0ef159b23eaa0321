"""The sides of a game, `"d"` and `"g"`: each is a network, a dict of networks, or missing."""

import keras
from keras.src.backend.common import stateless_scope

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


def holding(weights: list, values: list) -> keras.StatelessScope:
    """Returns a scope in which weights have other values; what is assigned in it is discarded.

    Inside another scope, as there is under JAX, other variables keep their values of that scope.
    """
    outer = stateless_scope.get_stateless_scope()
    scope = keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True)))
    if outer is not None:
        scope.state_mapping = outer.state_mapping | scope.state_mapping
    return scope


def clone(network: keras.Model) -> keras.Model:
    """Returns a copy of a network, with the same architecture and weights.

    The network is alive, of no file: its layers' classes need not be registered, and a function in
    a `Lambda` layer is used as it is.

    Raises:
        InputError: If the network cannot be recreated from its config.
    """
    layers = network._flatten_layers()
    # Keras finds its own classes, of which some have the same name: layers.Reshape, ops.reshape's.
    own = {layer.__class__ for layer in layers}
    classes = [cls for cls in own if cls.__module__.partition(".")[0] != "keras"]
    known = {keras.saving.get_registered_name(cls): cls for cls in classes}
    try:
        with keras.saving.custom_object_scope({cls.__name__: cls for cls in classes} | known):
            if any(isinstance(layer, keras.layers.Lambda) for layer in layers):
                copy = keras.models.clone_model(network, clone_function=_copied)
            else:
                copy = type(network).from_config(network.get_config())
            if not copy.built:
                copy.build_from_config(network.get_build_config())
            copy.set_weights(network.get_weights())
    except Exception as error:  # whatever the network's own code raises
        message, _, cause = str(error).strip().partition("Error encountered during ")
        reason = " ".join((cause or message.split("\n\n")[0]).split()).rstrip(".")
        raise InputError(
            f"network {network.name!r} cannot be copied for the moving average: "
            f"{type(error).__name__}, {reason}. A subclass of keras.Model or Layer must define "
            "get_config, and build unless it takes a single tensor; or compile with ema=0, which "
            "makes no copy."
        ) from error
    return copy


def _copied(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns a copy of a layer; a `Lambda` layer, which has no weights, is shared."""
    if isinstance(layer, keras.layers.Lambda):
        return layer
    return layer.__class__.from_config(layer.get_config())
