"""Where the ledger holds on to the calibrations that lie in files of their own."""

from __future__ import annotations

from collections.abc import Iterable

from spectra_app.records.ledger.record import Record


class KeptCalibration(Record, frozen=True, kw_only=True):
    """A line of a calibration file, as it was when it was written.

    The lines of such a file are chained, so that an altered or missing one in between shows by
    itself; that the last ones are missing shows here.

    Parameters
    ----------
    file, line : str, int
        Name of the file in the folder ``calibration``, and number of the line's act in it.
    sha256 : str
        SHA-256 of the line without its line feed.
    of_kind, record : str
        What was done (axis, check, resolution, response), and the hash by which scans name it.
    passed : bool
        Whether it holds.
    evidence : tuple of str
        The line, and the scans that it rests on as far as they are among the evidence.
    """

    KIND = "calibration"

    file: str
    line: int
    sha256: str
    of_kind: str
    record: str
    passed: bool
    emulated: bool = False
    evidence: tuple[str, ...] = ()
    at: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by file."""
        return (("file", self.file),)
