"""BigGAN-deep: the PyTorch port of the weights that the authors put on TF-Hub."""

import re

import numpy as np

from ganzoo.networks.published import biggan
from ganzoo.zoo.importing import convert
from ganzoo.zoo.importing.families.biggan import scaled
from ganzoo.zoo.importing.families.family import Family, side
from ganzoo.zoo.importing.readers import Array

COLORS = 3  # channels of the last layer that are used


def _prepared(arrays: dict) -> dict:
    """Returns kernels divided by their spectral norm, and those that are used of the last layer."""
    found = {}
    for name, array in arrays.items():
        if name.endswith("_orig"):
            start = name.removesuffix("_orig")
            parts = [arrays.get(start + end) for end in ("_orig", "_u", "_v")]
            if None not in parts:
                name, array = start, _divided(*parts)
        if name.endswith(("weight_u", "weight_v")):
            continue
        found[name] = array
    for part in ("weight", "bias"):
        if array := found.get(f"generator.conv_to_rgb.{part}"):
            found[f"generator.conv_to_rgb.{part}"] = _first(array)
    for name in list(found):
        if name.endswith(".gamma"):
            last = f"{name.removesuffix('gamma')}snconv1x1_o_conv.weight"
            found[last] = scaled(found[last], found.pop(name))
    return found


def _divided(kernel: Array, u: Array, v: Array) -> Array:
    def read() -> np.ndarray:
        matrix = kernel.numpy().astype("float64")
        flat = matrix.reshape(len(matrix), -1)
        return matrix / (u.numpy().astype("float64") @ flat @ v.numpy())

    return Array(kernel.shape, kernel.dtype, read)


def _first(array: Array) -> Array:
    return Array((COLORS, *array.shape[1:]), array.dtype, lambda: array.numpy()[:COLORS])


def _rule(layer: str, weight: str):
    if layer == "generator.gen_z":  # its outputs are (H, W, C) in these weights, too
        return convert.torch_rule(layer, weight)
    if layer == "embeddings":
        return "embeddings.weight", np.transpose
    return convert.torch_rule(layer, weight)


def _plan(arrays: dict) -> dict:
    pattern = re.compile(r"generator\.layers\.(\d+)\.conv_0\.weight")
    places = sorted(int(match[1]) for name in arrays if (match := pattern.fullmatch(name)))
    found = [
        (
            side(arrays, f"generator.layers.{place}.conv_0.weight", 1),
            side(arrays, f"generator.layers.{place}.conv_3.weight", 0),
        )
        for place in places
    ]
    # Blocks come in pairs, of which the second one doubles the size.
    blocks = [(index % 2, before, after) for index, (before, after) in enumerate(found)]
    return {
        "blocks": blocks,
        "attention": next((i for i, place in enumerate(places) if place > i), -1),
        "num_classes": side(arrays, "embeddings.weight", 1),
        "class_dim": side(arrays, "embeddings.weight", 0),
        "latent_dim": side(arrays, "generator.gen_z.weight", 1)
        - side(arrays, "embeddings.weight", 0),
        "steps": side(arrays, "generator.bn.running_means", 0),
        "channels": COLORS,
    }


GENERATOR = Family(
    name="biggan_deep",
    title="BigGAN-deep (Brock et al., 2019, arXiv:1809.11096)",
    anchors=(r"embeddings\.weight", r"generator\.gen_z\.weight_orig", r"generator\.layers\.0\..*"),
    plan=_plan,
    build=biggan.deep,
    kind="truncated",
    rule=_rule,
    prepared=_prepared,
    normal=False,
)
