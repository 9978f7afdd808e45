"""Choosing integration time and averages from counts: pure functions."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from devices.acquisition.plan import AutoExposure
from devices.frame import FloatArray

BACKGROUND_PIXELS = 101
_MAD_TO_SIGMA = 1.4826


def strongest_counts(counts: FloatArray) -> float:
    """Return the highest count of `counts`, shape (n,), that is no lone pixel.

    It is the highest median of three neighbours: a cosmic ray or a hot pixel does not decide
    about the integration time.
    """
    return float(np.median(sliding_window_view(counts, 3), axis=1).max())


def next_time_ms(
    level: float,
    full: bool,
    now_ms: float,
    auto: AutoExposure,
    range_ms: tuple[float, float],
) -> float | None:
    """Return the integration time in ms of the next trial; None when this one is to be taken.

    Parameters
    ----------
    level : float
        Strongest count as a share of the saturation count. The offset of the converter is in it,
        so that a longer time is never chosen too long.
    full : bool
        Whether a pixel was full.
    now_ms : float
        Integration time of this trial.
    auto : AutoExposure
        Target, window and factors.
    range_ms : tuple of float
        Shortest and longest time possible now.
    """
    shortest, longest = range_ms
    if full:
        wanted = now_ms * auto.drop_factor
    elif auto.lowest <= level <= auto.highest:
        return None
    else:
        factor = auto.target / max(level, 1e-9)
        wanted = now_ms * min(max(factor, auto.drop_factor), auto.max_factor)
    chosen = min(max(float(round(wanted)), shortest), longest)
    same = chosen >= now_ms if full or level > auto.highest else chosen <= now_ms
    return None if same else chosen


def signal_to_noise(counts: FloatArray) -> float:
    """Return the signal-to-noise ratio of one exposure, shape (n,), roughly.

    Signal is the strongest point over its surroundings (a running median of 101 pixels), noise
    the robust deviation of second differences. It plans averages; it claims nothing.
    """
    width = min(BACKGROUND_PIXELS, counts.size // 2 * 2 - 1)
    smooth = np.median(sliding_window_view(counts, 3), axis=1)
    padded = np.pad(smooth, width // 2, mode="reflect")
    background = np.median(sliding_window_view(padded, width), axis=1)
    signal = float((smooth - background).max())
    differences = np.diff(counts, 2)
    deviation = np.median(np.abs(differences - np.median(differences)))
    noise = _MAD_TO_SIGMA * float(deviation) / math.sqrt(6.0)
    return signal / max(noise, 1e-9)


def averages_for_snr(single: float, wanted: float, most: int) -> int:
    """Return how many exposures of ratio `single` give `wanted`, by the square root law."""
    if single <= 0.0:
        return most
    needed = (wanted / single) ** 2
    return most if needed >= most else max(1, math.ceil(needed))


def averages_in_time(left_s: float, each_s: float, done: int, *, dark: bool) -> int:
    """Return how many exposures fit in all, the dark afterwards included.

    Parameters
    ----------
    left_s : float
        Seconds left after `done` exposures.
    each_s : float
        Seconds that one exposure takes, readout included.
    done : int
        Exposures that are whole already; never fewer than that are returned.
    dark : bool
        Whether a dark of as many exposures follows.
    """
    shares = 2.0 if dark else 1.0
    spare_s = left_s - (done * each_s if dark else 0.0)
    return max(done, done + math.floor(spare_s / (shares * each_s) + 1e-9))
