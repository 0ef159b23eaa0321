"""The conversion between pixels, uint8 images in 0..255, and what networks see, [-1, 1].

`ValueRange` is the one guard at every door through which images come in: arrays, datasets, files.
"""

import math
from collections.abc import Mapping

import numpy as np
from keras import ops

from ganzoo.errors import InputError

EXPECTED = "expected uint8 images (N, H, W, C)"
SLACK = 0.01  # by which floats may leave [-1, 1], as resized images do


def to_float(images):
    """Returns images in 0..255, of any type, as float32 in [-1, 1]."""
    return ops.cast(images, "float32") / 127.5 - 1.0


def to_uint8(images):
    """Returns images in [-1, 1] as uint8, rounded to the nearest level; values outside are clipped.

    Only a batch of images (N, H, W, C) is converted: points and tokens come back as float32.
    """
    images = ops.cast(images, "float32")
    if images.ndim != 4:
        return images
    return ops.cast(ops.clip(ops.round(images * 127.5 + 127.5), 0, 255), "uint8")


class ValueRange:
    """The range of the values of a set of images: which value is black, and which is white.

    Three kinds of images are understood as they are: uint8, 0 to 255; whole numbers of 16 bits that
    use the upper half of 0 to 65,535; and floats from -1 to 1, some of them below 0. A set of other
    values needs `levels`. Whether a set uses its range is known when all of it was added.

    Args:
        levels: Number of gray levels of whole numbers, such as 4096 for values from 0 to 4,095; or
            the pair (black, white), such as (0, 1); None for one of the three kinds.
        what: What the images are called in error messages.
        stored: Whether they are in files, so that a person cannot scale them before they are given.
    """

    def __init__(self, levels=None, what: str = "images", stored: bool = False):
        self.levels, self.what, self.stored = parse_levels(levels), what, stored
        self.dtype, self.low, self.high = None, math.inf, -math.inf

    def add(self, images: np.ndarray) -> None:
        """Notes the values of some images of the set.

        Raises:
            InputError: If they cannot be of an understood kind, or are outside of `levels`.
        """
        if not images.size:
            return
        if self.dtype is None or images.dtype != np.uint8:
            self.dtype = images.dtype
        if images.dtype == np.uint8 and not self.levels:
            return
        if images.dtype.kind not in "iufb":
            raise InputError(f"{self.what}: expected numbers, got {images.dtype}.")
        low, high = float(images.min()), float(images.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        black, white = self.ends(images.dtype)
        slack = SLACK * (white - black) / 2 if images.dtype.kind == "f" else 0
        if not (black - slack <= low and high <= white + slack):  # also if one is NaN
            self.low, self.high = (low, high) if math.isnan(low + high) else (self.low, self.high)
            raise self._refusal()
        if images.dtype == bool and not self.levels:
            raise self._refusal()

    def check(self) -> None:
        """Checks what was added as a whole.

        Raises:
            InputError: If it does not use the range that its type has.
        """
        if self.levels or self.dtype is None or self.dtype == np.uint8:
            return
        if self.low >= 0 if self.dtype.kind == "f" else self.high < 2**15:
            raise self._refusal()

    def ends(self, dtype) -> tuple[float, float]:
        """Returns the values of black and white of images of this type."""
        if self.levels:
            return self.levels
        if dtype.kind == "f":
            return -1.0, 1.0
        return (0.0, 255.0) if dtype == np.uint8 else (0.0, 65535.0)

    def to_uint8(self, images: np.ndarray) -> np.ndarray:
        """Returns images of the set as uint8, each value rounded to the nearest level.

        Raises:
            InputError: As in `add`.
        """
        self.add(images)
        if images.dtype == np.uint8 and not self.levels:
            return images
        black, white = self.ends(images.dtype)
        scaled = (images.astype(np.float32) - black) * np.float32(255.0 / (white - black))
        return np.rint(scaled).clip(0, 255).astype(np.uint8)

    def _refusal(self) -> InputError:
        dtype, low, high = self.dtype, self.low, self.high
        if self.levels:
            black, white = self.levels
            return InputError(
                f"{self.what}: expected values from {black:g} to {white:g}, as levels say, got "
                f"{dtype} from {low:g} to {high:g}."
            )
        return InputError(
            f"{self.what}: expected uint8, the full range of uint16, or floats in [-1, 1] (some "
            f"below 0); got {dtype} from {low:g} to {high:g}: {self._remedy()}."
        )

    def _remedy(self) -> str:
        """Returns what to do about values that are of no understood kind."""
        low, high = self.low, self.high
        if math.isnan(low + high) or math.isinf(low + high):
            return "replace NaN and infinity"
        whole = self.dtype.kind != "f"
        if low < 0:
            black, white = (-1, 1) if -1 <= low and high <= 1 else (low, high)
        elif whole and high > 1:
            black, white = 0, 2 ** max(8, math.ceil(math.log2(high + 1))) - 1
        else:
            black, white = 0, 1 if high <= 1 + SLACK else 255 if high <= 255 else high
        if self.stored:
            text = f"{white + 1:g}" if whole and not black else f"{black:g}:{white:g}"
            return f"say which values are black and white, such as levels={text}"
        if whole and not black:
            return "x.astype('uint8')" if white == 255 else f"(x * {255 / white:g}).astype('uint8')"
        half = (white - black) / 2
        scaled = (
            "x" if half == 1 else f"x / {half:g}" if not black else f"(x {-black:+g}) / {half:g}"
        )
        return f"scale them, {'x * 2' if (black, white) == (0, 1) else scaled} - 1"


def parse_levels(levels) -> tuple[float, float] | None:
    """Returns (black, white) of a number of levels or of such a pair; None for None.

    Raises:
        InputError: If it is neither.
    """
    if levels is None:
        return None
    pair = levels
    if isinstance(levels, str):
        pair = levels.split(":")
        pair = levels if len(pair) == 1 else pair
    try:
        if isinstance(pair, (str, int)) and not isinstance(pair, bool) and int(pair) >= 2:
            return 0.0, float(int(pair) - 1)
        black, white = map(float, pair)
        if math.isfinite(black) and math.isfinite(white) and black < white:
            return black, white
    except (TypeError, ValueError):
        pass
    raise InputError(
        "levels: expected the number of gray levels, such as 4096, or the values of black and "
        f"white, such as 0:1; got {levels!r}."
    )


def of_batch(batch) -> np.ndarray:
    """Returns the images of a batch as an array (N, H, W, C) of any type.

    Args:
        batch: Images, (N, H, W, C), as an array, a tensor or nested lists; or a dict with such
            images under the key `real`; or a tuple that starts with them.

    Raises:
        InputError: If it is not a batch of grayscale or RGB images.
    """
    if isinstance(batch, Mapping):
        if "real" not in batch:
            raise InputError(f"expected a batch with the key 'real', got {sorted(batch)}.")
        batch = batch["real"]
    elif isinstance(batch, tuple | list) and len(batch) and np.ndim(batch[0]) == 4:
        batch = batch[0]
    if not isinstance(batch, np.ndarray | list):
        batch = ops.convert_to_numpy(batch)  # a tensor
    batch = np.asarray(batch)
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3) or batch.dtype.kind in "OSU":
        raise InputError(f"{EXPECTED}, with C = 1 or 3; got {batch.dtype} {batch.shape}.")
    return batch


def as_images(batch) -> np.ndarray:
    """Returns a batch of images as a uint8 array (N, H, W, C).

    Args:
        batch: Images of an understood kind (see `ValueRange`) in a form that `of_batch` takes.

    Raises:
        InputError: If it is not a batch of grayscale or RGB images, or its values are of no
            understood kind.
    """
    return uint8_of(of_batch(batch))


def examples_of(real) -> dict:
    """Returns real examples as a dict of arrays, images (N, H, W, C) as uint8.

    Args:
        real: An array of examples, or a dict of arrays with such `real`; None stays as it is.

    Raises:
        InputError: If images have a range of values that `ValueRange` does not understand.
    """
    examples = dict(real) if isinstance(real, Mapping) else {"real": real}
    for key, value in examples.items():
        if np.ndim(value) == 4:
            examples[key] = uint8_of(np.asarray(value))
    return examples


def uint8_of(images: np.ndarray) -> np.ndarray:
    """Returns an array, which is a whole set of images, as uint8.

    Raises:
        InputError: If its values are of no kind that `ValueRange` understands.
    """
    values = ValueRange()
    result = values.to_uint8(images)
    values.check()
    return result
