"""Conversion of images to uint8 (H, W, C) of a given size, by resizing and center cropping."""

import numpy as np
from PIL import Image, ImageOps

from ganzoo.engine.pixels import ValueRange
from ganzoo.errors import InputError


def parse_size(size: object) -> tuple[int, int] | None:
    """Returns (height, width) for an int or a pair, and None for None.

    Raises:
        InputError: If it is neither, or a side is not from 1 to 8192 pixels.
    """
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(pair) != 2 or not all(type(n) is int and 1 <= n <= 8192 for n in pair):
        raise InputError(f"image_size must be an int or (height, width) in pixels, got {size!r}.")
    return pair


def parse_channels(channels: object) -> int | None:
    """Returns the argument if it is 1, 3 or None.

    Raises:
        InputError: If it is anything else.
    """
    if channels not in (None, 1, 3):
        raise InputError(f"channels must be 1 (grayscale) or 3 (RGB), got {channels!r}.")
    return channels


def fit(
    image: Image.Image, size: tuple[int, int], channels: int, values: ValueRange | None = None
) -> np.ndarray:
    """Returns the image as uint8 (height, width, channels), antialiased, on white.

    Raises:
        InputError: If its values are not those of `values`, the range of its set.
    """
    image = opaque(image, values)
    if (image.height, image.width) != size:
        if image.mode not in ("L", "RGB"):  # a palette cannot be interpolated
            image = image.convert("RGB")
        image = ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*size, channels)


def fit_all(stack: np.ndarray, size: tuple[int, int] | None, channels: int | None) -> np.ndarray:
    """Returns images with this size and these channels, uint8 (N, H, W, C).

    The array itself is returned if it has this shape already.
    """
    size, channels = size or stack.shape[1:3], channels or stack.shape[3]
    if stack.shape[1:] == (*size, channels):
        return stack
    result = np.empty((len(stack), *size, channels), np.uint8)
    for pixels, target in zip(stack, result, strict=True):
        target[:] = fit(to_picture(pixels), size, channels)
    return result


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Returns the PIL image of an array, uint8 (H, W, C) with C = 1, 3 or 4."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def is_deep(image: Image.Image) -> bool:
    """Returns whether the values of an opened image have more than 8 bits."""
    return image.mode == "F" or image.mode.startswith("I")


def opaque(image: Image.Image, values: ValueRange | None = None) -> Image.Image:
    """Returns the image with 8 bits, and with transparency blended on white.

    Args:
        image: The image.
        values: The range of the values of its set; of its own ones by default.

    Raises:
        InputError: If its values are not those of that range.
    """
    if is_deep(image) or (values and values.levels and image.mode in ("L", "RGB")):
        pixels = np.asarray(image)
        if values is None:
            values = ValueRange(what="image", stored=True)
            values.add(pixels)
            values.check()
        return Image.fromarray(values.to_uint8(pixels))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image
