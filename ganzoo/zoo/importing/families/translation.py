"""CycleGAN, pix2pix and CartoonGAN: state dicts of the official code, and TensorFlow.js models."""

import re

from ganzoo.networks.published import translation
from ganzoo.zoo.importing.families.family import Family, count, side


def _norm(arrays: dict, layer: str) -> str:
    if f"{layer}.weight" not in arrays:
        return "instance"
    return "batch" if f"{layer}.running_mean" in arrays else "affine"


def _renamed(arrays: dict) -> dict:
    """Returns the arrays with the names that the official code's later versions have.

    Instance normalization of the first versions stores statistics that it does not use.
    """
    arrays = {name.replace(".conv_block.", ".block."): a for name, a in arrays.items()}
    unused = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")
    if "model.2.weight" in arrays and "model.2.running_mean" in arrays:
        return arrays
    if any(name.startswith("model.model.") for name in arrays):
        return arrays
    return {name: array for name, array in arrays.items() if not unused.fullmatch(name)}


def _resnet_plan(arrays: dict) -> dict:
    blocks = count(arrays, r"model\.\d+\.block\.1\.weight")
    return {
        "size": 128 if blocks <= 6 else 256,
        "width": side(arrays, "model.1.weight", 0),
        "blocks": blocks,
        "channels": side(arrays, "model.1.weight", 1),
        "norm": _norm(arrays, "model.2"),
        "use_bias": "model.1.bias" in arrays,
    }


def _unet_plan(arrays: dict) -> dict:
    kernels = [name for name, array in arrays.items() if len(array.shape) == 4]
    depth = len(kernels) // 2
    return {
        "size": 2**depth,
        "width": side(arrays, "model.model.0.weight", 0),
        "depth": depth,
        "inputs_channels": side(arrays, "model.model.0.weight", 1),
        "channels": side(arrays, "model.model.3.weight", 1),
        "norm": _norm(arrays, "model.model.1.model.2"),
        "use_bias": "model.model.0.bias" in arrays,
    }


def _cartoon_plan(arrays: dict) -> dict:
    return {
        "size": 256,
        "width": side(arrays, "conv01_1/kernel", 3),
        "blocks": count(arrays, r"conv\d\d_1/kernel") - 3,
        "channels": side(arrays, "conv01_1/kernel", 2),
    }


def _slashed(layer: str, weight: str):
    return f"{layer}/{weight}", None


RESNET = Family(
    name="cyclegan",
    title="the ResNet generator of CycleGAN (Zhu et al., 2017, arXiv:1703.10593)",
    anchors=(r"model\.1\.weight", r"model\.10\.(conv_)?block\.1\.weight"),
    plan=_resnet_plan,
    build=translation.resnet,
    kind="translator",
    prepared=_renamed,
)
UNET = Family(
    name="pix2pix",
    title="the U-Net generator of pix2pix (Isola et al., 2017, arXiv:1611.07004)",
    anchors=(r"model\.model\.0\.weight", r"model\.model\.1\.model\.1\.weight"),
    plan=_unet_plan,
    build=translation.unet,
    kind="translator",
)
CARTOON = Family(
    name="cartoongan",
    title="CartoonGAN (Chen et al., 2018, CVPR)",
    anchors=(r"conv01_1/kernel", r"in01_1/gamma", r"deconv03_1/kernel"),
    plan=_cartoon_plan,
    build=translation.cartoon,
    kind="translator",
    rule=_slashed,
    ignored=r".*(stack|stack_1|stack_2|paddings|output_shape/\d|reduction_indices|/y)",
)
