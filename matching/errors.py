"""Errors of the matching core and of everything built on it.

SpectraError
├── SpectrumError          arrays that are not a spectrum
│   ├── AxisError          the Raman shift axis is unsorted, repeated, not finite or too short
│   └── IntensityError     the intensities are not finite or do not fit the axis
├── QueryError             a spectrum that cannot be compared (range, nothing left after clean-up)
├── MatrixError            reference rows that no index can be built over
└── (library.errors, spectra_app.errors add their own branches)

Each error says what was wrong, where, and what to do: that is what a person at a counter needs.
"""

from __future__ import annotations


class SpectraError(Exception):
    """Carry what went wrong, where, and the remedy, in words for a person.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without a full stop.
    where : str
        File, line, column, device or option concerned; empty when the caller adds it.
    remedy : str
        What the reader should do next.
    """

    code = "error"

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"

    def at(self, where: str) -> SpectraError:
        """Return the same error with the place filled in front of what it already names."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, place, self.remedy)


class SpectrumError(SpectraError):
    """The arrays given are not a spectrum."""

    code = "not_a_spectrum"


class AxisError(SpectrumError):
    """The Raman shift axis is unsorted, repeated, not finite, too short or too long."""

    code = "bad_axis"


class IntensityError(SpectrumError):
    """The intensities are not finite or do not fit the axis."""

    code = "bad_intensity"


class QueryError(SpectraError):
    """The spectrum is sound but cannot be compared with a library."""

    code = "cannot_compare"


class MatrixError(SpectraError):
    """The rows of a reference matrix cannot be searched: not numbers, or beyond float32."""

    code = "bad_matrix"
