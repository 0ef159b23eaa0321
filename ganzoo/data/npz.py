"""`npz:PATH`: arrays in a NumPy archive, whose headers are checked before they are read.

Images are (N, H, W) or (N, H, W, C) with C = 1, 3 or 4 (transparency is blended on white), of a
range of values that `ValueRange` understands; they are converted to uint8. Their key is `images`,
`x`, `x_train` or `train_images`, or any key if there is only one array; labels (N,) have the key
`labels`, `label`, `y`, `y_train` or `train_labels`. The split "test" is read from `x_test` or
`test_images`, with labels from `y_test` or `test_labels`.
"""

import math
import os
import zipfile

import numpy as np

from ganzoo.data.source import Memory
from ganzoo.engine import files
from ganzoo.engine.pixels import ValueRange
from ganzoo.errors import InputError, unknown

_LIMIT = 8 * 2**30  # maximum size of an array
_IMAGES = {"train": ("images", "x", "x_train", "train_images"), "test": ("x_test", "test_images")}
_LABELS = {
    "train": ("labels", "label", "y", "y_train", "train_labels"),
    "test": ("y_test", "test_labels"),
}


def source(
    path: str,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    levels=None,
) -> Memory:
    """Returns one split, "train" or "test", of the archive at `path`.

    Raises:
        InputError: If the file, its keys, dtypes, shapes or values are not as described above.
    """
    if split not in _IMAGES:
        raise unknown("split of an npz file", split, _IMAGES)
    path = os.path.expanduser(path)
    try:
        with zipfile.ZipFile(path) as archive:
            keys = [name.removesuffix(".npy") for name in archive.namelist()]
            only = keys[:1] if len(keys) == 1 and split == "train" else []
            key = next((k for k in (*_IMAGES[split], *only) if k in keys), None)
            if key is None:
                raise InputError(
                    f"{path} has no images of split {split!r}: expected a key of "
                    f"{', '.join(_IMAGES[split])}; it has {', '.join(keys[:20]) or 'none'}."
                )
            images = _images(path, key, _read(archive, path, key), levels)
            all_labels = {
                s: _labels(path, k, _read(archive, path, k))
                for s in _LABELS
                if (k := next((k for k in _LABELS[s] if k in keys), None))
            }
    except FileNotFoundError:
        raise InputError(f"no file {path!r}: give the path of an .npz file.") from None
    except files.DAMAGED as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read {path} as .npz: {error}.") from error
    labels, classes = all_labels.get(split), None
    if labels is not None:
        if len(labels) != len(images):
            raise InputError(f"{path} has {len(images)} images and {len(labels)} labels.")
        # The number of classes is the same for both splits.
        count = 1 + max(int(y.max(initial=-1)) for y in all_labels.values())
        classes = tuple(str(i) for i in range(count))
    channels = channels or min(3, images.shape[3])
    return Memory(f"npz:{path}", split, images, labels, classes, image_size, channels)


def _read(archive: zipfile.ZipFile, path: str, key: str) -> np.ndarray:
    """Returns an array, after checking its header.

    Raises:
        InputError: If it has Python objects, is too large, or is truncated.
    """
    with archive.open(f"{key}.npy") as file:
        if np.lib.format.read_magic(file) == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        if dtype.hasobject:
            raise InputError(f"{key!r} in {path} has Python objects (pickles): save numbers.")
        size = math.prod(shape) * dtype.itemsize
        if size > _LIMIT:
            raise InputError(
                f"{key!r} in {path} has {size / 2**30:.0f} GiB, more than the limit of "
                f"{_LIMIT / 2**30:.0f} GiB for arrays in memory: use folder:PATH."
            )
        if size > archive.getinfo(f"{key}.npy").file_size:
            raise InputError(f"{key!r} in {path} is cut short: its header says {size} bytes.")
    with archive.open(f"{key}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _images(path: str, key: str, images: np.ndarray, levels) -> np.ndarray:
    """Returns the images as uint8 (N, H, W, C).

    Raises:
        InputError: If their shape, dtype or range is not supported.
    """
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3, 4) or 0 in images.shape:
        raise InputError(
            f"{key!r} in {path} has shape {images.shape}: expected (N, H, W) or (N, H, W, C) "
            "with C = 1, 3 or 4."
        )
    if images.dtype == np.uint8 and not levels:
        return images
    values = ValueRange(levels, f"{key!r} in {path}", stored=True)
    result = np.empty(images.shape, np.uint8)
    for image, target in zip(images, result, strict=True):
        target[:] = values.to_uint8(image)
    values.check()
    return result


def _labels(path: str, key: str, labels: np.ndarray) -> np.ndarray:
    """Returns the labels as int32 (N,).

    Raises:
        InputError: If their shape, dtype or range is not supported.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"{key!r} in {path} is {labels.dtype} {labels.shape}: expected whole numbers (N,)."
        )
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < 1_000_000:
        raise InputError(f"{key!r} in {path} has labels outside 0 to 999,999.")
    return labels.astype(np.int32)
