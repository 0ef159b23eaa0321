"""SRGAN: weights of Keras with the layers' default names."""

import re

from ganzoo.networks.published import srgan
from ganzoo.zoo.importing.families.family import Family, count, side
from ganzoo.zoo.importing.readers.keras_files import by_layer


def _prepared(arrays: dict) -> dict:
    return {re.sub(r"_v1(?=[_/])", "", name): a for name, a in by_layer(arrays).items()}


def _plan(arrays: dict) -> dict:
    return {
        "size": 64,
        "width": side(arrays, "conv2d/kernel", 3),
        "blocks": count(arrays, r"p_re_lu(_\d+)?/alpha") - 3,
        "channels": side(arrays, "conv2d/kernel", 2),
    }


GENERATOR = Family(
    name="srgan",
    title="the generator of SRGAN (Ledig et al., 2017, arXiv:1609.04802)",
    anchors=(r"conv2d/conv2d/kernel:0", r"p_re_lu/p_re_lu/alpha:0", r"conv2d_4/.*kernel:0"),
    plan=_plan,
    build=srgan.generator,
    kind="translator",
    rule=lambda layer, weight: (f"{layer}/{weight}", None),
    prepared=_prepared,
)
