"""Identify scans: read, keep as evidence, compare with a library, decide."""

from __future__ import annotations

from dataclasses import dataclass

from matching.spectrum import Spectrum
from spectra_app.records.identification import Comparison, Identification


@dataclass(frozen=True, eq=False, slots=True)
class Identified:
    """A record with what is needed to draw it.

    Parameters
    ----------
    record : Identification
        The verdict and everything that led to it.
    query : Spectrum or None
        The scan as read; None when it was refused.
    comparisons : tuple of Comparison
        Scan against each candidate, in the order of ``record.candidates``.
    """

    record: Identification
    query: Spectrum | None
    comparisons: tuple[Comparison, ...]
