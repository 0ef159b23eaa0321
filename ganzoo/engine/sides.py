"""The sides of a game, `"d"` and `"g"`: each is a network, a dict of networks, or missing."""


def side_of(game, name: str):
    """Returns the side of that name."""
    return game.discriminator if name == "d" else game.generator


def mapped(function, side):
    """Returns what a function makes of a side's network, or of each of its dict of networks."""
    if isinstance(side, dict):
        return {name: function(network) for name, network in side.items()}
    return function(side)


def networks_of(side) -> list:
    """Returns the networks of a side: one, those of a dict, or none."""
    return [] if side is None else list(side.values()) if isinstance(side, dict) else [side]


def weights_of(side) -> list:
    """Returns the trainable weights of a side."""
    return [weight for network in networks_of(side) for weight in network.trainable_variables]
