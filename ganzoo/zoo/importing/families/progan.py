"""ProGAN: the TensorFlow.js model of TF-Hub's module."""

import re

from ganzoo.networks.published import progan
from ganzoo.zoo.importing.families.family import Family, side
from ganzoo.zoo.importing.readers import Array

GRAPH, MODEL = "module_apply_default", "module/g_model"


def _prepared(arrays: dict) -> dict:
    """Returns kernels and biases by layer; the graph counts its kernels in their order."""
    found = {}
    for name, array in arrays.items():
        if match := re.fullmatch(rf"{MODEL}/res_(\d+)/conv(\d)/bias", name):
            scale, index = int(match[1]), int(match[2])
            found[f"res_{scale}.conv{index}.bias"] = array
            found[f"res_{scale}.conv{index}.kernel"] = arrays[_kernel(2 * scale + index)]
    scales = len(found) // 4
    # y = (x + 1) / 2 maps images to [0, 1]. The conversion folded it into the last bias, not into
    # the last kernel: as it stands, half of all pixels are black or white.
    found["to_rgb.kernel"] = arrays[_kernel(2 * scales)]
    found["to_rgb.bias"] = _changed(arrays[f"{GRAPH}/add_{4 * scales + 2}"], 2.0, -1.0)
    return found


def _kernel(index: int) -> str:
    return f"{GRAPH}/Conv2D{f'_{index}' if index else ''}/merged_input"


def _changed(array: Array, factor: float, offset: float) -> Array:
    return Array(array.shape, array.dtype, lambda: factor * array.numpy() + offset)


def _plan(arrays: dict) -> dict:
    scales = len(arrays) // 4
    return {
        "widths": [side(arrays, f"res_{scale}.conv1.kernel", 3) for scale in range(scales)],
        "channels": side(arrays, "to_rgb.kernel", 3),
        "latent_dim": side(arrays, "res_0.conv0.kernel", 2),
    }


GENERATOR = Family(
    name="progan",
    title="ProGAN (Karras et al., 2018, arXiv:1710.10196)",
    anchors=(rf"{MODEL}/res_0/conv0/bias",),
    plan=_plan,
    build=progan.generator,
    kind="sampler",
    rule=lambda layer, weight: (f"{layer}.{weight}", None),
    prepared=_prepared,
)
