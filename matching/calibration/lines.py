"""Finding lines in a scan: where they are to a part of a pixel, how wide, how sure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from matching.spectrum import FloatArray

FWHM_OF_SIGMA = float(2.0 * np.sqrt(2.0 * np.log(2.0)))
LEAST_SNR = 6.0
MOST_LINES = 80
TOGETHER = 4  # so many neighbours at most are fitted together
WIDEST_PX = 60.0
NARROWEST_PX = 1.1  # FWHM: what is narrower is one pixel, a cosmic ray
SMOOTHED_PX = 0.6


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line in a scan.

    Parameters
    ----------
    pixel : float
        Centre in points of the scan; the middle of its first point is 0.
    sigma_px : float
        Standard uncertainty of the centre in points, from the fit.
    height, fwhm_px : float
        Height above the local background in counts, and full width at half height in points.
    snr : float
        Height over the noise of one point.
    saturated : bool
        A point of it is at the detector's limit, or its top is flat: not to be used.
    """

    pixel: float
    sigma_px: float
    height: float
    fwhm_px: float
    snr: float
    saturated: bool = False


def noise_of(counts: FloatArray) -> float:
    """Return the noise of one point (one standard deviation) from second differences, robustly."""
    second = np.diff(np.asarray(counts, dtype=np.float64), 2)
    spread = float(np.median(np.abs(second - np.median(second)))) if second.size else 0.0
    return float(spread / 0.6745 / np.sqrt(6.0))


def find_lines(
    counts: FloatArray,
    *,
    saturation_counts: float | None = None,
    least_snr: float = LEAST_SNR,
) -> tuple[FoundLine, ...]:
    """Find the lines of a scan, by rising pixel.

    Local maxima above the saddles around them are taken; each, with close neighbours, is fitted
    by Gaussians on a sloping straight background.

    Parameters
    ----------
    counts : array, shape (n,)
        Counts, not smoothed; a dark may or may not be subtracted.
    saturation_counts : float, optional
        Count at which the detector is at its limit, in the unit of `counts`.
    least_snr : float
        Least height over the noise of one point.
    """
    values = np.asarray(counts, dtype=np.float64)
    if values.size < 16 or float(np.ptp(values)) <= 0.0:
        return ()
    # Weak noise (shot noise apart) must not let ripples of a strong, finely quantised scan count.
    noise = max(noise_of(values), 1e-6 * float(np.ptp(values)), 1e-12)
    clipped = _clipped(values, saturation_counts)
    tops = _tops(values, noise, least_snr)
    found: list[FoundLine] = []
    for cluster in _clusters(tops):
        found += _fitted(values, cluster, noise)
    marked = [
        replace(line, saturated=bool(clipped[_reach(line, values.size)].any()))
        for line in found
        if line.snr >= least_snr and line.fwhm_px >= NARROWEST_PX
    ]
    return tuple(sorted(marked, key=lambda line: line.pixel))


@dataclass(frozen=True, slots=True)
class _Top:
    """A local maximum: point, height over the local background, half width, and its feet."""

    at: int
    height: float
    half_px: float


def _tops(values: FloatArray, noise: float, least_snr: float) -> list[_Top]:
    from scipy.signal import find_peaks  # large: only for who looks for lines

    smooth = gaussian_filter1d(values, SMOOTHED_PX)
    places, _ = find_peaks(smooth, prominence=0.5 * least_snr * noise)
    measured = [_measured(smooth, at, least_snr * noise / 3.0) for at in places.tolist()]
    strongest = sorted((top for top in measured if top), key=lambda top: -top.height)[:MOST_LINES]
    return sorted(strongest, key=lambda top: top.at)


def _measured(smooth: FloatArray, at: int, ripple: float) -> _Top | None:
    """Follow both flanks down to their feet; the higher foot decides the height."""
    left = _foot(smooth[at::-1][: int(WIDEST_PX)], ripple)
    right = _foot(smooth[at:][: int(WIDEST_PX)], ripple)
    if left == 0 or right == 0:
        return None
    base = np.interp(at, [at - left, at + right], [smooth[at - left], smooth[at + right]])
    height = float(smooth[at] - base)
    half = smooth[at] - 0.5 * height
    below_left = int(np.argmax(smooth[at::-1][: left + 1] < half)) or left
    below_right = int(np.argmax(smooth[at:][: right + 1] < half)) or right
    # a shoulder on the slope of a stronger band: the nearer half width is its own
    return _Top(at, height, float(max(1.0, min(below_left, below_right))))


def _foot(flank: FloatArray, ripple: float) -> int:
    """Return how far the flank falls before it rises by more than a ripple."""
    lowest = np.minimum.accumulate(flank)
    risen = np.flatnonzero(flank > lowest + max(ripple, 0.0))
    end = int(risen[0]) if risen.size else flank.size
    return int(np.argmin(flank[:end]))


def _clusters(tops: list[_Top]) -> list[list[_Top]]:
    """Put tops together whose flanks meet."""
    clusters: list[list[_Top]] = []
    for top in tops:
        last = clusters[-1][-1] if clusters else None
        near = last is not None and top.at - last.at < 3.0 * (top.half_px + last.half_px)
        if near and len(clusters[-1]) < TOGETHER:
            clusters[-1].append(top)
        else:
            clusters.append([top])
    return clusters


def _fitted(values: FloatArray, cluster: list[_Top], noise: float) -> list[FoundLine]:
    """Fit Gaussians on a straight line to the tops of a cluster."""
    from scipy.optimize import least_squares

    reach = [int(np.ceil(max(3.0, 2.0 * top.half_px))) for top in (cluster[0], cluster[-1])]
    start = max(0, cluster[0].at - reach[0])
    end = min(values.size, cluster[-1].at + reach[1] + 1)
    x = np.arange(start, end, dtype=np.float64)
    y = values[start:end]
    if x.size < 3 * len(cluster) + 2:
        return []
    middle, scale = float(x.mean()), float(np.ptp(y))
    first: list[float] = [float(np.min(y)) / scale, 0.0]
    low: list[float] = [-np.inf, -np.inf]
    high: list[float] = [np.inf, np.inf]
    for top in cluster:
        first += [max(top.height / scale, 1e-3), float(top.at), 2.0 * top.half_px / FWHM_OF_SIGMA]
        low += [0.0, top.at - 2.0 - top.half_px, 0.25]
        high += [np.inf, top.at + 2.0 + top.half_px, WIDEST_PX]

    def residuals(parameters: FloatArray) -> FloatArray:
        return np.asarray(_model(parameters, x, middle) - y / scale)

    def slopes(parameters: FloatArray) -> FloatArray:
        return _jacobian(parameters, x, middle)

    fit = least_squares(residuals, first, slopes, bounds=(low, high), method="trf", max_nfev=200)
    lines = _lines_of(fit.x, np.asarray(fit.jac), float(np.sqrt(np.mean(fit.fun**2))), scale, noise)
    rest = -scale * np.asarray(fit.fun)  # what the fit leaves of the scan
    return [_apex(line, x, rest) for line in lines]


def _apex(line: FoundLine, x: FloatArray, rest: FloatArray) -> FoundLine:
    """Return the line with its centre at its summit, where there are points enough to tell.

    Bands of solids are not symmetrical, and tables give their summits: a parabola through the
    logarithm of the upper half, background and neighbours taken off, finds it. Lines of two or
    three pixels (lamps) keep the centre of the fit.
    """
    sigma = line.fwhm_px / FWHM_OF_SIGMA
    model = line.height * np.exp(-0.5 * ((x - line.pixel) / sigma) ** 2)
    near = np.abs(x - line.pixel) <= max(2.5, 0.3 * line.fwhm_px)
    own = (model + rest)[near]
    if own.size < 5 or line.height <= 0.0 or (own <= 0.2 * line.height).any():
        return line
    offset = x[near] - line.pixel
    curve, slope, _ = np.polyfit(offset, np.log(own), 2, w=own)
    if curve >= 0.0:
        return line
    moved = float(-slope / (2.0 * curve))
    if abs(moved) > 0.35 * line.fwhm_px:
        return line
    return replace(line, pixel=line.pixel + moved, sigma_px=max(line.sigma_px, 0.1 * abs(moved)))


def _model(parameters: FloatArray, x: FloatArray, middle: float) -> FloatArray:
    """Return Gaussians (height, centre, sigma) on a straight line (two parameters)."""
    height, centre, sigma = parameters[2:].reshape(-1, 3).T
    bands = height * np.exp(-0.5 * ((x[:, None] - centre) / sigma) ** 2)
    return np.asarray(parameters[0] + parameters[1] * (x - middle) + bands.sum(axis=1))


def _jacobian(parameters: FloatArray, x: FloatArray, middle: float) -> FloatArray:
    """Return the derivatives of the model, shape (points, parameters)."""
    height, centre, sigma = parameters[2:].reshape(-1, 3).T
    place = (x[:, None] - centre) / sigma
    band = np.exp(-0.5 * place**2)
    slope = height * band * place / sigma
    found = np.empty((x.size, parameters.size))
    found[:, 0], found[:, 1] = 1.0, x - middle
    found[:, 2::3], found[:, 3::3], found[:, 4::3] = band, slope, slope * place
    return found


def _lines_of(
    parameters: FloatArray, jacobian: FloatArray, rms: float, scale: float, noise: float
) -> list[FoundLine]:
    spread = max(rms, noise / scale)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * spread**2
    error = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    lines = []
    for number, (height, centre, sigma) in enumerate(parameters[2:].reshape(-1, 3)):
        lines.append(
            FoundLine(
                pixel=float(centre),
                sigma_px=float(error[3 + 3 * number]),
                height=float(height * scale),
                fwhm_px=float(sigma * FWHM_OF_SIGMA),
                snr=float(height * scale / noise),
            )
        )
    return lines


def _clipped(values: FloatArray, saturation_counts: float | None) -> NDArray[np.bool_]:
    """Return which points are at the limit: stated, or shown by a flat top at the maximum.

    Two equal highest points next to each other are rare in a measured line that is not clipped;
    three are not believed.
    """
    top = float(values.max())
    at_top = values >= top - 1e-9 * max(abs(top), 1.0)
    run = maximum_filter1d(
        (at_top[:-2] & at_top[1:-1] & at_top[2:]).astype(np.int8), 3, mode="constant"
    )
    clipped = np.zeros(values.size, dtype=bool)
    clipped[1:-1] = run.astype(bool)
    clipped &= at_top
    if saturation_counts is not None:
        clipped |= values >= 0.99 * saturation_counts
    return clipped


def _reach(line: FoundLine, size: int) -> slice:
    half = max(1.0, 0.75 * line.fwhm_px)
    return slice(max(0, int(line.pixel - half)), min(size, int(line.pixel + half) + 2))
