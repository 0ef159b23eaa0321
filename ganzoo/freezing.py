"""Freezing: the first layers of the discriminator keep their weights.

On few images a pretrained discriminator is fine-tuned with its first layers frozen, those nearest
to the image: they hold what all images have in common, and only the later ones could overfit.

Reference: Mo et al., 2020, arXiv:2002.10964.
"""

from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError, check_whole


def get(layers) -> int | None:
    """Returns the number of layers; 0 or None for none.

    Raises:
        InputError: If it is no whole number, or negative.
    """
    if layers is not None:
        check_whole("freeze_d", layers, 0)
    return layers


def attach(side, count: int | None) -> None:
    """Freezes the first `count` layers with weights of each network of a side.

    Those that an earlier call froze are released.

    Raises:
        InputError: If a network has no more layers than that.
    """
    for network in networks_of(side):
        layers = [layer for layer in network._flatten_layers() if layer._trainable_variables]
        if count and count >= len(layers):
            raise InputError(
                f"expected freeze_d below {len(layers)}, the number of D's layers with weights, "
                f"got {count}."
            )
        for layer in layers:
            if layer.__dict__.pop("_frozen", False):
                layer.trainable = True
        for layer in layers[: count or 0]:
            layer.trainable, layer._frozen = False, True
