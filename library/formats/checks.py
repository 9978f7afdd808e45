"""What every curve must be before anybody sees it, whoever read it."""

from __future__ import annotations

import numpy as np

from library.errors import DamagedFileError
from library.formats.text import EXPORT_AGAIN
from matching.spectrum import MAX_POINTS, FloatArray


def check_axis(axis: FloatArray, place: str = "") -> None:
    """Raise DamagedFileError unless `axis`, shape (n,), is finite and strictly monotonic."""
    if not 1 <= axis.size <= MAX_POINTS:
        raise DamagedFileError(f"the axis has {axis.size:,} points", place, EXPORT_AGAIN)
    if not np.isfinite(axis).all():
        raise DamagedFileError("the axis holds values that are no numbers", place, EXPORT_AGAIN)
    steps = np.diff(axis)
    if steps.size and not ((steps > 0).all() or (steps < 0).all()):
        raise DamagedFileError("the axis does not run one way throughout", place, EXPORT_AGAIN)


def check_curve(axis: FloatArray, intensity: FloatArray, place: str = "") -> None:
    """Raise DamagedFileError unless both are of one length, finite, and the axis is an axis."""
    if axis.shape != intensity.shape:
        raise DamagedFileError(
            f"there are {intensity.size:,} intensities for {axis.size:,} points of the axis",
            place,
            EXPORT_AGAIN,
        )
    check_axis(axis, place)
    if not np.isfinite(intensity).all():
        raise DamagedFileError("intensities are no numbers", place, EXPORT_AGAIN)
