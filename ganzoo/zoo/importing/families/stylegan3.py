"""StyleGAN3: the official pickles, and state dicts with their names."""

import re

from ganzoo.networks.published import stylegan3
from ganzoo.zoo.importing import convert
from ganzoo.zoo.importing.families.family import Family, count, side
from ganzoo.zoo.importing.families.stylegan2 import clamp


def _rule(layer: str, weight: str):
    if weight == "w_avg":
        return "mapping.w_avg", None
    if layer == "synthesis.input" and weight == "kernel":
        return f"{layer}.weight", convert.transposed
    return convert.torch_rule(layer, weight)


def _plan(arrays: dict) -> dict:
    pattern = re.compile(r"synthesis\.L(\d+)_(\d+)_(\d+)\.weight")
    layers = sorted(
        (int(match[1]), int(match[2]), int(match[3]))
        for name in arrays if (match := pattern.fullmatch(name))
    )  # fmt: skip
    style_dim = side(arrays, "synthesis.input.affine.weight", 1)
    classes = side(arrays, "mapping.embed.weight", 1) if "mapping.embed.weight" in arrays else None
    first = "synthesis.L{}_{}_{}".format(*layers[0])
    return {
        "size": layers[-1][1],
        "widths": [filters for _, _, filters in layers[:-1]],
        "channels": layers[-1][2],
        "latent_dim": side(arrays, "mapping.fc0.weight", 1) - (style_dim if classes else 0),
        "style_dim": style_dim,
        "depth": count(arrays, r"mapping\.fc\d+\.weight"),
        "num_classes": classes,
        "kernel_size": side(arrays, f"{first}.weight", 2),
        "radial": len(arrays[f"{first}.down_filter"].shape) == 2,
        "clamp": clamp(arrays) or 256.0,
    }


GENERATOR = Family(
    name="stylegan3",
    title="StyleGAN3 (Karras et al., 2021, arXiv:2106.12423)",
    anchors=(r"mapping\.w_avg", r"synthesis\.input\.freqs"),
    plan=_plan,
    build=stylegan3.generator,
    kind="truncated",
    rule=_rule,
    ignored=r".*\.(up_filter|down_filter|conv_clamp)",
)
