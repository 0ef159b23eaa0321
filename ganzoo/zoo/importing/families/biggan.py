"""BigGAN: the weights of its authors' PyTorch code."""

import re

import numpy as np

from ganzoo.networks.published import biggan
from ganzoo.zoo.importing import convert
from ganzoo.zoo.importing.families.family import Family, count, side
from ganzoo.zoo.importing.readers import Array

LOGGED = r".*\.(u0|sv0|accumulation_counter|num_batches_tracked)"
NORMS = {
    "stored_mean": r"\.(?:bn\.)?(?:stored|running)_mean",
    "stored_var": r"\.(?:bn\.)?(?:stored|running)_var",
}


def _prepared(arrays: dict) -> dict:
    """Returns kernels divided by their spectral norm, and statistics by the same names."""
    found = {}
    for name, array in arrays.items():
        start = name.removesuffix(".weight")
        if f"{start}.u0" in arrays and name != start:
            array = _normalized(array, arrays[f"{start}.u0"])
        for plain, pattern in NORMS.items():
            if match := re.fullmatch(rf"(.+?){pattern}", name):
                counter = arrays.get(f"{match[1]}.bn.accumulation_counter")
                name, array = f"{match[1]}.{plain}", _averaged(array, counter) if counter else array
        found[name] = array
    for name in [name for name in found if name.endswith(".1.gamma")]:
        last = f"{name.removesuffix('gamma')}o.weight"
        found[last] = scaled(found[last], found.pop(name))
    return found


def _normalized(kernel: Array, u: Array) -> Array:
    """Returns a kernel divided by its spectral norm, after one step of the power iteration."""

    def read() -> np.ndarray:
        matrix = kernel.numpy().astype("float64")
        flat = matrix.reshape(len(matrix), -1)
        v = u.numpy().astype("float64").ravel() @ flat
        v /= max(np.linalg.norm(v), 1e-12)
        return matrix / max(np.linalg.norm(flat @ v), 1e-12)

    return Array(kernel.shape, kernel.dtype, read)


def _averaged(total: Array, counter: Array) -> Array:
    """Returns statistics that were summed up as averages; a counter of 0 says that they are."""
    return Array(total.shape, total.dtype, lambda: total.numpy() / max(counter.numpy().item(), 1.0))


def _rule(layer: str, weight: str):
    if layer == "shared":
        return "shared.weight", None
    if layer == "linear":
        return f"linear.{convert.TORCH.get(weight, weight)}", _columns_last
    for part, name in (("scale", "gain"), ("offset", "bias")):
        if layer.endswith(f".{part}"):
            return f"{layer.removesuffix(part)}{name}.weight", np.transpose
    names = {"running_means": "stored_mean", "running_vars": "stored_var"}
    if layer == "output_layer.0":
        names |= {"weight": "gain"}
    if weight in names:
        return f"{layer}.{names[weight]}", None
    return convert.torch_rule(layer, weight)


def _columns_last(array: np.ndarray) -> np.ndarray:
    """Returns the first layer's kernel, or bias, for outputs (4, 4, C) instead of (C, 4, 4)."""
    moved = array.reshape(-1, 16, *array.shape[1:]).swapaxes(0, 1).reshape(array.shape)
    return moved.T


def _plan(arrays: dict) -> dict:
    blocks = count(arrays, r"blocks\.\d+\.0\.conv1\.weight")
    filters = [side(arrays, "blocks.0.0.conv1.weight", 1)]
    filters += [side(arrays, f"blocks.{i}.0.conv1.weight", 0) for i in range(blocks)]
    class_dim, first = side(arrays, "shared.weight", 1), side(arrays, "linear.weight", 1)
    chunk = side(arrays, "blocks.0.0.bn1.gain.weight", 1) - class_dim
    return {
        "filters": filters,
        "attention": tuple(i for i in range(blocks) if f"blocks.{i}.1.theta.weight" in arrays),
        "num_classes": side(arrays, "shared.weight", 0),
        "class_dim": class_dim,
        "chunk": chunk,
        "latent_dim": first * (blocks + 1) if chunk else first,
        "channels": side(arrays, "output_layer.2.weight", 0),
    }


def scaled(array: Array, factor: Array) -> Array:
    """Returns an array times a number."""
    return Array(array.shape, array.dtype, lambda: array.numpy() * factor.numpy().item())


GENERATOR = Family(
    name="biggan",
    title="BigGAN (Brock et al., 2019, arXiv:1809.11096)",
    anchors=(
        r"shared\.weight",
        r"linear\.weight",
        r"blocks\.0\.0\.conv1\.weight",
        r"output_layer\.2\.weight",
    ),
    plan=_plan,
    build=biggan.original,
    kind="sampler",
    rule=_rule,
    prepared=_prepared,
    ignored=LOGGED,
)
