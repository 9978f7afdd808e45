"""Peak clipping: a baseline found without fitting anything, to check the fitted one against."""

from __future__ import annotations

import numpy as np

from matching.preprocess.decimate import on_cells
from matching.preprocess.despike import row_noise
from matching.spectrum import FloatArray


def decimated_snip(rows: FloatArray, half_width: float, cells: int) -> FloatArray:
    """Clip the means over cells, and draw smooth curves between what is left.

    Parameters
    ----------
    rows : array, shape (k, m)
        Intensities of k spectra on one even axis, m >= 16.
    half_width : float
        See `snip`, in points of the fine axis.
    cells : int
        Points to a cell, see `on_cells`.

    Returns
    -------
    array, shape (k, m)
        The baselines, in the unit of `rows`.
    """
    noise = row_noise(rows)

    def clipped(means: FloatArray, points: int) -> FloatArray:
        return snip(means, max(1, round(half_width / points)), noise / np.sqrt(points))

    return on_cells(rows, cells, clipped)


def snip(rows: FloatArray, half_width: int, noise: FloatArray) -> FloatArray:
    """Clip bands off until only what is wider than they are is left.

    Each point is lowered to the middle of the straight line between the points `p` to its left and
    right where it stands above it, for `p` from `half_width` down to 1: Ryan, Clayton, Griffin, Sie
    and Cousens, Nucl. Instrum. Methods B 34 (1988) 396, in the decreasing order of Morhac and
    Matousek, Appl. Spectrosc. 62 (2008) 91, without their logarithms, so that gain, offset and
    slope of a scan do not matter. Near the ends `p` is no more than the distance to the end.

    Clipping settles at the lower edge of the noise. The line is raised by the median of what is
    left within three noise units of it, so that it runs through the noise as a fitted one does.
    Under a strongly curved background it stays lower than a fitted line: what is known of a scan
    should not hang on that difference, which is why both are asked.

    Parameters
    ----------
    rows : array, shape (k, n)
        Intensities of k spectra on an even axis, n >= 5.
    half_width : int
        Half the width of the widest band to be clipped off, in points, at least 1.
    noise : array, shape (k,)
        One standard deviation of the noise of a point, unit of `rows`.

    Returns
    -------
    array, shape (k, n)
        The baselines, in the unit of `rows`.
    """
    size = rows.shape[-1]
    line = np.array(rows, dtype=np.float64)
    for reach in range(min(half_width, (size - 1) // 2), 0, -1):
        chord = 0.5 * (line[:, : size - 2 * reach] + line[:, 2 * reach :])
        inside = line[:, reach : size - reach]
        inside[...] = np.minimum(inside, chord)
    above = rows - line
    quiet = np.sort(np.where(above <= 3.0 * noise[:, None], above, np.inf), axis=1)
    middle = np.count_nonzero(np.isfinite(quiet), axis=1) // 2
    return np.asarray(line + quiet[np.arange(len(rows)), np.minimum(middle, size - 1), None])
