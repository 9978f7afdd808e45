"""A coarser axis and back: slow things need few points."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from matching.spectrum import FloatArray

FEWEST_CELLS = 16  # fewer points than this make no baseline


def on_cells(
    rows: FloatArray, cells: int, fit: Callable[[FloatArray, int], FloatArray]
) -> FloatArray:
    """Fit a curve to the means over cells and draw it smoothly on the fine axis.

    Parameters
    ----------
    rows : array, shape (k, m)
        Values on an even axis, m >= 16.
    cells : int
        Points to a cell; 1 fits on the axis as it is. Short rows get smaller cells, so that there
        are at least 16.
    fit : callable
        From means, shape (k, n), and the points to a cell to curves of the same shape.

    Returns
    -------
    array, shape (k, m)
    """
    size = rows.shape[-1]
    cells = max(1, min(cells, size // FEWEST_CELLS))
    if cells == 1:
        return fit(rows, 1)
    return between_cells(fit(cell_means(rows, cells), cells), cells, size)


def cell_means(rows: FloatArray, cells: int) -> FloatArray:
    """Return the mean over every `cells` neighbouring points, shape (..., m // cells).

    Parameters
    ----------
    rows : array, shape (..., m)
        Values on an even axis. Up to ``cells - 1`` points that fill no cell are left out, half
        of them at each end.
    cells : int
        Points to a cell, 1 or more; at least one whole cell must fit.
    """
    size = rows.shape[-1]
    count = size // cells
    start = (size - count * cells) // 2
    whole = rows[..., start : start + count * cells]
    return np.asarray(whole.reshape(*rows.shape[:-1], count, cells).mean(axis=-1))


def between_cells(means: FloatArray, cells: int, size: int) -> FloatArray:
    """Return a smooth curve through values at the middles of cells, shape (..., size).

    Cubic convolution (Keys, IEEE Trans. Acoust. Speech Signal Process. 29 (1981) 1153): exact for
    straight lines everywhere and for parabolas inside; its slope is continuous. Beyond the middles
    of the outer cells the straight line goes on, so that an end is never bent by guesswork.

    Parameters
    ----------
    means : array, shape (..., n)
        Values at the middles of cells as `cell_means` cuts them, n >= 2.
    cells : int
        Points to a cell.
    size : int
        Points of the fine axis, ``n * cells <= size < (n + 1) * cells``.
    """
    count = means.shape[-1]
    start = (size - count * cells) // 2
    left = means[..., :1] - (means[..., 1:2] - means[..., :1]) * np.array([3.0, 2.0, 1.0])
    right = means[..., -1:] + (means[..., -1:] - means[..., -2:-1]) * np.array([1.0, 2.0, 3.0])
    knots = np.concatenate((left, means, right), axis=-1)
    fine = np.empty((*means.shape[:-1], count + 2, cells))
    for point, (shift, taps) in enumerate(_cubic_taps(cells)):
        windows = (knots[..., shift + j : shift + j + count + 2] for j in range(4))
        fine[..., point] = sum(tap * window for tap, window in zip(taps, windows, strict=True))
    flat = fine.reshape(*means.shape[:-1], (count + 2) * cells)
    return np.asarray(flat[..., cells - start : cells - start + size])


@lru_cache(maxsize=8)
def _cubic_taps(cells: int) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """Return for every point of a cell where its four knots begin, and their weights."""
    found = []
    for point in range(cells):
        offset = (point - (cells - 1) / 2) / cells  # from the middle of the cell, in cells
        shift, t = (0, offset + 1.0) if offset < 0 else (1, offset)
        taps = (
            -0.5 * t**3 + t**2 - 0.5 * t,
            1.5 * t**3 - 2.5 * t**2 + 1.0,
            -1.5 * t**3 + 2.0 * t**2 + 0.5 * t,
            0.5 * t**3 - 0.5 * t**2,
        )
        found.append((shift, taps))
    return tuple(found)
