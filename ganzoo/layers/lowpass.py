"""Low-pass filters: windowed sinc and jinc functions, as arrays of taps."""

import math

import numpy as np


def lowpass(taps: int, cutoff: float, width: float, rate: float, radial: bool = False):
    """Returns the taps of a Kaiser low-pass filter, float32, of one axis or of both.

    Args:
        taps: Number of taps; 1 for no filter, the tap 1.
        cutoff: Its cutoff frequency.
        width: Width of the transition band.
        rate: The sampling rate.
        radial: Whether it is the same in all directions; taps x taps then, else of one axis.

    Reference: Karras et al., 2021, arXiv:2106.12423, appendix C.
    """
    if taps == 1:
        return np.ones(1, "float32")
    window = np.kaiser(taps, _beta(taps, width / (rate / 2)))
    place = (np.arange(taps) - (taps - 1) / 2) / rate
    if not radial:
        filtered = np.sinc(2 * cutoff * place) * window
        return (filtered / filtered.sum()).astype("float32")
    distance = np.pi * np.hypot(*np.meshgrid(place, place))
    near = np.maximum(distance, 1e-12)
    jinc = np.where(distance < 1e-9, cutoff, _bessel(2 * cutoff * near) / near)
    filtered = jinc * np.outer(window, window)
    return (filtered / filtered.sum()).astype("float32")


def _beta(taps: int, width: float) -> float:
    """Returns the parameter of a Kaiser window, by Kaiser's formulas."""
    attenuation = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        return 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    return 0.0


def _bessel(x: np.ndarray) -> np.ndarray:
    """Returns the Bessel function J1, by its integral, whose trapezoidal sum converges fast."""
    count = 64 + 2 * int(np.max(np.abs(x)))
    t = (np.arange(count) + 0.5) * math.pi / count
    return np.mean(np.cos(t - x[..., None] * np.sin(t)), axis=-1)
