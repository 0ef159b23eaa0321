"""Videos, written frame by frame: GIF, WebP and MP4."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo.engine import files, progress
from ganzoo.errors import InputError

SUFFIXES = (".gif", ".webp", ".mp4")


def write(path, frames: Iterator[np.ndarray], count: int, rate: float) -> None:
    """Writes a video that is repeated forever, whole or not at all.

    Args:
        path: A file that ends in one of `SUFFIXES`. MP4 needs the package imageio-ffmpeg.
        frames: uint8 (H, W, C) of 1 or 3 channels, all of one size.
        count: Their number.
        rate: Frames per second.

    Raises:
        InputError: If the suffix is another one, or the package is missing.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError(f"--out: expected {', '.join(SUFFIXES)}, got {str(path)!r}.")
    writer = _mp4() if path.suffix == ".mp4" else _animated
    with files.replacing(path, path.suffix) as temporary:
        writer(temporary, map(_colored, progress.counted(frames, count)), rate)


def _colored(frame: np.ndarray) -> np.ndarray:
    """Returns a frame with three channels."""
    return np.broadcast_to(frame, (*frame.shape[:2], 3))


def _animated(path: Path, frames: Iterator[np.ndarray], rate: float) -> None:
    first, *rest = (Image.fromarray(frame) for frame in frames)
    options = {"quality": 90} if path.suffix == ".webp" else {}
    first.save(
        path, save_all=True, append_images=rest, duration=round(1000 / rate), loop=0, **options
    )


def _mp4() -> Callable:
    """Returns the function that writes MP4.

    Raises:
        InputError: If the package that it needs is missing.
    """
    try:
        import imageio_ffmpeg
    except ImportError:
        raise InputError(
            ".mp4 needs a package: pip install 'keras-ganzoo[video]'; .gif and .webp need none."
        ) from None

    def write_frames(path: Path, frames: Iterator[np.ndarray], rate: float) -> None:
        writer = None
        for frame in frames:
            even = frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
            if writer is None:
                size = even.shape[1], even.shape[0]
                writer = imageio_ffmpeg.write_frames(
                    str(path), size, fps=rate, macro_block_size=2, quality=8
                )
                writer.send(None)
            writer.send(np.ascontiguousarray(even))
        if writer is not None:
            writer.close()

    return write_frames
